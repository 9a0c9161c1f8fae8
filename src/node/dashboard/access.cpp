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

http::Refusal unauthorized(std::string message) {
    return {401, std::move(message)};
}

}  // namespace

http::OrRefusal<void> may_read(const http::ServerRequest& request, const DashboardAccess& access) {
    const std::string caller = http::known_address(request);
    if (!is_loopback(caller) && !access.is_listed(caller)) {
        if (auto known = http::refuse_unnamed_proxy(request); known.has_error()) return known;
        return http::forbidden(fmt::format("{} is not on the master's jsonrpc_whitelist", request.peer_address));
    }
    if (auto admitted = http::refuse_foreign_host(request, access.listen_host); admitted.has_error()) return admitted;
    return http::refuse_foreign_page(request);
}

http::OrRefusal<void> may_act(const http::ServerRequest& request, const DashboardAccess& access) {
    if (auto admitted = may_read(request, access); admitted.has_error()) return admitted;
    const std::string_view authorization = request.header("authorization");
    if (access.token.empty())
        return unauthorized("this master could not make its dashboard.token; its log says why; nobody may act here");
    const bool is_bearer = authorization.starts_with(bearer);
    if (!is_bearer || !is_token(authorization.substr(bearer.size()), access.token))
        return unauthorized("this needs the token: the line in dashboard.token of the master's data folder");
    if (!announces_json(request.header("content-type")))
        return http::Refusal(415, "the Content-Type must be application/json");
    return {};
}

}  // namespace emeth::node
