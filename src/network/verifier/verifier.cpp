#include "network/verifier/verifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "chain/encoding/emeth_core.hpp"
#include "chain/log_follower.hpp"
#include "chain/reorganisation.hpp"
#include "network/verifier/job_check.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"

namespace emeth::network {

namespace {

constexpr RetryPolicy retry_policy{.first = Milliseconds(1'000), .factor = 2, .max = Milliseconds(60'000), .jitter = 0};

struct OpenJob {
    std::uint32_t failures = 0;                 ///< consecutive failed checks
    Milliseconds not_before{0};                 ///< monotonic
    std::optional<Milliseconds> missing_since;  ///< monotonic; when its artifact or evidence was first found missing
    std::uint64_t last_block = 0;               ///< of its newest Status event
};

}  // namespace

struct Verifier::Impl : VerifierPorts {
    Impl(VerifierPorts ports, VerifierOptions chosen)
        : VerifierPorts(ports), options(std::move(chosen)), follower(chain, 0) {}

    VerifierOptions options;
    chain::LogFollower follower;
    std::map<JobId, OpenJob> open;  ///< JOBs last seen as PROCESSING or SUBMITTED

    Task<> run();
    Task<Result<void>> follow();
    Task<Result<void>> look_at(JobId id);
    Task<Result<Hash256>> block_of_submit(JobId id);
    Task<Result<void>> judge(JobId id);
    Task<Result<void>> call(JobId id, chain::Bytes data, std::string what);
    bool is_patience_over(JobId id);
    void note_failure(JobId id, const Error& error);
};

/// The logs only tell where to look; a JOB's content is always read from the contract.
Task<Result<void>> Verifier::Impl::follow() {
    for (bool caught_up = false; !caught_up;) {
        const auto batch = co_await follower.next();
        if (batch.has_error()) co_return batch.error();
        for (const auto& log : batch->logs)
            if (const auto status = chain::parse_status_event(log)) open[status->job].last_block = log.block;
        caught_up = batch->caught_up;
        follower.acknowledge();
    }
    co_return Result<void>{};
}

Task<Result<void>> Verifier::Impl::call(JobId id, chain::Bytes data, std::string what) {
    chain::Intent intent;
    intent.job = id;
    intent.to = options.core;
    intent.data = std::move(data);
    auto entry = co_await sender.send_and_store(std::move(intent));
    if (entry.has_error()) co_return in_context(what, entry.error());
    const auto outcome = co_await sender.await_outcome(entry->nonce, entry->hash);
    if (outcome.has_error()) co_return in_context(what, outcome.error());
    if (!outcome->receipt.succeeded) co_return transient_error(what + " reverted: " + outcome->revert_reason);
    co_return Result<void>{};
}

/// The hash of the block that contains the submit, once that block is deep enough to draw from.
Task<Result<Hash256>> Verifier::Impl::block_of_submit(JobId id) {
    const auto latest = co_await chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const auto found = open.find(id);
    const std::uint64_t seen_in = found == open.end() ? 0 : found->second.last_block;
    const auto from = seen_in - std::min(seen_in, chain::reorganisation_blocks_max);
    const auto logs = co_await chain.status_logs(id, from);
    if (logs.has_error()) co_return logs.error();
    for (auto log = logs->rbegin(); log != logs->rend(); ++log) {
        if (log->status != chain::JobStatus::submitted) continue;
        if (log->block + options.confirmations <= latest->number + 1) co_return log->block_hash;
        co_return transient_error(
            fmt::format("its submit in block {} is not {} blocks deep yet", log->block, options.confirmations));
    }
    co_return transient_error("the chain shows no submit of it");
}

Task<Result<void>> Verifier::Impl::judge(JobId id) {
    const auto block_hash = co_await block_of_submit(id);
    if (block_hash.has_error()) co_return block_hash.error();
    const auto verdict = co_await check_job(chain, storage, options, id, *block_hash);
    if (verdict.has_error()) co_return verdict.error();
    if (verdict->passed) {
        spdlog::info("verifier: JOB {} passes, {} gas", id.hex(), verdict->gas);
        chain::Bytes data = chain::encode_verify(id, verdict->gas);
        co_return co_await call(id, std::move(data), "verify");
    }
    if (verdict->may_pass_later && !is_patience_over(id)) co_return transient_error(verdict->reason);
    spdlog::warn("verifier: JOB {} is rejected: {}", id.hex(), verdict->reason);
    chain::Bytes data = chain::encode_reject_result(id);
    co_return co_await call(id, std::move(data), "rejectResult");
}

Task<Result<void>> Verifier::Impl::look_at(JobId id) {
    const auto job = co_await chain.job(id);
    if (job.has_error()) co_return job.error();
    if (job->status == chain::JobStatus::submitted) co_return co_await judge(id);
    if (job->status != chain::JobStatus::processing) {
        open.erase(id);
        std::error_code ignored;
        std::filesystem::remove_all(options.folder / id.hex().substr(2), ignored);
        co_return Result<void>{};
    }
    const auto block = co_await chain.latest_block();
    if (block.has_error()) co_return block.error();
    if (block->timestamp_unix_s <= job->deadline_unix_s + options.timeout_grace_s) co_return Result<void>{};
    spdlog::warn("verifier: JOB {} is past its deadline by {} s: timeout", id.hex(),
                 block->timestamp_unix_s - job->deadline_unix_s);
    chain::Bytes data = chain::encode_timeout(id);
    co_return co_await call(id, std::move(data), "timeout");
}

bool Verifier::Impl::is_patience_over(JobId id) {
    const auto found = open.find(id);
    if (found == open.end()) return false;
    auto& missing_since = found->second.missing_since;
    if (!missing_since) missing_since = clock.monotonic();
    return clock.monotonic() - *missing_since >= options.patience;
}

void Verifier::Impl::note_failure(JobId id, const Error& error) {
    const auto found = open.find(id);
    if (found == open.end()) return;
    auto& job = found->second;
    const auto wait = backoff(++job.failures, retry_policy, 0);
    job.not_before = clock.monotonic() + wait;
    spdlog::warn("verifier: JOB {}: will look again in {} ms: {}", id.hex(), wait.count(), error.message);
}

Task<> Verifier::Impl::run() {
    for (;;) {
        const auto followed = co_await follow();
        if (followed.has_error()) spdlog::warn("verifier: {}", followed.error().message);
        std::vector<JobId> due;
        for (const auto& [id, job] : open)
            if (job.not_before <= clock.monotonic()) due.push_back(id);
        for (const JobId& id : due) {
            const auto looked = co_await look_at(id);
            if (looked.has_error())
                note_failure(id, looked.error());
            else if (const auto found = open.find(id); found != open.end())
                found->second = {0, Milliseconds(0), std::nullopt, found->second.last_block};
        }
        co_await clock.sleep(options.poll_interval);
    }
}

Verifier::Verifier(VerifierPorts ports, VerifierOptions options)
    : impl_(std::make_unique<Impl>(ports, std::move(options))) {}

Verifier::~Verifier() = default;

Task<> Verifier::run() {
    return impl_->run();
}

}  // namespace emeth::network
