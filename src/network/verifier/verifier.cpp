#include "network/verifier/verifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "api_client/verdict_reason.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/log_follower.hpp"
#include "chain/reorganisation.hpp"
#include "network/verifier/job_check.hpp"
#include "network/verifier/job_folder.hpp"
#include "network/verifier/reason_sender.hpp"
#include "network/verifier/verdict_sender.hpp"
#include "runtime/log.hpp"
#include "runtime/memory_limit.hpp"
#include "runtime/processors.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/task_group.hpp"
#include "runtime/utf8.hpp"

namespace emeth::network {

namespace {

constexpr RetryPolicy retry_policy{.first = Milliseconds(1'000), .factor = 2, .max = Milliseconds(60'000), .jitter = 0};

/// JOBs that are looked at on chain at the same time.
constexpr std::size_t looks_max = 16;

/// What a failure may hold is for the log: paths, addresses of servers.
constexpr std::string_view last_try_failed = "the last try failed; the verifier's log says why";

struct OpenJob {
    bool is_in_work = false;
    std::uint32_t failures = 0;                 ///< consecutive failed checks
    Milliseconds failing_since{0};              ///< monotonic; of the first of them
    std::string may_be_told;                    ///< of the try in work, once it has failed
    std::string waits_for;                      ///< by the last failed try
    Milliseconds not_before{0};                 ///< monotonic
    std::optional<Milliseconds> missing_since;  ///< monotonic; when its artifact or evidence was first found missing
    Hash256 missing_for;                        ///< the block of the submit for which it was missing
    std::uint64_t last_block = 0;               ///< of its newest Status event
    std::uint64_t events = 0;                   ///< Status events seen
};

}  // namespace

struct Verifier::Impl : VerifierPorts {
    Impl(VerifierPorts ports, VerifierOptions chosen)
        : VerifierPorts(ports),
          options(std::move(chosen)),
          follower(chain, 0),
          queue(options.budget),
          calls({sender, outbox, pool}, options.core),
          reasons(storage, clock, options.folder / "unsent-reasons") {}

    VerifierOptions options;
    chain::LogFollower follower;
    CheckQueue queue;
    VerdictSender calls;
    ReasonSender reasons;
    bool follows = false;               ///< the last look at the chain's logs succeeded
    std::size_t looks = 0;              ///< in work
    std::map<JobId, OpenJob> open;      ///< JOBs last seen as PROCESSING or SUBMITTED
    std::deque<GivenVerdict> verdicts;  ///< the newest first

    Task<> run();
    Task<> follow_and_start(TaskGroup& group);
    void start_looks(TaskGroup& group);
    void start_checks(TaskGroup& group);
    Task<> look(JobId id);
    Task<> check(JobId id);
    Task<Result<void>> follow();
    Task<Result<void>> look_at(JobId id);
    Task<Result<SubmitBlock>> block_of_submit(JobId id);
    Task<Result<void>> judge(JobId id);
    Task<Result<Verdict>> check_and_keep(JobId id, SubmitBlock submit);
    Task<Result<void>> send_verdict(JobId id, SubmitBlock submit, Verdict verdict);
    Task<Result<bool>> send_kept_verdict(JobId id);
    bool is_patience_over(JobId id, const Hash256& submit_block);
    [[nodiscard]] std::uint64_t events_of(JobId id) const;
    Error postponed(JobId id, std::string what);
    void note_end(JobId id, const Result<void>& work);
    void note_verdict(JobId id, Decision decision, std::string_view reason, std::uint64_t gas);
    [[nodiscard]] std::vector<UnjudgedJob> unjudged() const;
};

/// The logs only tell where to look; a JOB's content is always read from the contract.
Task<Result<void>> Verifier::Impl::follow() {
    for (bool caught_up = false; !caught_up;) {
        const auto batch = co_await follower.next();
        if (batch.has_error()) co_return batch.error();
        for (const auto& log : batch->logs)
            if (const auto status = chain::parse_status_event(log)) {
                OpenJob& job = open[status->job];
                job.last_block = log.block;
                ++job.events;
            }
        caught_up = batch->caught_up;
        follower.acknowledge();
    }
    co_return Result<void>{};
}

/// The block that contains the submit, once it is deep enough to draw from.
Task<Result<SubmitBlock>> Verifier::Impl::block_of_submit(JobId id) {
    const auto latest = co_await chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const auto found = open.find(id);
    const std::uint64_t seen_in = found == open.end() ? 0 : found->second.last_block;
    const auto from = seen_in - std::min(seen_in, chain::reorganisation_blocks_max);
    const auto logs = co_await chain.status_logs(id, from);
    if (logs.has_error()) co_return logs.error();
    for (auto log = logs->rbegin(); log != logs->rend(); ++log) {
        if (log->status != chain::JobStatus::submitted) continue;
        if (log->block + options.confirmations > latest->number + 1)
            co_return postponed(
                id, fmt::format("its submit in block {} is not {} blocks deep yet", log->block, options.confirmations));
        const auto block = co_await chain.block(log->block);
        if (block.has_error()) co_return block.error();
        if (!*block || (*block)->hash != log->block_hash)
            co_return postponed(id, fmt::format("block {} with its submit is not on the chain", log->block));
        co_return SubmitBlock{log->block_hash, (*block)->timestamp_unix_s};
    }
    co_return postponed(id, "the chain shows no submit of it");
}

/// What took hours to find out is durable before it is sent.
Task<Result<Verdict>> Verifier::Impl::check_and_keep(JobId id, SubmitBlock submit) {
    auto verdict = co_await check_job(chain, storage, pool, options, id, submit);
    if (verdict.has_error() || verdict->may_pass_later) co_return verdict;
    if (const auto found = open.find(id); found != open.end()) found->second.missing_since.reset();
    const auto kept = keep_verdict(job_folder(options.folder, id), {id, submit.hash, options.rules}, *verdict);
    if (kept.has_error())
        log_of(id).warn("verifier: its verdict is lost if this process ends before it is sent: {}",
                        kept.error().message);
    co_return verdict;
}

Task<Result<void>> Verifier::Impl::judge(JobId id) {
    const auto submit = co_await block_of_submit(id);
    if (submit.has_error()) co_return submit.error();
    const auto verdict = co_await check_and_keep(id, *submit);
    if (verdict.has_error()) co_return verdict.error();
    co_return co_await send_verdict(id, *submit, *verdict);
}

Task<Result<void>> Verifier::Impl::send_verdict(JobId id, SubmitBlock submit, Verdict verdict) {
    // The check may have taken hours, and what it judged is the draw of that block alone.
    const auto still = co_await block_of_submit(id);
    if (still.has_error()) co_return still.error();
    if (still->hash != submit.hash) co_return postponed(id, "its submit has moved to another block");
    if (verdict.passed) {
        log_of(id).info("verifier: passes, {} gas", verdict.gas);
        chain::Bytes data = chain::encode_verify(id, verdict.gas);
        auto verified = co_await calls.call(id, std::move(data), "verify");
        if (verified.has_value()) note_verdict(id, Decision::passed, {}, verdict.gas);
        co_return verified;
    }
    if (verdict.may_pass_later && !is_patience_over(id, submit.hash)) co_return postponed(id, verdict.reason);
    log_of(id).info("verifier: rejected: {}", verdict.reason);
    co_await reasons.send(id, submit.hash, verdict.reason);
    chain::Bytes data = chain::encode_reject_result(id);
    auto rejected = co_await calls.call(id, std::move(data), "rejectResult");
    if (rejected.has_value()) note_verdict(id, Decision::rejected, verdict.reason, 0);
    co_return rejected;
}

/// A JOB that was judged waits for no turn, since nothing is left to compute. False: no verdict is on its present draw.
Task<Result<bool>> Verifier::Impl::send_kept_verdict(JobId id) {
    const std::filesystem::path folder = job_folder(options.folder, id);
    if (!has_verdict(folder)) co_return false;
    const auto submit = co_await block_of_submit(id);
    if (submit.has_error()) co_return submit.error();
    const auto verdict = find_verdict(folder, {id, submit->hash, options.rules});
    if (!verdict) co_return false;
    log_of(id).info("verifier: judged earlier; its verdict is sent now");
    const auto sent = co_await send_verdict(id, *submit, *verdict);
    if (sent.has_error()) co_return sent.error();
    co_return true;
}

Task<Result<void>> Verifier::Impl::look_at(JobId id) {
    const std::uint64_t events = events_of(id);
    const auto job = co_await chain.job(id);
    if (job.has_error()) co_return job.error();
    // The answer may be older than what the logs have shown meanwhile.
    if (events_of(id) != events) co_return Result<void>{};
    if (job->status == chain::JobStatus::submitted) {
        const auto sent = co_await send_kept_verdict(id);
        if (sent.has_error()) co_return sent.error();
        if (*sent) co_return Result<void>{};
        const CheckCost cost = co_await estimate_check(chain, storage, options, id);
        queue.wait(id, cost, clock.monotonic());
        co_return Result<void>{};
    }
    if (job->status != chain::JobStatus::processing) {
        open.erase(id);
        if (may_be_removed(*job)) remove_job_folder(options.folder, id);
        co_return Result<void>{};
    }
    if (const auto found = open.find(id); found != open.end()) {
        found->second.failures = 0;
        found->second.waits_for.clear();
        found->second.missing_since.reset();
    }
    const auto block = co_await chain.latest_block();
    if (block.has_error()) co_return block.error();
    if (block->timestamp_unix_s <= job->deadline_unix_s + options.timeout_grace_s) co_return Result<void>{};
    log_of(id).info("verifier: past its deadline by {} s: timeout", block->timestamp_unix_s - job->deadline_unix_s);
    chain::Bytes data = chain::encode_timeout(id);
    auto timed_out = co_await calls.call(id, std::move(data), "timeout");
    if (timed_out.has_value()) note_verdict(id, Decision::timed_out, {}, 0);
    co_return timed_out;
}

/// It begins anew with each draw, which wants other evidence.
bool Verifier::Impl::is_patience_over(JobId id, const Hash256& submit_block) {
    const auto found = open.find(id);
    if (found == open.end()) return false;
    OpenJob& job = found->second;
    if (!job.missing_since || job.missing_for != submit_block) job.missing_since = clock.monotonic();
    job.missing_for = submit_block;
    return clock.monotonic() - *job.missing_since >= options.patience;
}

std::uint64_t Verifier::Impl::events_of(JobId id) const {
    const auto found = open.find(id);
    return found == open.end() ? 0 : found->second.events;
}

/// A failure of which everybody may be told.
Error Verifier::Impl::postponed(JobId id, std::string what) {
    if (const auto found = open.find(id); found != open.end())
        found->second.may_be_told = one_line(what, api_client::verdict_reason_bytes_max);
    return transient_error(std::move(what));
}

void Verifier::Impl::note_verdict(JobId id, Decision decision, std::string_view reason, std::uint64_t gas) {
    verdicts.push_front({id, decision, one_line(reason, api_client::verdict_reason_bytes_max), gas, clock.unix_ms()});
    if (verdicts.size() > VerifierView::verdicts_max) verdicts.pop_back();
}

void Verifier::Impl::note_end(JobId id, const Result<void>& work) {
    const auto found = open.find(id);
    if (found == open.end()) return;
    auto& job = found->second;
    job.is_in_work = false;
    const std::string told = std::exchange(job.may_be_told, {});
    if (work.has_value()) return;
    job.waits_for = told.empty() ? std::string(last_try_failed) : told;
    if (job.failures == 0) job.failing_since = clock.monotonic();
    const auto wait = backoff(++job.failures, retry_policy, 0);
    job.not_before = clock.monotonic() + wait;
    log_of(id).warn("verifier: will look again in {} ms: {}", wait.count(), work.error().message);
}

Task<> Verifier::Impl::look(JobId id) {
    const auto looked = co_await look_at(id);
    --looks;
    note_end(id, looked);
}

Task<> Verifier::Impl::check(JobId id) {
    const auto judged = co_await judge(id);
    queue.ended(id);
    note_end(id, judged);
}

/// Those first that have waited longest for it.
void Verifier::Impl::start_looks(TaskGroup& group) {
    std::vector<std::pair<Milliseconds, JobId>> due;
    for (const auto& [id, job] : open)
        if (!job.is_in_work && !queue.is_waiting(id) && job.not_before <= clock.monotonic())
            due.emplace_back(job.not_before, id);
    std::ranges::sort(due);
    for (const auto& [since, id] : due) {
        if (looks >= looks_max) return;
        OpenJob& job = open.at(id);
        job.is_in_work = true;
        job.not_before = clock.monotonic();
        ++looks;
        if (group.start(look(id))) continue;
        --looks;
        job.is_in_work = false;
    }
}

void Verifier::Impl::start_checks(TaskGroup& group) {
    while (const auto id = queue.start_next(clock.monotonic())) {
        open[*id].is_in_work = true;
        if (group.start(check(*id))) continue;
        queue.ended(*id);
        open[*id].is_in_work = false;
        return;
    }
}

Task<> Verifier::Impl::follow_and_start(TaskGroup& group) {
    for (;;) {
        const auto followed = co_await follow();
        follows = followed.has_value();
        if (followed.has_error()) spdlog::warn("verifier: {}", followed.error().message);
        start_looks(group);
        start_checks(group);
        co_await clock.sleep(options.poll_interval);
    }
}

/// A JOB that is waited for, or is PROCESSING, holds up no other; nor does a check that lasts for hours.
Task<> Verifier::Impl::run() {
    const std::size_t checks_most = std::max<std::size_t>(options.budget.checks_max, processors());
    TaskGroup group(co_await asio::this_coro::executor, 2 + looks_max + checks_most);
    group.start(follow_and_start(group));
    group.start(reasons.run());
    co_await group.join();
}

CheckQueue::Budget budget_of_machine(std::uint32_t threads) {
    return {std::max<std::size_t>(1, processors() / threads), memory_limit() / 4 * 3};
}

/// Also those whose turn has not come, since the last try failed.
std::vector<UnjudgedJob> Verifier::Impl::unjudged() const {
    const Milliseconds now = clock.monotonic();
    const auto seconds_since = [now](Milliseconds then) { return (now - then).count() / 1'000; };
    std::vector<UnjudgedJob> jobs;
    std::set<JobId> listed;
    for (const auto& turn : queue.turns()) {
        const auto known = open.find(turn.job);
        listed.insert(turn.job);
        if (turn.is_running)
            jobs.push_back({turn.job, CheckStage::checking, seconds_since(turn.since)});
        else
            jobs.push_back({turn.job, CheckStage::waiting, seconds_since(turn.since),
                            known == open.end() ? std::string() : known->second.waits_for});
    }
    for (const auto& [id, job] : open)
        if (job.failures > 0 && !listed.contains(id))
            jobs.push_back({id, CheckStage::postponed, seconds_since(job.failing_since), job.waits_for});
    return jobs;
}

Verifier::Verifier(VerifierPorts ports, VerifierOptions options)
    : impl_(std::make_unique<Impl>(ports, std::move(options))) {}

Verifier::~Verifier() = default;

Task<std::vector<std::string>> Verifier::why_not_ready() const {
    std::vector<std::string> reasons;
    if (!impl_->follows) reasons.emplace_back("the chain's logs cannot be followed: it has not answered");
    co_return reasons;
}

void Verifier::set_limits(std::uint32_t threads, CheckQueue::Budget budget, Milliseconds patience) {
    impl_->options.threads = threads;
    impl_->options.patience = patience;
    impl_->queue.set_budget(budget);
}

VerifierView Verifier::view() const {
    VerifierView view;
    view.checks_max = impl_->queue.checks_max();
    view.unjudged = impl_->unjudged();
    view.unjudged_total = view.unjudged.size();
    if (view.unjudged_total > VerifierView::unjudged_max) view.unjudged.resize(VerifierView::unjudged_max);
    view.verdicts.assign(impl_->verdicts.begin(), impl_->verdicts.end());
    return view;
}

Task<> Verifier::run() {
    return impl_->run();
}

}  // namespace emeth::network
