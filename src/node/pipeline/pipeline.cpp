#include "node/pipeline/pipeline.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "node/pipeline/crash_account.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/working_executor.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

using statemachine::Command;

/// The name of a failed step in histories and reports.
const char* step_name(Command command) {
    switch (command) {
        case Command::send_process:
        case Command::await_process:
            return "deposit";
        case Command::lease_worker:
            return "lease";
        case Command::download:
            return "download";
        case Command::train:
            return "training";
        case Command::open_upload:
        case Command::upload_parts:
        case Command::complete_upload:
            return "upload";
        case Command::send_submit:
        case Command::await_submit:
            return "submit";
        case Command::await_draw:
        case Command::pack_evidence:
            return "evidence";
        case Command::await_verdict:
            return "verdict";
        case Command::send_decline:
        case Command::await_decline:
            return "decline";
        case Command::cleanup:
            return "cleanup";
    }
    return "step";
}

bool needs_worker(Command command) {
    return command == Command::download || command == Command::train || command == Command::upload_parts ||
           command == Command::pack_evidence;
}

/// Between the signature of a transaction and its commit nothing may come but the end of the process.
bool signs(Command command) {
    return command == Command::send_process || command == Command::send_submit || command == Command::send_decline;
}

Task<> store_outcome(Task<Result<void>> step, std::optional<Result<void>>& outcome) {
    Result<void> result = co_await std::move(step);
    outcome.emplace(std::move(result));
}

/// The outcome of `work`, or success when `other` ended first and `work` was cancelled.
Task<Result<void>> unless_first(Task<Result<void>> work, Task<> other) {
    std::optional<Result<void>> outcome;
    Task<> step = store_outcome(std::move(work), outcome);
    co_await race(std::move(step), std::move(other));
    co_return outcome.value_or(Result<void>{});
}

/// A wait must not use up the time that the next try needs, before the deadline and while a late submit may still count
/// after it.
Milliseconds longest_wait(std::optional<std::int64_t> time_left_s) {
    constexpr std::int64_t share = 8, shortest_ms = 1'000;
    if (!time_left_s) return Milliseconds::max();
    return Milliseconds(std::max(std::abs(*time_left_s) * 1'000 / share, shortest_ms));
}

}  // namespace

Pipeline::Pipeline(asio::any_io_executor executor, PipelinePorts ports, PipelineSettings settings,
                   statemachine::Job job)
    : work_(std::make_shared<crash::Work>(job.terms.id.hex())),
      executor_(working_on(work_, std::move(executor))),
      ports_(ports),
      settings_(std::move(settings)),
      journal_(ports.jobs, ports.pool, ports.clock, std::move(job)),
      link_(executor_),
      interrupted_(executor_) {
    work_->enter("start", journal_.job().sequence);
}

Task<> Pipeline::run(std::string restart_reason) {
    if (is_poison(job())) co_await sit_out_crashes();
    Task<> driver = drive(std::move(restart_reason));
    Task<> watches = race(watch_chain(), watch_outlook());
    co_await race(std::move(driver), std::move(watches));
}

/// Nothing of a JOB is touched that has crashed the process again and again, not even by what watches it. The
/// operator's wish to give it back ends the wait.
Task<> Pipeline::sit_out_crashes() {
    spdlog::error("{} is left alone: {}", short_name(id()), statemachine::why(job(), ports_.clock.unix_ms()));
    Task<> retry = wait_for_retry();
    Task<> interruption = wait_for_interruption();
    co_await race(std::move(retry), std::move(interruption));
}

Task<> Pipeline::drive(std::string restart_reason) {
    if (!restart_reason.empty()) co_await take_up_again(std::move(restart_reason));
    for (Command command = next_command(job()); command != Command::cleanup; command = next_command(job())) {
        work_->enter(step_name(command), job().sequence);
        const Result<void> outcome = co_await advance(command);
        if (outcome.has_error()) co_await note_failure(command, outcome.error());
    }
    clean_up();
}

Task<> Pipeline::take_up_again(std::string reason) {
    for (;;) {
        Fact restarted = statemachine::Restarted{reason};
        const Result<bool> committed = co_await journal_.report(std::move(restarted));
        if (committed.has_value()) break;
        co_await give_store_time(committed.error());
    }
}

/// One step of the loop: what interrupts comes first, also in the middle of the work.
Task<Result<void>> Pipeline::advance(Command command) {
    if (const auto fact = pending_interruption()) co_return co_await commit_interruption(*fact);
    if (!needs_worker(command)) {  // the steps with a worker wait by themselves, just before they give an order
        Task<> retry = wait_for_retry();
        Task<> interruption = wait_for_interruption();
        co_await race(std::move(retry), std::move(interruption));
        if (pending_interruption()) co_return Result<void>{};
    }
    if (signs(command)) co_return co_await perform(command);
    Task<Result<void>> work = perform(command);
    co_return co_await unless_first(std::move(work), wait_for_interruption());
}

Task<Result<void>> Pipeline::perform(Command command) {
    switch (command) {
        case Command::send_process:
            co_return co_await send_process();
        case Command::await_process:
            co_return co_await await_process();
        case Command::lease_worker:
            co_return co_await lease_worker();
        case Command::open_upload:
            co_return co_await open_upload();
        case Command::complete_upload:
            co_return co_await complete_upload();
        case Command::send_submit:
            co_return co_await send_submit();
        case Command::await_submit:
            co_return co_await await_submit();
        case Command::await_draw:
        case Command::await_verdict:
            co_return co_await await_chain();
        case Command::send_decline:
            co_return co_await send_decline();
        case Command::await_decline:
            co_return co_await await_decline();
        case Command::download:
        case Command::train:
        case Command::pack_evidence:
        case Command::upload_parts: {
            if (!link_.adopted) adopt_lease();
            Task<Result<void>> work = lead_worker(command);
            co_return co_await unless_first(std::move(work), accompany_worker());
        }
        case Command::cleanup:
            break;
    }
    co_return Result<void>{};
}

/// The durable back-off. Wall time may jump, so no wait is longer than this attempt can have been given.
Task<> Pipeline::wait_for_retry() {
    if (job().retry.attempt == 0) co_return;
    const Milliseconds left(job().retry.retry_at_unix_ms - ports_.clock.unix_ms());
    if (left > Milliseconds::zero()) co_await ports_.clock.sleep(std::min(left, longest_retry_wait()));
}

Milliseconds Pipeline::longest_retry_wait() const {
    if (is_poison(job())) return poison_wait_max;
    const auto& policy = needs_worker(next_command(job())) ? settings_.worker_retry : settings_.retry;
    return std::min(backoff(job().retry.attempt, policy, 0), longest_wait(time_left_s_));
}

Task<> Pipeline::note_failure(Command command, Error error) {
    using statemachine::FailureClass;
    const auto attempt = job().retry.attempt + 1;
    const auto& policy = needs_worker(command) ? settings_.worker_retry : settings_.retry;
    const auto wait = std::min(backoff(attempt, policy, ports_.random.unit()), longest_wait(time_left_s_));
    // Once a deposit may be locked, nothing is permanent: only the chain ends the JOB.
    const bool ends = error.kind == ErrorKind::permanent && command == Command::send_process;
    Fact failed = statemachine::StepFailed{ends ? FailureClass::permanent : FailureClass::transient, step_name(command),
                                           error.message, attempt, ports_.clock.unix_ms() + wait.count()};
    const Result<bool> committed = co_await journal_.report(std::move(failed));
    if (committed.has_error()) {
        co_await give_store_time(committed.error());
    } else {
        store_failures_ = 0;
    }
}

/// The store itself fails (a full disk, say): the wait cannot be durable.
Task<> Pipeline::give_store_time(Error error) {
    spdlog::error("{}; the JOB waits", error.message);
    const auto wait = backoff(++store_failures_, settings_.retry, ports_.random.unit());
    co_await ports_.clock.sleep(wait);
}

}  // namespace emeth::node
