// URLs: what is accepted, with a login, as the target of a redirect or as it stands, is written as a text that gives
// the same URL again.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "http/authorization.hpp"
#include "http/client.hpp"
#include "http/redirect.hpp"

namespace {

using namespace emeth::http;
using emeth::fuzz::require;

bool same(const Url& a, const Url& b) {
    return a.scheme == b.scheme && a.host == b.host && a.port == b.port && a.target == b.target;
}

void require_round_trip(const Url& url) {
    const auto again = Url::parse(url.text());
    require(again.has_value() && same(url, *again), "a URL's text gives the same URL");
    const auto below = Url::parse(url.at("/api?x=1").text());
    require(below.has_value() && below->origin() == url.origin(), "a path below a URL is a URL of the same origin");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = emeth::fuzz::text_of(data, size);
    const auto url = Url::parse(text);
    if (url) require_round_trip(*url);

    const auto login = parse_url_with_login(text);
    if (login) require_round_trip(login->url);
    const bool may_have_login = text.find('@') != std::string_view::npos;  // such a one is refused, if it is unclear
    require(!url || may_have_login || (login && login->authorization.empty() && same(*url, login->url)),
            "a URL without a login is the same where a login is allowed");

    static const Url base = Url::parse("https://example.org/a/b?c").value();
    const auto next = redirection(base, 307, {{"location", std::string(text)}}, false);
    if (next.has_error() || !*next) return 0;
    require_round_trip(**next);
    require((**next).scheme == "https", "no redirect leads from https to http");
    const auto with_signature = redirection(base, 307, {{"location", std::string(text)}}, true);
    require(with_signature.has_error() || (**with_signature).origin() == base.origin(),
            "no redirect leads a signed request to another party");
    return 0;
}
