#include "network/info_server/info_server.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "api_client/listed_job.hpp"
#include "http/health_routes.hpp"
#include "runtime/log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::network {

namespace {

constexpr std::uint64_t request_bytes_max = 1 << 10;
constexpr unsigned status_max = 9;

/// None when JOBs of every status are requested.
http::OrRefusal<std::optional<chain::JobStatus>> wanted_status(const http::ServerRequest& request) {
    const auto found = request.query.find("status");
    if (found == request.query.end()) return std::optional<chain::JobStatus>{};
    const auto& text = found->second;
    unsigned number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size() || number > status_max)
        return http::malformed("status must be a number from 0 (REQUESTED) to 9 (DECLINED)");
    return std::optional(static_cast<chain::JobStatus>(number));
}

/// `reason`: why it was rejected, if it was and that is known.
boost::json::object listed(const IndexedJob& job, std::optional<std::string> reason) {
    api_client::ListedJob entry;
    entry.id = job.id;
    entry.owner = job.record.owner;
    entry.status = static_cast<std::uint64_t>(job.record.status);
    entry.program_id = job.details.program_id;
    entry.dataset = job.details.dataset;
    entry.param = job.details.param;
    entry.dataset_bytes = job.dataset_bytes;
    entry.fee = job.record.fee;
    entry.deadline_unix_s = job.record.deadline_unix_s;
    if (!job.assign.node.is_zero()) entry.node = job.assign.node;
    entry.deposit = job.assign.deposit;
    entry.requested_at_unix_s = job.record.requested_at_unix_s;
    entry.started_at_unix_s = job.assign.started_at_unix_s;
    entry.submitted_at_unix_s = job.assign.submitted_at_unix_s;
    entry.verified_at_unix_s = job.assign.verified_at_unix_s;
    if (job.record.status == chain::JobStatus::failed) entry.verdict_reason = std::move(reason);
    return to_json(entry);
}

}  // namespace

InfoServerService::InfoServerService(asio::any_io_executor executor, InfoServerPorts ports, InfoServerOptions options)
    : executor_(executor),
      index_(ports.chain, ports.storage),
      reasons_(ports.storage, ports.clock),
      clock_(ports.clock),
      poll_interval_(options.poll_interval),
      page_(
          executor, "job_info_server", [this] { return why_not_ready(); }, ports.clock),
      server_(executor, std::move(options.listen)) {
    server_.route_json("GET", api_client::jobs_path, request_bytes_max,
                       [this](http::ServerRequest request) { return list(std::move(request)); });
    http::add_health_routes(server_, [this] { return why_not_ready(); });
    if (options.add_page)
        options.add_page(server_);
    else
        page_.add_routes(server_);
}

Task<std::vector<std::string>> InfoServerService::why_not_ready() {
    std::vector<std::string> reasons;
    if (!is_current_)
        reasons.push_back(fmt::format(
            "the list of JOBs is not up to date, but as of block {}: the chain or the Storage API has not answered",
            index_.block()));
    co_return reasons;
}

boost::json::array InfoServerService::newest(std::optional<chain::JobStatus> status, std::size_t count_max) const {
    boost::json::array jobs;
    for (const auto* job : index_.newest(status, count_max))
        jobs.emplace_back(listed(*job, reasons_.reason_of(job->id)));
    return jobs;
}

Task<http::Answer> InfoServerService::list(http::ServerRequest request) {
    const auto status = wanted_status(request);
    if (status.has_error()) co_return status.error();
    http::ServerResponse response{boost::json::value(newest(*status, answer_jobs_max))};
    response.headers["x-emeth-block"] = std::to_string(index_.block());
    co_return response;
}

Task<> InfoServerService::follow() {
    bool failing = false;
    for (;;) {
        const auto updated = co_await index_.update();
        for (const JobId& job : index_.take_failed()) reasons_.want(job);
        if (updated.has_error() && !failing)
            spdlog::warn("JOB info server: {}; it serves what it knows", updated.error().message);
        if (updated.has_value() && failing) spdlog::info("JOB info server: up to date again");
        failing = updated.has_error();
        is_current_ = !failing;
        co_await clock_.sleep(poll_interval_);
    }
}

Task<> InfoServerService::run() {
    TaskGroup group(executor_, 3);
    group.start(server_.run());
    group.start(follow());
    group.start(reasons_.run());
    co_await group.join();
}

}  // namespace emeth::network
