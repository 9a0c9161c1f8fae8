#include "http/foreign_page.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <string>

#include "runtime/ip_address.hpp"
#include "runtime/ip_block.hpp"
#include "runtime/redaction.hpp"

namespace emeth::http {
namespace {

bool is_another_site(std::string_view site) {
    return site == "cross-site" || site == "same-site";
}

bool follows_a_link(const ServerRequest& request) {
    return request.method == "GET" && request.header("sec-fetch-mode") == "navigate" &&
           request.header("sec-fetch-dest") == "document";
}

/// Without the port, and without the brackets of an IPv6 address.
std::string_view name_of_host(std::string_view host_header) {
    if (host_header.starts_with('[')) return host_header.substr(1, host_header.find(']') - 1);
    return host_header.substr(0, host_header.find(':'));
}

/// Of an Origin; nothing for one that is no web page's. A page of the same host counts as ours under either scheme: TLS
/// may end at a proxy in front of us.
std::string_view host_of_origin(std::string_view origin) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (origin.starts_with(scheme)) return origin.substr(scheme.size());
    return {};
}

}  // namespace

OrRefusal<void> refuse_foreign_page(const ServerRequest& request) {
    const std::string_view origin = request.header("origin");
    const std::string_view page_host = host_of_origin(origin);
    if (!origin.empty() && (page_host.empty() || !boost::beast::iequals(page_host, request.header("host"))))
        return forbidden(fmt::format("pages of '{}' may not ask this server", redacted(origin)));
    if (is_another_site(request.header("sec-fetch-site")) && !follows_a_link(request))
        return forbidden("pages of another site may not ask this server");
    return {};
}

bool is_own_host(std::string_view host_header, std::string_view listen_host) {
    const std::string name(name_of_host(host_header));
    if (name.empty()) return false;
    if (boost::beast::iequals(name, "localhost") || is_loopback(name)) return true;
    return is_every_address(listen_host) ? parse_ip(name).has_value()
                                         : boost::beast::iequals(name, std::string(listen_host));
}

OrRefusal<void> refuse_foreign_host(const ServerRequest& request, std::string_view listen_host) {
    const std::string_view host = request.header("host");
    if (is_own_host(host, listen_host)) return {};
    return forbidden(
        fmt::format("the host name '{}' is not this server's: use localhost or its address, through a tunnel if it is "
                    "elsewhere",
                    redacted(host)));
}

}  // namespace emeth::http
