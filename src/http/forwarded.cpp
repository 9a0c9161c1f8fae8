#include "http/forwarded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "http/header_text.hpp"

namespace emeth::http {
namespace {

namespace ip = boost::asio::ip;

constexpr std::array<std::string_view, 4> proxy_headers{"forwarded", "via", "x-forwarded-for", "x-real-ip"};

bool came_through_a_proxy(const Headers& headers) {
    return std::ranges::any_of(proxy_headers,
                               [&](std::string_view name) { return headers.contains(std::string(name)); });
}

/// Removed from `list`.
std::string_view last_entry(std::string_view& list) {
    const std::size_t comma = list.rfind(',');
    const std::string_view entry = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    return trimmed(entry);
}

}  // namespace

Caller caller_of(const ip::address& peer, const Headers& headers, const std::vector<IpBlock>& trusted) {
    const std::string nearest = unmapped(peer).to_string();
    if (!came_through_a_proxy(headers)) return {nearest, false};
    const auto forwarded = headers.find("x-forwarded-for");
    if (!holds(trusted, peer) || forwarded == headers.end()) return {nearest, true};
    std::string_view list = forwarded->second;
    // If all are proxies, the last one is whom the nearest has seen itself.
    std::optional<ip::address> seen;
    do {
        const auto address = parse_ip(last_entry(list));
        if (!address) return {nearest, true};
        if (!holds(trusted, *address)) return {address->to_string(), false};
        if (!seen) seen = address;
    } while (!list.empty());
    return {seen->to_string(), false};
}

std::string known_address(const ServerRequest& request) {
    return request.through_unnamed_proxy ? std::string() : request.peer_address;
}

OrRefusal<void> refuse_unnamed_proxy(const ServerRequest& request) {
    if (!request.through_unnamed_proxy) return {};
    return forbidden(fmt::format(
        "this came through a proxy, and who sent it is not known: if {} is a proxy of yours, name it in the "
        "setting trusted_proxies, and have it send X-Forwarded-For",
        request.peer_address));
}

}  // namespace emeth::http
