// The account at the end of a soak, from chain, store and processes.
#include <fmt/format.h>

#include <algorithm>

#include "chain/encoding/emeth_core.hpp"
#include "harness/emeth_process.hpp"
#include "harness/job_snapshot.hpp"
#include "harness/status_events.hpp"
#include "node/data_folder.hpp"
#include "soak/soak.hpp"

namespace emeth::soak {

namespace {

using chain::JobStatus;

constexpr std::uint64_t blocks_at_once = 1'000;

/// Nothing is lost and there is time left: it is not taken yet, being worked on, or awaiting its verdict.
bool on_its_way(const chain::JobRecord& job, std::int64_t now_unix_s) {
    const bool open =
        job.status == JobStatus::requested || job.status == JobStatus::processing || job.status == JobStatus::submitted;
    return open && now_unix_s < job.deadline_unix_s;
}

}  // namespace

Task<Result<void>> Soak::account() {
    report_.kills = node_.kills();
    report_.restarts = node_.starts() - 1;
    report_.orphans = node_.orphans();
    report_.crashes = node_.crashes();
    report_.rss_growth_mb = node_.rss_growth_mb();
    for (const CuttingProxy* proxy : proxies_.all()) report_.disturbances += proxy->disturbances();
    const auto counted = co_await count_jobs();
    if (counted.has_error()) co_return counted;
    const auto penalties = co_await count_penalties();
    if (penalties.has_error()) co_return penalties;
    const auto inspected = co_await inspect_store();
    if (inspected.has_error()) report_.failures.push_back(inspected.error().message);
    judge();
    if (report_.failures.empty()) co_return Result<void>{};
    co_return permanent_error(report_.failures.front());
}

Task<Result<void>> Soak::count_jobs() {
    const auto latest = co_await devnet_.chain().latest_block();
    if (latest.has_error()) co_return latest.error();
    report_.jobs = jobs_.size();
    for (const JobId& id : jobs_) {
        const auto job = co_await devnet_.chain().job(id);
        if (job.has_error()) co_return job.error();
        const bool verified = job->status == JobStatus::verified;
        if (verified) ++report_.verified;
        if (verified || on_its_way(*job, latest->timestamp_unix_s))
            ++report_.in_time;
        else
            report_.failures.push_back(fmt::format("JOB {} is {} on chain", id.hex(), chain::name(job->status)));
        if (!verified) continue;
        const auto lived = co_await harness::check_one_life(devnet_.chain(), id);
        if (lived.has_error()) report_.failures.push_back(lived.error().message);
    }
    co_return Result<void>{};
}

Task<Result<void>> Soak::count_penalties() {
    const auto latest = co_await devnet_.chain().latest_block();
    if (latest.has_error()) co_return latest.error();
    for (std::uint64_t first = 0; first <= latest->number; first += blocks_at_once) {
        const auto logs =
            co_await devnet_.chain().core_logs(first, std::min(latest->number, first + blocks_at_once - 1));
        if (logs.has_error()) co_return logs.error();
        for (const auto& log : *logs)
            if (const auto penalty = chain::parse_penalty_event(log); penalty && penalty->node == node_.address())
                ++report_.penalties;
    }
    co_return Result<void>{};
}

Task<Result<void>> Soak::inspect_store() {
    std::vector<std::string> arguments{"state", "verify", "--data", node_.data().string()};
    const auto verified = co_await harness::run_emeth(std::move(arguments), folder_ / "verify.log");
    if (verified.has_error()) co_return verified;
    const auto jobs = harness::read_whole_jobs(node::store_folder(node_.data()));
    if (jobs.has_error()) co_return jobs.error();
    for (const auto& [job, history, transactions] : *jobs)
        report_.steps_trained_twice += steps_trained_twice(history, seen_[job.terms.id]);
    co_return Result<void>{};
}

void Soak::judge() {
    const auto expect_none = [this](std::uint64_t count, const char* what) {
        if (count > 0) report_.failures.push_back(fmt::format("{} {}", count, what));
    };
    expect_none(report_.penalties, "penalties on chain");
    expect_none(report_.orphans, "processes outlived their master");
    expect_none(report_.crashes, "processes ended by a bug: see master.log and worker.log");
    if (report_.verified == 0)
        report_.failures.push_back("no JOB was verified: a node that does nothing proves nothing");
}

}  // namespace emeth::soak
