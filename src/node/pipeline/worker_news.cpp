// What downloading, training and upload have in common: orders to the leased worker, its news, and what happens when it
// is lost.
#include <fmt/format.h>

#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"

namespace emeth::node {

namespace sm = statemachine;
namespace wp = worker_protocol;
using sm::Command;

namespace {

/// Whether another worker has come free meanwhile.
constexpr Milliseconds look_again_after{10'000};
/// A new upload costs all parts that were put: it is opened when the URLs are refused, not for one bad answer; and,
/// whatever the answers are, when nothing helps for minutes.
constexpr std::uint32_t refusals_max = 2, upload_failures_max = 10;

}  // namespace

/// Until the record calls for something else. News stay first in line until they are dealt with, so that a failure
/// loses none.
Task<Result<void>> Pipeline::lead_worker(Command command) {
    const std::shared_ptr<WorkerInbox> inbox = link_.inbox;
    while (next_command(job()) == command && !inbox->closed()) {
        if (const WorkerNews* news = inbox->front()) {
            const Result<void> handled = co_await handle_news(*news);
            if (handled.has_error()) co_return handled;
            inbox->pop();
        } else if (link_.connected && !has_order(command)) {
            const Result<void> ordered = co_await give_order(command);
            if (ordered.has_error()) co_return ordered;
        } else if (grace_is_over()) {
            const Result<void> ended = co_await end_grace();
            if (ended.has_error()) co_return ended;
        } else {
            co_await wait_for_news();
        }
    }
    co_return Result<void>{};
}

/// What is to be shown, nobody else has: its worker is waited for, up to the verdict.
bool Pipeline::grace_is_over() const {
    return job().state != sm::State::submitted && link_.away_since && ports_.clock.monotonic() >= link_.look_at;
}

/// What was trained is given up only where another worker can still finish the JOB from the beginning; else the one
/// that has it is the better hope, and is waited for.
Task<Result<void>> Pipeline::end_grace() {
    const bool given_up = co_await is_for_another_worker();
    if (given_up && link_.inbox->front() == nullptr)  // it may just have come back
        co_return co_await revoke_lease(
            fmt::format("its worker was away for {} ms", (ports_.clock.monotonic() - *link_.away_since).count()),
            false);
    link_.look_at = ports_.clock.monotonic() + look_again_after;
    co_return Result<void>{};
}

Task<> Pipeline::wait_for_news() {
    if (!link_.away_since || job().state == sm::State::submitted) {
        co_await link_.inbox->wait();
        co_return;
    }
    Task<> news = link_.inbox->wait();
    Task<> grace = ports_.clock.sleep(link_.look_at - ports_.clock.monotonic());
    co_await race(std::move(news), std::move(grace));
}

/// Orders are idempotent; one is given to each connection, and again when the worker asks for it.
bool Pipeline::has_order(Command command) const {
    return command == Command::upload_parts ? !link_.ordered_parts.empty() : link_.assigned;
}

Task<Result<void>> Pipeline::give_order(Command command) {
    co_await wait_for_retry();
    if (command == Command::upload_parts) co_return co_await order_upload();
    if (command == Command::pack_evidence) co_return co_await order_evidence();
    co_return co_await order_assignment();
}

Task<Result<void>> Pipeline::handle_news(WorkerNews news) {
    if (news.lease != job().lease.number)
        co_return Result<void>{};  // of an earlier lease: the hub tells that worker to stop
    if (std::holds_alternative<WorkerConnected>(news.body)) co_return co_await handle_connection(true, "");
    if (const auto* gone = std::get_if<WorkerDisconnected>(&news.body))
        co_return co_await handle_connection(false, gone->reason);
    co_return co_await handle_report(std::move(news));
}

/// From here on the grace of a worker that is away runs. That it has not come back yet after a restart of the master is
/// no loss worth a line.
Task<Result<void>> Pipeline::handle_connection(bool connected, std::string reason) {
    const bool lost = link_.connected && !connected;
    if (lost) {
        Fact fact = sm::WorkerLost{job().lease.number, std::move(reason)};
        const Result<void> noted = co_await note(std::move(fact));
        if (noted.has_error()) co_return noted;
    }
    link_.connected = connected;
    link_.assigned = false;
    link_.ordered_parts.clear();
    if (connected) {
        link_.away_since.reset();
    } else if (!link_.away_since) {
        link_.away_since = ports_.clock.monotonic();
        link_.look_at = *link_.away_since + settings_.worker_grace;
    }
    co_return Result<void>{};
}

/// A report is acknowledged once it is durable, also when the state machine did not accept it: it would not accept it
/// the next time either.
Task<Result<void>> Pipeline::handle_report(WorkerNews news) {
    Task<Result<void>> taking =
        std::visit([this](auto body) { return take(std::move(body)); }, std::get<wp::ReportBody>(std::move(news.body)));
    const Result<void> taken = co_await std::move(taking);
    if (job().retry.attempt == 0) link_.failures = link_.refusals = 0;  // there was progress
    if (taken.has_error() || news.report_id == 0) co_return taken;
    failpoint::before("acknowledge", "report");
    co_await ports_.workers.acknowledge(id(), news.report_id);
    failpoint::after("acknowledge", "report");
    co_return Result<void>{};
}

/// Commits a fact that the state machine may refuse: a repeated report, say.
Task<Result<void>> Pipeline::note(Fact fact) {
    const Result<bool> committed = co_await journal_.report(std::move(fact));
    if (committed.has_error()) co_return committed.error();
    co_return Result<void>{};
}

Task<Result<void>> Pipeline::take(wp::Progress progress) {
    auto rendezvous = std::exchange(progress.rendezvous, std::nullopt);  // with a token, which is nothing for a display
    ports_.progress.put(id(), std::move(progress));
    link_.rendezvous = std::move(rendezvous);
    if (link_.rendezvous) link_.rendezvous_told.notify();
    co_return Result<void>{};
}

/// The worker goes on by itself, or waits for a fresh order: then the back-off is ours. What it can never put, because
/// its files are gone, begins with a new lease: an order to train comes with it.
Task<Result<void>> Pipeline::take(wp::StepFailed failed) {
    if (failed.permanent && job().state == sm::State::training && next_command(job()) == Command::upload_parts)
        co_return co_await revoke_lease(std::move(failed.message), false);
    ++link_.failures;
    const auto attempt = job().retry.attempt + 1;
    const auto wait =
        failed.needs_order ? backoff(attempt, settings_.worker_retry, ports_.random.unit()) : Milliseconds::zero();
    Fact fact = sm::StepFailed{sm::FailureClass::transient, std::move(failed.step), std::move(failed.message), attempt,
                               ports_.clock.unix_ms() + wait.count()};
    const Result<void> noted = co_await note(std::move(fact));
    if (noted.has_error()) co_return noted;
    if (holder_fails()) {
        const bool given_up = co_await is_for_another_worker();
        if (given_up)
            co_return co_await revoke_lease(fmt::format("its worker failed {} times in a row", link_.failures), false);
    }
    if (!failed.needs_order) co_return noted;
    link_.assigned = false;
    link_.ordered_parts.clear();  // those that are missing are ordered again
    link_.refusals = failed.url_refused ? link_.refusals + 1 : 0;
    const bool useless = link_.refusals == refusals_max || link_.failures % upload_failures_max == 0;
    if (useless) link_.forget_upload();
    co_return Result<void>{};
}

Task<Result<void>> Pipeline::revoke_lease(std::string reason, bool forget) {
    Fact revoked = sm::LeaseRevoked{job().lease.number, reason};
    const Result<void> committed = co_await journal_.commit(std::move(revoked));
    if (committed.has_error()) co_return committed;
    release_worker(forget, std::move(reason));
    co_return Result<void>{};
}

}  // namespace emeth::node
