#include "http/foreign_page.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <string>
#include <string_view>

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

}  // namespace

OrRefusal<void> refuse_foreign_page(const ServerRequest& request) {
    const std::string_view origin = request.header("origin");
    if (!origin.empty() && !boost::beast::iequals(origin, "http://" + std::string(request.header("host"))))
        return forbidden(fmt::format("pages of '{}' may not ask this server", redacted(origin)));
    if (is_another_site(request.header("sec-fetch-site")) && !follows_a_link(request))
        return forbidden("pages of another site may not ask this server");
    return {};
}

}  // namespace emeth::http
