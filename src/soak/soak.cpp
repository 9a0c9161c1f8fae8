#include "soak/soak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "chain/amount.hpp"
#include "harness/english_text.hpp"
#include "node/admin/admin_socket.hpp"
#include "node/data_folder.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::soak {

namespace {

using chain::JobStatus;

constexpr std::size_t tasks_max = 16;
constexpr std::uint64_t open_jobs_wanted = 3;
constexpr std::size_t text_bytes_min = 64 << 10, text_bytes_max = 128 << 10;
constexpr std::int64_t deadline_in_s = 1'800;
constexpr const char* param = R"({"language":"en","epoch":6})";  // trains for some seconds, so that kills hit it
constexpr Milliseconds kill_pause_min{1'000}, kill_pause_max{10'000};
constexpr Milliseconds quiet_min{45'000}, quiet_usual{75'000}, overtime{120'000};
constexpr Milliseconds tick{500}, plain_interval{5'000};
constexpr Milliseconds admin_timeout{1'000};
constexpr Milliseconds request_pause{2'500};
constexpr std::size_t id_bytes = 40, jobs_seen_max = 1'000;

/// The time without disturbances at the end: 75 s, less in a short soak.
Milliseconds quiet_time(Milliseconds total) {
    return std::clamp(total / 4, quiet_min, quiet_usual);
}

bool is_open(JobStatus status) {
    return status == JobStatus::requested || status == JobStatus::processing || status == JobStatus::submitted;
}

}  // namespace

Soak::Soak(asio::any_io_executor executor, network::Devnet& devnet, Proxies proxies, TendedNode& node,
           harness::LiveDisplay& display, std::filesystem::path folder, SoakReport& report)
    : executor_(std::move(executor)),
      devnet_(devnet),
      proxies_(proxies),
      node_(node),
      display_(display),
      folder_(std::move(folder)),
      report_(report),
      group_(executor_, tasks_max),
      kill_random_(report.seed),
      text_random_(report.seed + 1),
      begun_(system_clock().monotonic()) {}

Milliseconds Soak::elapsed() const {
    return system_clock().monotonic() - begun_;
}

std::uint64_t Soak::open_jobs() const {
    return static_cast<std::uint64_t>(std::count_if(jobs_.begin(), jobs_.end(), [this](const JobId& id) {
        const auto status = statuses_.find(id);
        return status == statuses_.end() || is_open(status->second);
    }));
}

Task<Result<void>> Soak::run() {
    for (CuttingProxy* proxy : proxies_.all()) group_.start(proxy->misbehave());
    group_.start(node_.keep_running());
    group_.start(watch_node());
    group_.start(watch_chain());
    group_.start(request_jobs());
    group_.start(kill());
    group_.start(tell());
    co_await group_.join();
    co_return outcome_;
}

Task<> Soak::tell() {
    outcome_ = co_await story();
    group_.cancel();
}

Task<Result<void>> Soak::story() {
    const auto total = Milliseconds(std::chrono::minutes(report_.minutes));
    co_await pass(total - quiet_time(total));
    quiet_ = true;
    for (CuttingProxy* proxy : proxies_.all()) proxy->settle();
    display_.say(fmt::format("no more kills, disturbances or new JOBs; {} JOBs are open", open_jobs()));
    co_await pass(total);
    while (open_jobs() > 0 && elapsed() < total + overtime) co_await pass(elapsed() + tick);
    co_await node_.stop();
    co_return co_await account();
}

/// Lets time pass, showing the current state.
Task<> Soak::pass(Milliseconds until) {
    while (elapsed() < until) {
        co_await system_clock().sleep(std::min(tick, until - elapsed()));
        show();
    }
}

void Soak::show() {
    const auto now = elapsed();
    if (!display_.is_terminal() && now - shown_at_ < plain_interval) return;
    shown_at_ = now;
    std::map<JobStatus, int> counts;
    for (const auto& [job, status] : statuses_) ++counts[status];
    std::string states;
    for (const auto& [status, count] : counts)
        states += fmt::format("{}{} {}", states.empty() ? "" : ", ", count, chain::name(status));
    auto line = fmt::format(
        "{} of {} s, {} kills, {} starts of the master; JOBs: {}; endpoint {}, info server {}, Storage API {}",
        now.count() / 1000, report_.minutes * 60, node_.kills(), node_.starts(), states.empty() ? "none" : states,
        name(proxies_.endpoint.mood()), name(proxies_.info_server.mood()), name(proxies_.storage_api.mood()));
    if (display_.is_terminal())
        display_.redraw({std::move(line)});
    else
        display_.say(line);
}

Task<> Soak::kill() {
    std::uniform_int_distribution<std::int64_t> pause(kill_pause_min.count(), kill_pause_max.count());
    while (!quiet_) {
        co_await system_clock().sleep(Milliseconds(pause(kill_random_)));
        if (quiet_) break;
        if (const auto killed = node_.kill_one(kill_random_)) display_.say("SIGKILL to " + *killed);
    }
}

Task<> Soak::request_jobs() {
    while (!quiet_) {
        if (open_jobs() < open_jobs_wanted) {
            const auto requested = co_await request_one();
            if (requested.has_error()) {
                display_.say("no JOB could be requested, will retry: " + requested.error().message);
                co_await system_clock().sleep(request_pause);
            }
        }
        co_await system_clock().sleep(tick);
    }
}

Task<Result<void>> Soak::request_one() {
    if (book_.empty()) {
        auto book = co_await harness::read_book(folder_);
        if (book.has_error()) co_return book.error();
        book_ = std::move(*book);
    }
    const auto bytes = std::uniform_int_distribution<std::size_t>(text_bytes_min, text_bytes_max)(text_random_);
    const auto begin = std::uniform_int_distribution<std::size_t>(0, book_.size() - bytes)(text_random_);
    const auto text = folder_ / "text";
    if (auto written = write_file_durably(text, std::string_view(book_).substr(begin, bytes)); written.has_error())
        co_return written;
    network::JobRequest request;
    request.dataset = text;
    request.param = param;
    request.gas_price = *chain::parse_coins("2");
    request.fee_min = *chain::parse_coins("50");
    request.deadline_in_s = deadline_in_s;
    const auto job = co_await devnet_.requester().request(std::move(request));
    if (job.has_error()) co_return job.error();
    jobs_.insert(job->id);
    display_.say(fmt::format("JOB {} requested: {} bytes", job->id.hex(), job->dataset_bytes));
    co_return Result<void>{};
}

/// Samples the trainers' steps as the running master shows them, and orphans and memory as /proc does.
Task<> Soak::watch_node() {
    for (;; co_await system_clock().sleep(tick)) {
        node_.look();
        const auto status = co_await node::ask_master(node::admin_socket(node_.data()), "status", {}, admin_timeout);
        if (status.has_error()) continue;  // it is being restarted
        JsonObject fields(*status, "status");
        for (auto& job : fields.objects("jobs", jobs_seen_max)) {
            const auto id = JobId::parse(job.string("id", id_bytes));
            auto progress = job.optional_object("progress");
            if (!id || !progress) continue;
            const auto step = progress->u64("step");
            if (fields.check().has_error()) break;
            auto& seen = seen_[*id];
            if (seen.empty() || seen.back().step != step) seen.push_back({system_clock().unix_ms(), step});
        }
    }
}

Task<> Soak::watch_chain() {
    for (;; co_await system_clock().sleep(tick)) {
        std::vector<JobId> open;
        for (const JobId& id : jobs_)
            if (const auto status = statuses_.find(id); status == statuses_.end() || is_open(status->second))
                open.push_back(id);
        for (const JobId& id : open) {
            const auto record = co_await devnet_.chain().job(id);
            if (record.has_value() && record->exist) statuses_[id] = record->status;
        }
    }
}

}  // namespace emeth::soak
