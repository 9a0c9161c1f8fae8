#include "node/pipeline/pipeline.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "node/pipeline/crash_account.hpp"
#include "runtime/race.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/wakeup.hpp"
#include "runtime/working_executor.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using sm::Command;

Task<> store_outcome(Task<Result<void>> step, std::optional<Result<void>>& outcome) {
    Result<void> result = co_await std::move(step);
    outcome.emplace(std::move(result));
}

/// The outcome of `work`, or success if `other` ended first and `work` was cancelled.
Task<Result<void>> unless_first(Task<Result<void>> work, Task<> other) {
    std::optional<Result<void>> outcome;
    Task<> step = store_outcome(std::move(work), outcome);
    co_await race(std::move(step), std::move(other));
    co_return outcome.value_or(Result<void>{});
}

}  // namespace

/// How the loop executes one command.
struct Pipeline::Step {
    Command command;
    const char* name;           ///< of a failed step, in histories and reports
    bool needs_worker = false;  ///< waits out its back-off itself, just before it gives an order
    bool signs =
        false;  ///< between the signature of a transaction and its commit nothing may come but the process's end
    Task<Result<void>> (*perform)(Pipeline& pipeline) = nullptr;
};

const Pipeline::Step& Pipeline::step_of(Command command) {
    static constexpr std::array<Step, 16> steps{{
        {Command::send_process, "deposit", false, true, [](Pipeline& p) { return p.deposit_.sign(); }},
        {Command::await_process, "deposit", false, false, [](Pipeline& p) { return p.deposit_.await(); }},
        {Command::lease_worker, "lease", false, false, [](Pipeline& p) { return p.worker_.lease(); }},
        {Command::download, "download", true, false, [](Pipeline& p) { return p.lead_worker(Command::download); }},
        {Command::train, "training", true, false, [](Pipeline& p) { return p.lead_worker(Command::train); }},
        {Command::open_upload, "upload", false, false, [](Pipeline& p) { return p.upload_.open(); }},
        {Command::upload_parts, "upload", true, false,
         [](Pipeline& p) { return p.lead_worker(Command::upload_parts); }},
        {Command::complete_upload, "upload", false, false, [](Pipeline& p) { return p.complete_upload(); }},
        {Command::send_submit, "submit", false, true, [](Pipeline& p) { return p.submission_.sign(); }},
        {Command::await_submit, "submit", false, false, [](Pipeline& p) { return p.submission_.await(); }},
        {Command::await_draw, "evidence", false, false, [](Pipeline& p) { return p.await_chain(); }},
        {Command::pack_evidence, "evidence", true, false,
         [](Pipeline& p) { return p.lead_worker(Command::pack_evidence); }},
        {Command::await_verdict, "verdict", false, false, [](Pipeline& p) { return p.await_chain(); }},
        {Command::send_decline, "decline", false, true, [](Pipeline& p) { return p.decline_.sign(); }},
        {Command::await_decline, "decline", false, false, [](Pipeline& p) { return p.decline_.await(); }},
        {Command::cleanup, "cleanup", false, false, nullptr},  // the loop's end
    }};
    static_assert(
        [] {
            for (std::size_t i = 0; i < steps.size(); ++i)
                if (steps[i].command != static_cast<Command>(i)) return false;
            return steps.back().command == Command::cleanup;
        }(),
        "a row for each command, in their order");
    return steps[static_cast<std::size_t>(command)];
}

Pipeline::Pipeline(asio::any_io_executor executor, PipelinePorts ports, PipelineSettings settings, sm::Job job)
    : work_(std::make_shared<crash::Work>(job.terms.id.hex())),
      executor_(working_on(work_, std::move(executor))),
      ports_(ports),
      cooperative_(settings.cooperative),
      journal_(ports.jobs, ports.pool, ports.clock, std::move(job)),
      interruptions_(executor_, journal_),
      retry_(executor_, journal_, ports.clock, ports.random, {settings.retry, settings.worker_retry}),
      transactions_({ports.chain, ports.sender, ports.outbox, ports.pool}, journal_.id(), settings.core),
      deposit_({ports.chain, ports.sender, ports.outbox, ports.pool, ports.preflight, journal_, transactions_},
               settings.core, settings.token),
      submission_(journal_, transactions_),
      decline_(ports.chain, journal_, transactions_, ports.sender.address()),
      upload_(ports.artifacts, journal_),
      orders_({ports.workers, ports.artifacts, journal_, upload_}, {settings.rules, settings.cooperative}),
      helpers_(executor_, ports.workers, ports.clock, orders_),
      takeover_({ports.workers, ports.chain, ports.clock, journal_},
                {settings.rules, settings.deadline_margin_s, settings.cooperative}),
      worker_({ports.workers, ports.clock, ports.progress, journal_, retry_, upload_, orders_, takeover_, helpers_,
               ports.artifacts},
              {settings.rules, settings.worker_grace, settings.worker_patience, settings.cooperative}),
      chain_watch_({ports.chain, ports.sender, ports.artifacts, ports.clock, journal_, interruptions_},
                   {ports.sender.address(), settings.confirmations, settings.rules, settings.verdict_confirmations},
                   settings.poll_interval),
      outlook_({ports.chain, ports.clock, ports.progress, journal_, interruptions_, retry_, takeover_},
               settings.finish_rules) {
    work_->enter("start", journal_.job().sequence);
}

Task<> Pipeline::run(std::string restart_reason) {
    if (is_poison(job())) co_await sit_out_crashes();
    Task<> driver = drive(std::move(restart_reason));
    Task<> watches = race(chain_watch_.run(), outlook_.run());
    co_await race(std::move(driver), std::move(watches));
}

/// A JOB that has crashed the process repeatedly is not touched at all, not even by its watches. An operator's request
/// to give it back ends the wait.
Task<> Pipeline::sit_out_crashes() {
    journal_.log().error("left alone: {}", sm::why(job(), ports_.clock.unix_ms()));
    co_await wait_for_retry();
}

/// An interruption ends the wait.
Task<> Pipeline::wait_for_retry() {
    Task<> retry = retry_.wait(step_of(sm::next_command(job())).needs_worker);
    Task<> interruption = interruptions_.wait();
    co_await race(std::move(retry), std::move(interruption));
}

Task<> Pipeline::drive(std::string restart_reason) {
    if (!restart_reason.empty()) co_await take_up_again(std::move(restart_reason));
    for (Command command = sm::next_command(job()); command != Command::cleanup; command = sm::next_command(job())) {
        work_->enter(step_of(command).name, job().sequence);
        const Result<void> outcome = co_await advance(command);
        if (outcome.has_error()) co_await note_failure(command, outcome.error());
    }
    clean_up();
}

Task<> Pipeline::take_up_again(std::string reason) {
    for (;;) {
        Fact restarted = sm::Restarted{reason};
        const Result<bool> committed = co_await journal_.report(std::move(restarted));
        if (committed.has_value()) break;
        co_await retry_.give_store_time(committed.error());
    }
}

/// One step of the loop. Interruptions take precedence, even in the middle of the work.
Task<Result<void>> Pipeline::advance(Command command) {
    if (const auto fact = interruptions_.pending()) co_return co_await commit_interruption(*fact);
    const Step& step = step_of(command);
    if (!step.needs_worker) {
        co_await wait_for_retry();
        if (interruptions_.pending()) co_return Result<void>{};
    }
    if (step.signs) co_return co_await step.perform(*this);
    Task<Result<void>> work = step.perform(*this);
    co_return co_await unless_first(std::move(work), interruptions_.wait());
}

Task<Result<void>> Pipeline::commit_interruption(Fact fact) {
    const bool gives_back = std::holds_alternative<sm::DeclineDecided>(fact);
    const bool draws = std::holds_alternative<sm::EvidenceDrawn>(fact);
    const auto* revoked = std::get_if<sm::LeaseRevoked>(&fact);
    if (revoked != nullptr) co_return co_await commit_takeover(*revoked);
    const Result<bool> accepted = co_await journal_.report(std::move(fact));
    if (accepted.has_error()) co_return accepted.error();
    interruptions_.dealt_with();
    if (!*accepted) co_return transient_error(journal_.last_rejection()->reason);
    if (gives_back) worker_.release(false, "the JOB is given back");
    if (draws) orders_.forget_draw();
    co_return Result<void>{};
}

/// A decline that is requested meanwhile is not lost.
Task<Result<void>> Pipeline::commit_takeover(sm::LeaseRevoked revoked) {
    std::string reason = revoked.reason;
    Fact fact = std::move(revoked);
    const Result<bool> accepted = co_await journal_.report(std::move(fact));
    if (accepted.has_error()) co_return accepted.error();
    interruptions_.takeover_dealt_with();
    if (!*accepted) co_return Result<void>{};
    takeover_.note_slow_holder();
    worker_.release(false, std::move(reason));
    co_return Result<void>{};
}

Task<> Pipeline::note_failure(Command command, Error error) {
    const Step& step = step_of(command);
    const std::uint32_t attempt = co_await journal_.failures() + 1;
    const Milliseconds wait = retry_.after_failure(attempt, step.needs_worker);
    // Once a deposit may be locked, no error is permanent: only the chain ends the JOB.
    const bool ends = error.kind == ErrorKind::permanent && command == Command::send_process;
    Fact failed = sm::StepFailed{ends ? sm::FailureClass::permanent : sm::FailureClass::transient, step.name,
                                 error.message, attempt, ports_.clock.unix_ms() + wait.count()};
    const Result<bool> committed = co_await journal_.report(std::move(failed));
    if (committed.has_error()) {
        co_await retry_.give_store_time(committed.error());
    } else {
        retry_.store_works();
    }
}

/// Calls helpers while the worker is led.
Task<Result<void>> Pipeline::lead_worker(Command command) {
    Task<Result<void>> work = worker_.lead(command);
    if (!cooperative_) co_return co_await std::move(work);
    co_return co_await unless_first(std::move(work), helpers_.run(journal_.id()));
}

/// Once delivery is complete the worker is free for the next JOB; it keeps the files until the verdict.
Task<Result<void>> Pipeline::complete_upload() {
    const std::string_view done = delivered_by(job()).done;
    const Result<void> completed = co_await upload_.complete();
    if (completed.has_error() && upload_.was_false()) takeover_.note_false_upload();
    if (completed.has_error()) co_return completed;
    const bool was_artifact = sm::delivery_of(job().state) == sm::Delivery::artifact;
    if (was_artifact) ports_.workers.lease_fulfilled(job().lease.worker);
    worker_.release(false, std::string(done));
    co_return Result<void>{};
}

/// The chain's watch reports the draw, the verdict, and anything that a reorganisation undoes.
Task<Result<void>> Pipeline::await_chain() {
    Wakeup nothing(executor_);
    co_await nothing.wait();
    co_return Result<void>{};
}

/// Nothing durable remains to be done.
void Pipeline::clean_up() {
    ports_.progress.erase(journal_.id());
    worker_.release(true, std::string(sm::name(job().state)));
}

}  // namespace emeth::node
