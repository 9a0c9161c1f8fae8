#include "api_client/storage_extensions.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "api_client/storage_api_client.hpp"
#include "api_client/verdict_reason.hpp"
#include "runtime/waiting.hpp"

namespace emeth::api_client {
namespace {

struct Probe {
    std::string_view method, path;
    bool StorageExtensions::* offered;
};

constexpr Probe probes[] = {{"POST", upload_state_path, &StorageExtensions::upload_state},
                            {"POST", signed_result_url_path, &StorageExtensions::evidence},
                            {"GET", verdict_reason_path, &StorageExtensions::verdict_reason}};

constexpr std::uint64_t answer_bytes_max = 64 << 10;
constexpr unsigned server_error = 500, not_implemented = 501;

http::ClientRequest empty_request(const http::Url& base, const Probe& probe, Milliseconds timeout) {
    http::ClientRequest request;
    request.method = probe.method;
    request.url = base.at(probe.path);
    if (probe.method == "POST") {
        request.headers["content-type"] = "application/json";
        request.body = "{}";
    }
    request.timeout = timeout;
    request.response_bytes_max = answer_bytes_max;
    return request;
}

}  // namespace

Task<Result<StorageExtensions>> storage_extensions(http::Url base_url, NetworkClock* clock, Milliseconds timeout) {
    StorageExtensions found;
    for (const Probe& probe : probes) {
        const Milliseconds sent = clock->monotonic();
        http::ClientRequest request = empty_request(base_url, probe, timeout);
        const Waiting waiting(fmt::format("the Storage API {} ({})", base_url.origin(), probe.path));
        const auto response = co_await http::request(std::move(request));
        if (response.has_error()) co_return response.error();
        clock->answered(ClockOffset::Server::storage_api, response->headers, sent);
        if (&probe == probes) found.latency = clock->monotonic() - sent;
        if (response->status >= server_error && response->status != not_implemented)
            co_return http::status_error("the Storage API", *response);
        constexpr unsigned malformed = 400;
        found.*probe.offered = response->status == malformed;
    }
    co_return found;
}

}  // namespace emeth::api_client
