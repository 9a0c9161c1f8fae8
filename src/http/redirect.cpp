#include "http/redirect.hpp"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include "runtime/utf8.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t shown_bytes_max = 80;

/// RFC 3986, section 5.2, without the fragment.
Result<Url> resolved(const Url& base, std::string_view location) {
    const std::string base_text = base.text();
    const auto from = boost::urls::parse_uri(base_text);
    const auto reference = boost::urls::parse_uri_reference(location.substr(0, location.find('#')));
    boost::urls::url target;
    if (from.has_error() || reference.has_error() || boost::urls::resolve(*from, *reference, target).has_error())
        return permanent_error("no URL");
    return Url::parse(std::string_view(target.buffer().data(), target.buffer().size()));
}

/// The same host and port, or the usual step from http to https: any other port may be somebody else's server.
bool is_same_party(const Url& from, const Url& to) {
    const bool is_upgrade = from.scheme == "http" && from.port == 80 && to.scheme == "https" && to.port == 443;
    return from.host == to.host && (from.port == to.port || is_upgrade);
}

}  // namespace

Result<std::optional<Url>> redirection(const Url& url, unsigned status, const Headers& headers,
                                       bool carries_credentials) {
    const auto location = headers.find("location");
    const bool is_redirect = status == 301 || status == 302 || status == 307 || status == 308;
    if (!is_redirect || location == headers.end()) return std::optional<Url>();
    const auto refused = [&](std::string_view target, std::string_view why) {
        return transient_error(fmt::format("{} sends the request on to {}: {}", url.origin(), target, why));
    };
    Result<Url> target = resolved(url, location->second);
    if (target.has_error() || !target->scheme.starts_with("http")) {
        const std::string_view text = location->second;
        return refused(one_line(text.substr(0, text.find('?')), shown_bytes_max), "that is no http or https URL");
    }
    if (url.scheme == "https" && target->scheme == "http")
        return refused(target->origin(), "it is not followed from https to http");
    if (carries_credentials && !is_same_party(url, *target))
        return refused(target->origin(),
                       "a signed request is not passed to another host or port; correct the URL in the settings");
    return std::optional(std::move(*target));
}

Error too_many_redirects(const Url& url) {
    return transient_error(fmt::format("{}: more than {} redirects", url.origin(), redirects_max));
}

}  // namespace emeth::http
