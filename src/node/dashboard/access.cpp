#include "node/dashboard/access.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>

#include "http/foreign_page.hpp"
#include "http/forwarded.hpp"
#include "node/dashboard/token.hpp"
#include "runtime/ip_address.hpp"

namespace emeth::node {
namespace {

constexpr std::string_view bearer = "Bearer ";

/// "application/json", with or without parameters.
bool announces_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
    return boost::beast::iequals(type, "application/json");
}

bool bears_token(const http::ServerRequest& request, const DashboardAccess& access) {
    const std::string_view authorization = request.header("authorization");
    return !access.token.empty() && authorization.starts_with(bearer) &&
           is_token(authorization.substr(bearer.size()), access.token);
}

http::Refusal unauthorized(std::string message) {
    return {401, std::move(message)};
}

}  // namespace

http::OrRefusal<void> may_read(const http::ServerRequest& request, const DashboardAccess& access) {
    if (auto admitted = http::refuse_foreign_page(request); admitted.has_error()) return admitted;
    if (bears_token(request, access)) return {};  // no browser sends it for a page under a name of strangers
    const std::string caller = http::known_address(request);
    if (!is_loopback(caller) && !access.is_listed(caller)) {
        if (auto known = http::refuse_unnamed_proxy(request); known.has_error()) return known;
        return http::forbidden(fmt::format("{} is not on the master's jsonrpc_whitelist, and the request has no token",
                                           request.peer_address));
    }
    return http::refuse_foreign_host(request, access.listen_host);
}

http::OrRefusal<void> may_act(const http::ServerRequest& request, const DashboardAccess& access) {
    if (auto admitted = may_read(request, access); admitted.has_error()) return admitted;
    if (auto admitted = http::refuse_foreign_host(request, access.listen_host); admitted.has_error()) return admitted;
    if (access.token.empty())
        return unauthorized("this master could not make its dashboard.token; its log says why; nobody may act here");
    if (!bears_token(request, access))
        return unauthorized("this needs the token: the line in dashboard.token of the master's data folder");
    if (!announces_json(request.header("content-type")))
        return http::Refusal(415, "the Content-Type must be application/json");
    return {};
}

}  // namespace emeth::node
