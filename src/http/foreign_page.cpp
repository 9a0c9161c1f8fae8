#include "http/foreign_page.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <string>
#include <string_view>

#include "runtime/redaction.hpp"

namespace emeth::http {
namespace {

std::string_view header(const ServerRequest& request, const std::string& name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

bool is_another_site(std::string_view site) {
    return site == "cross-site" || site == "same-site";
}

bool follows_a_link(const ServerRequest& request) {
    return request.method == "GET" && header(request, "sec-fetch-mode") == "navigate" &&
           header(request, "sec-fetch-dest") == "document";
}

}  // namespace

OrRefusal<void> refuse_foreign_page(const ServerRequest& request) {
    const std::string_view origin = header(request, "origin");
    if (!origin.empty() && !boost::beast::iequals(origin, "http://" + std::string(header(request, "host"))))
        return forbidden(fmt::format("pages of '{}' may not ask this server", redacted(origin)));
    if (is_another_site(header(request, "sec-fetch-site")) && !follows_a_link(request))
        return forbidden("pages of another site may not ask this server");
    return {};
}

}  // namespace emeth::http
