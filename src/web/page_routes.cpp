#include "web/page_routes.hpp"

#include <utility>

#include "http/health_routes.hpp"

namespace emeth::web {
namespace {

void secure(http::ServerResponse& response) {
    response.headers["content-security-policy"] =
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers["x-content-type-options"] = "nosniff";
    response.headers["referrer-policy"] = "no-referrer";
    response.headers["cross-origin-resource-policy"] = "same-origin";
    response.headers.try_emplace("cache-control", "no-store");
}

Task<http::Answer> secured(http::Handler handler, http::ServerRequest request) {
    auto handling = handler(std::move(request));
    http::Answer answer = co_await std::move(handling);
    http::ServerResponse response = answer.has_error() ? http::to_response(answer.error()) : std::move(*answer);
    secure(response);
    co_return response;
}

Task<http::Answer> file(const Asset* asset, http::ServerRequest request) {
    http::ServerResponse response;
    response.content_type = asset->content_type;
    response.headers["etag"] = asset->etag;
    response.headers["cache-control"] = "no-cache";
    if (request.header("if-none-match") == asset->etag)
        response.status = 304;
    else
        response.body = asset->bytes;
    co_return response;
}

}  // namespace

http::Handler for_pages(http::Admission admission, http::Handler handler) {
    return [admitted = http::admitted(std::move(admission), std::move(handler))](http::ServerRequest request) {
        return secured(admitted, std::move(request));
    };
}

void add_files(http::Server& server, std::span<const Asset> files, const http::Admission& admission) {
    for (const Asset& asset : files)
        server.route("GET", asset.path, 0, for_pages(admission, [&asset](http::ServerRequest request) {
                         return file(&asset, std::move(request));
                     }));
}

}  // namespace emeth::web
