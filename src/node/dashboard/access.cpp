#include "node/dashboard/access.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include "http/foreign_page.hpp"
#include "node/dashboard/token.hpp"
#include "runtime/ip_address.hpp"
#include "runtime/redaction.hpp"

namespace emeth::node {
namespace {

constexpr std::string_view bearer = "Bearer ";

/// Without the port, and without the brackets of an IPv6 address.
std::string_view name_of_host(std::string_view host_header) {
    if (host_header.starts_with('[')) return host_header.substr(1, host_header.find(']') - 1);
    return host_header.substr(0, host_header.find(':'));
}

bool is_ip_address(const std::string& text) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(text, no_address);
    return !no_address;
}

/// "application/json", with or without parameters.
bool announces_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
    return boost::beast::iequals(type, "application/json");
}

http::Refusal unauthorized(std::string message) {
    return {401, std::move(message)};
}

}  // namespace

bool is_own_host(std::string_view host_header, std::string_view listen_host) {
    const std::string name(name_of_host(host_header));
    if (name.empty()) return false;
    if (boost::beast::iequals(name, "localhost") || is_loopback(name)) return true;
    const bool listens_everywhere = listen_host == "0.0.0.0" || listen_host == "::";
    return listens_everywhere ? is_ip_address(name) : boost::beast::iequals(name, std::string(listen_host));
}

http::OrRefusal<void> may_read(const http::ServerRequest& request, const DashboardAccess& access) {
    if (!is_loopback(request.peer_address) && !access.is_listed(request.peer_address))
        return http::forbidden(fmt::format("{} is not on the master's jsonrpc_whitelist", request.peer_address));
    const std::string_view host = request.header("host");
    if (!is_own_host(host, access.listen_host))
        return http::forbidden(
            fmt::format("the host name '{}' is not this master's: use localhost or its address, through a tunnel if it "
                        "is elsewhere",
                        redacted(host)));
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
