#include "network/info_server/info_server.hpp"

#include <boost/json/array.hpp>
#include <charconv>
#include <utility>

#include "network/info_server/job_json.hpp"
#include "runtime/log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::network {

namespace {

constexpr std::uint64_t request_bytes_max = 1 << 10;
constexpr unsigned status_max = 9;

/// No parameter: all. Error: what the caller is told.
Result<std::optional<chain::JobStatus>> wanted_status(const http::ServerRequest& request) {
    const auto found = request.query.find("status");
    if (found == request.query.end()) return std::optional<chain::JobStatus>{};
    const auto& text = found->second;
    unsigned number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size() || number > status_max)
        return permanent_error("status must be a number from 0 (REQUESTED) to 9 (DECLINED)");
    return std::optional(static_cast<chain::JobStatus>(number));
}

}  // namespace

InfoServerService::InfoServerService(asio::any_io_executor executor, http::ServerOptions options, chain::Chain& chain,
                                     api_client::ArtifactStore& storage, Clock& clock, Milliseconds poll_interval)
    : executor_(executor),
      index_(chain, storage),
      clock_(clock),
      poll_interval_(poll_interval),
      server_(executor, std::move(options)) {
    server_.route("GET", "/api/v1/jobs", request_bytes_max,
                  [this](http::ServerRequest request) { return list(std::move(request)); });
}

Task<http::ServerResponse> InfoServerService::list(http::ServerRequest request) {
    const auto status = wanted_status(request);
    if (status.has_error()) co_return http::ServerResponse::error(400, status.error().message);
    boost::json::array jobs;
    for (const auto* job : index_.newest(*status, answer_jobs_max)) jobs.emplace_back(job_json(*job));
    auto response = http::ServerResponse::json(std::move(jobs));
    response.headers["x-emeth-block"] = std::to_string(index_.block());
    co_return response;
}

Task<> InfoServerService::follow() {
    bool failing = false;
    for (;;) {
        const auto updated = co_await index_.update();
        if (updated.has_error() && !failing)
            spdlog::warn("JOB info server: {}; it serves what it knows", updated.error().message);
        if (updated.has_value() && failing) spdlog::info("JOB info server: up to date again");
        failing = updated.has_error();
        co_await clock_.sleep(poll_interval_);
    }
}

Task<> InfoServerService::run() {
    TaskGroup group(executor_, 2);
    group.start(server_.run());
    group.start(follow());
    co_await group.join();
}

}  // namespace emeth::network
