#include "node/pipeline/leased_worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/market/finish_estimate.hpp"
#include "node/pipeline/team_size.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/race.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

/// How often to check whether another worker has become free.
constexpr Milliseconds look_again_after{10'000}, look_at_holder_after{60'000};

}  // namespace

Task<Result<void>> LeasedWorker::lease() {
    if (!reserved_) {
        const Address worker = co_await ports_.workers.reserve(job().terms.id, wish());
        reserved_ = worker;
    }
    Fact granted = sm::LeaseGranted{job().lease.number + 1, *reserved_};
    const Result<void> committed = co_await ports_.journal.commit(std::move(granted));
    // A commit that failed may turn out to be durable once the disk recovers. Until that is known, nobody else gets the
    // worker, and the next try commits the same fact.
    if (committed.has_error()) co_return committed;
    adopt();
    co_return Result<void>{};
}

/// The last holder may still have the dataset, checkpoints or the artifact. A param that does not parse any more (the
/// settings have changed) is reported by the order, to any worker.
WorkerWish LeasedWorker::wish() const {
    WorkerWish wish;
    if (job().lease.number > 0) wish.preferred = job().lease.worker;
    const auto work = workload_of(job().terms, settings_.rules);
    if (work.has_error()) return wish;
    wish.model = work->model;
    wish.room = room_of(*work);
    wish.team = team_of(job(), settings_.cooperative);
    wish.estimate_s = [work = *work, team = wish.team](const WorkerInfo& worker) {
        return finish_estimate_s(work, worker, team);
    };
    wish.due = ports_.retry.due();
    return wish;
}

void LeasedWorker::adopt() {
    reset();
    inbox_ = ports_.workers.adopt(job().terms.id, job().lease.number, job().lease.worker, sm::hold_of(job().state));
    set_team();
}

/// Once it is trained there is nothing to help with. The artifact on record is gone if the JOB begins again from the
/// dataset.
void LeasedWorker::set_team() {
    const bool is_trained = job().training.artifact && job().state != sm::State::downloading;
    ports_.workers.set_team(job().terms.id, is_trained ? 1 : team_of(job(), settings_.cooperative));
}

void LeasedWorker::release(bool forget, std::string reason) {
    if (is_adopted()) ports_.takeover.judge_holder();
    reset();
    failpoint::before("order", "release");
    ports_.workers.release(job().terms.id, forget, std::move(reason));
    failpoint::after("order", "release");
}

void LeasedWorker::reset() {
    inbox_.reset();
    reserved_.reset();
    connected_ = false;
    away_since_.reset();
    watch_.reset();
    led_until_.reset();
    ports_.takeover.begin_lease();
    ports_.helpers.set_rendezvous(std::nullopt);
    ports_.orders.forget();
    ports_.upload.forget();
}

/// News stays at the front of the queue until it has been dealt with, so that a failure loses none.
Task<Result<void>> LeasedWorker::lead(sm::Command command) {
    if (!is_adopted() || inbox_->closed()) adopt();
    if (watch_ && led_until_) watch_->leave_out(ports_.clock.monotonic() - *led_until_);
    while (is_adopted() && !inbox_->closed() && sm::next_command(job()) == command) {
        const std::shared_ptr<WorkerInbox> inbox = inbox_;  // outlives the lease, which may end here
        led_until_ = ports_.clock.monotonic();
        if (const WorkerNews* news = inbox->front()) {
            const Result<void> handled = co_await handle_news(*news);
            if (handled.has_error()) co_return handled;
            inbox->pop();
        } else if (connected_ && !ports_.orders.has(command)) {
            const Result<void> ordered = co_await give_order(command);
            if (ordered.has_error()) co_return ordered;
        } else if (grace_is_over()) {
            const Result<void> ended = co_await end_grace();
            if (ended.has_error()) co_return ended;
        } else if (look_is_due()) {
            const Result<void> looked = co_await look_for_progress();
            if (looked.has_error()) co_return looked;
        } else {
            co_await wait_for_news();
        }
    }
    co_return Result<void>{};
}

/// Nobody else has the evidence that must be shown, so its worker is waited for until the verdict.
bool LeasedWorker::may_be_replaced() const {
    return sm::hold_of(job().state) == sm::WorkerHold::work;
}

bool LeasedWorker::grace_is_over() const {
    return may_be_replaced() && away_since_ && ports_.clock.monotonic() >= look_at_;
}

/// Completed training is abandoned only if another worker can still finish the JOB from scratch; otherwise the worker
/// that holds it is the better bet, and is waited for.
Task<Result<void>> LeasedWorker::end_grace() {
    const bool given_up = co_await ports_.takeover.is_due(true);
    if (given_up && inbox_->front() == nullptr) {  // it may have just come back
        const Milliseconds away = ports_.clock.monotonic() - *away_since_;
        co_return co_await revoke(fmt::format("its worker was away for {} ms", away.count()), false);
    }
    look_at_ = ports_.clock.monotonic() + look_again_after;
    co_return Result<void>{};
}

bool LeasedWorker::look_is_due() const {
    return may_be_replaced() && connected_ && watch_ && ports_.clock.monotonic() >= look_at_;
}

/// A stranger's worker may connect, take the lease and do nothing; an own one may hang in a way that it does not
/// notice.
Task<Result<void>> LeasedWorker::look_for_progress() {
    look_at_ = std::max(watch_->look_at(), ports_.clock.monotonic() + look_at_holder_after);
    const auto other = co_await ports_.takeover.fresh_start();
    const WorkerNews* news = inbox_->front();
    const auto* report = news == nullptr ? nullptr : std::get_if<worker_protocol::ReportBody>(&news->body);
    const bool is_mere_progress = report != nullptr && std::holds_alternative<worker_protocol::Progress>(*report);
    if (!other || (news != nullptr && !is_mere_progress)) co_return Result<void>{};
    auto reason = watch_->why_over(*other, ports_.clock.monotonic());
    if (!reason) co_return Result<void>{};
    ports_.takeover.note_stall();
    co_return co_await revoke(*std::move(reason), false);
}

Task<> LeasedWorker::wait_for_news() {
    const std::shared_ptr<WorkerInbox> inbox = inbox_;
    if (!may_be_replaced() || !(away_since_ || watch_)) {
        co_await inbox->wait();
        co_return;
    }
    Task<> news = inbox->wait();
    Task<> look = ports_.clock.sleep(look_at_ - ports_.clock.monotonic());
    co_await race(std::move(news), std::move(look));
}

/// Orders are idempotent. Each connection gets one, and another whenever the worker asks for it.
Task<Result<void>> LeasedWorker::give_order(sm::Command command) {
    co_await ports_.retry.wait(true);
    const Result<bool> taken = co_await take_from_failing();
    if (taken.has_error()) co_return taken.error();
    if (*taken) co_return Result<void>{};
    const Result<void> given = co_await ports_.orders.give(command);
    if (given.has_value() && !watch_) {
        watch_.emplace(job(), ports_.clock.monotonic(), settings_.patience);
        look_at_ = watch_->look_at();
    }
    co_return given;
}

/// True once the lease is over.
Task<Result<bool>> LeasedWorker::take_from_failing() {
    if (!ports_.takeover.holder_fails()) co_return false;
    const bool given_up = co_await ports_.takeover.is_due(away_since_.has_value());
    if (!given_up) co_return false;
    const Result<void> revoked = co_await revoke(ports_.takeover.failure_text(), false);
    if (revoked.has_error()) co_return revoked.error();
    co_return true;
}

/// The grace period of an absent worker starts here. A worker that has not reconnected yet after a restart of the
/// master has not been lost, so that is not logged.
Task<Result<void>> LeasedWorker::handle_connection(bool connected, std::string reason) {
    const bool lost = connected_ && !connected;
    if (lost) {
        Fact fact = sm::WorkerLost{job().lease.number, std::move(reason)};
        const Result<void> noted = co_await ports_.journal.note(std::move(fact));
        if (noted.has_error()) co_return noted;
    }
    connected_ = connected;
    ports_.orders.forget();
    if (connected) {
        away_since_.reset();
        if (watch_) look_at_ = watch_->look_at();
    } else if (!away_since_) {
        away_since_ = ports_.clock.monotonic();
        look_at_ = *away_since_ + settings_.grace;
    }
    co_return Result<void>{};
}

Task<Result<void>> LeasedWorker::revoke(std::string reason, bool forget) {
    Fact revoked = sm::LeaseRevoked{job().lease.number, reason};
    const Result<void> committed = co_await ports_.journal.commit(std::move(revoked));
    if (committed.has_error()) co_return committed;
    release(forget, std::move(reason));
    co_return Result<void>{};
}

}  // namespace emeth::node
