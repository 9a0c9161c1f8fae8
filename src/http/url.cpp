#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/system/result.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <optional>

#include "http/client.hpp"
#include "http/host_header.hpp"
#include "runtime/parse_number.hpp"
#include "runtime/redaction.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t url_bytes_max = 8'192;
constexpr std::size_t shown_bytes_max = 80;

Error bad_url(std::string_view text, std::string_view why) {
    return permanent_error(fmt::format("'{}' is no usable URL: {}", redacted(text, shown_bytes_max), why));
}

std::optional<std::uint16_t> default_port(std::string_view scheme) {
    if (scheme == "http" || scheme == "ws") return std::uint16_t{80};
    if (scheme == "https" || scheme == "wss") return std::uint16_t{443};
    return std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = parse_number<std::uint16_t>(text);
    return port != 0 ? port : std::nullopt;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Boost 1.83 and later take http://[fe80::1%25eth0]/ (RFC 6874) and give the address without its zone; earlier ones
/// refuse it.
bool has_zone(const boost::urls::url_view& url) {
    return url.host_type() == boost::urls::host_type::ipv6 && url.encoded_host().find('%') != std::string_view::npos;
}

/// What a name of DNS is made of, or an address: such a host is written as it is, and nothing in it ends it.
bool is_host(boost::urls::host_type type, std::string_view host) {
    if (type == boost::urls::host_type::ipv4 || type == boost::urls::host_type::ipv6) return true;
    return type == boost::urls::host_type::name && !host.empty() &&
           std::ranges::all_of(host, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; });
}

std::string encoded_target(const boost::urls::url_view& url) {
    const std::string_view path(url.encoded_path().data(), url.encoded_path().size());
    std::string target = path.empty() ? "/" : std::string(path);
    if (url.has_query()) target.append("?").append(url.encoded_query().data(), url.encoded_query().size());
    return target;
}

}  // namespace

std::string host_header(const Url& url) {
    const std::string with_port = url.origin().substr(url.scheme.size() + std::string_view("://").size());
    return default_port(url.scheme) == url.port ? with_port.substr(0, with_port.rfind(':')) : with_port;
}

Result<Url> Url::parse(std::string_view text) {
    if (text.size() > url_bytes_max) return bad_url(text, fmt::format("it is longer than {} bytes", url_bytes_max));
    const boost::system::result<boost::urls::url_view> parsed = boost::urls::parse_uri(text);
    if (parsed.has_error()) return bad_url(text, "expected <scheme>://<host>[:<port>][/path]");

    Url url;
    url.scheme = lower_case(std::string_view(parsed->scheme().data(), parsed->scheme().size()));
    const std::optional<std::uint16_t> usual_port = default_port(url.scheme);
    if (!usual_port) return bad_url(text, "its scheme is none of http, https, ws and wss");
    if (parsed->has_userinfo()) return bad_url(text, "user names and passwords are not accepted in a URL");
    if (parsed->has_fragment()) return bad_url(text, "a fragment (#…) is not accepted");
    url.host = parsed->host_address();
    if (has_zone(*parsed) || !is_host(parsed->host_type(), url.host))
        return bad_url(text, "its host is missing or malformed");

    url.port = *usual_port;
    if (parsed->has_port()) {
        const std::optional<std::uint16_t> port =
            parse_port(std::string_view(parsed->port().data(), parsed->port().size()));
        if (!port) return bad_url(text, "its port is not a number from 1 to 65535");
        url.port = *port;
    }
    url.target = encoded_target(*parsed);
    if (!url.target.starts_with('/')) return bad_url(text, "its path does not begin with a slash");
    return url;
}

std::string Url::origin() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return fmt::format(fmt::runtime(is_ipv6 ? "{}://[{}]:{}" : "{}://{}:{}"), scheme, host, port);
}

std::string Url::text() const {
    return origin() + target;
}

Url Url::at(std::string_view path_and_query) const {
    Url url = *this;
    url.target.resize(std::min(url.target.size(), url.target.find('?')));
    while (url.target.ends_with('/')) url.target.pop_back();
    url.target.append(path_and_query);
    return url;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view unreserved = "-._~";
    std::string encoded;
    for (const char c : text) {
        if (is_letter_or_digit(c) || unreserved.find(c) != std::string_view::npos) {
            encoded.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded.append({'%', digits[byte >> 4], digits[byte & 0x0f]});
    }
    return encoded;
}

}  // namespace emeth::http
