// Path and query of a request, and the router: what is accepted is the same after it was written again with everything
// encoded; captures are whole segments that no path of a file could misread.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "http/router.hpp"

namespace {

using namespace emeth::http;
using emeth::fuzz::require;

std::string written(const Target& target) {
    std::string text;
    for (const std::string& segment : target.segments) text += "/" + percent_encoded(segment);
    char separator = '?';
    for (const auto& [name, value] : target.query) {
        text += separator + percent_encoded(name) + "=" + percent_encoded(value);
        separator = '&';
    }
    return text;
}

Router routes() {
    Router router;
    for (const char* pattern : {"/", "/api/v1/jobs", "/objects/{kind}/{name}", "/objects/upload/{job}/{key}/{part}"})
        for (const char* method : {"GET", "PUT"}) {
            Route route;
            route.method = method;
            router.add(pattern, std::move(route));
        }
    return router;
}

bool is_plain(const std::string& segment) {
    return !segment.empty() && segment != "." && segment != ".." && segment.find('/') == std::string::npos &&
           std::ranges::none_of(segment, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Router router = routes();
    const auto target = Target::parse(emeth::fuzz::text_of(data, size));
    if (target.has_error()) return 0;
    const auto again = Target::parse(written(*target));
    require(again.has_value() && again->segments == target->segments && again->query == target->query,
            "a target written again gives the same path and query");

    for (const char* method : {"GET", "HEAD", "POST"}) {
        const Router::Match match = router.match(method, *target);
        require(match.route != nullptr || match.captures.empty(), "only a route that was found captures");
        for (const auto& [name, value] : match.captures) require(is_plain(value), "a capture is one plain segment");
    }
    return 0;
}
