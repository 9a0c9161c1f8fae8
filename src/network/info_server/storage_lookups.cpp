#include "network/info_server/storage_lookups.hpp"

#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"

namespace emeth::network {
namespace {

constexpr RetryPolicy retry_policy{
    .first = Milliseconds(1'000), .factor = 2, .max = Milliseconds(3'600'000), .jitter = 0};
constexpr Milliseconds idle_interval{100}, busy_interval{1};

}  // namespace

StorageLookups::StorageLookups(asio::any_io_executor executor, LookupPorts ports, Known known)
    : executor_(std::move(executor)), ports_(ports), known_(std::move(known)) {}

void StorageLookups::queue(const storage::Lookup& lookup, Milliseconds in) {
    due_.emplace(ports_.clock.monotonic() + in, lookup);
}

void StorageLookups::want(const std::vector<storage::Lookup>& lookups) {
    for (const storage::Lookup& lookup : lookups) {
        const auto found = waiting_.find(lookup);
        if (found != waiting_.end()) {
            found->second.tries = 0;
            found->second.ask_once_more = found->second.is_asked;
        } else if (waiting_.size() < queue_max) {
            waiting_.emplace(lookup, Waiting{});
            queue(lookup, Milliseconds::zero());
        } else {
            more_in_store_ = true;
        }
    }
}

/// Those that earlier runs of the program left, or for which there was no room.
Task<> StorageLookups::load() {
    auto work = [this] { return ports_.list.lookups(queue_max); };
    auto loading = ports_.pool.run(std::move(work));
    const auto found = co_await std::move(loading);
    if (found.has_error()) {
        spdlog::warn("JOB info server: {}", found.error().message);
        co_return;
    }
    more_in_store_ = false;
    want(*found);
}

Task<bool> StorageLookups::ask_bytes(storage::IndexedJob job, bool is_last_try) {
    const auto bytes = co_await ports_.storage.dataset_bytes(job.dataset);
    if (bytes.has_error() && !is_last_try) co_return false;
    auto work = [this, &job, &bytes] {
        return ports_.list.answer_dataset_bytes(job, bytes.has_value() ? std::optional(*bytes) : std::nullopt);
    };
    auto answering = ports_.pool.run(std::move(work));
    const auto changed = co_await std::move(answering);
    if (changed.has_value() && *changed) known_(job.id);
    co_return changed.has_value();
}

Task<bool> StorageLookups::ask_reason(storage::IndexedJob job, bool is_last_try) {
    const auto reason = co_await ports_.storage.verdict_reason(job.id);
    const bool is_known = reason.has_value() && *reason;
    if (!is_known && !is_last_try) co_return false;
    auto work = [this, &job, &reason, is_known] {
        return ports_.list.answer_verdict_reason(job, is_known ? std::optional((*reason)->text) : std::nullopt);
    };
    auto answering = ports_.pool.run(std::move(work));
    const auto changed = co_await std::move(answering);
    if (changed.has_value() && *changed) known_(job.id);
    co_return changed.has_value();
}

/// False: it must be asked again.
Task<bool> StorageLookups::ask(storage::Lookup lookup) {
    auto work = [this, &lookup] { return ports_.list.find(lookup.job); };
    auto finding = ports_.pool.run(std::move(work));
    auto job = co_await std::move(finding);
    if (job.has_error()) co_return false;
    if (!*job) co_return true;
    const bool is_last_try = waiting_.at(lookup).tries + 1 == tries_max;
    auto asking = lookup.kind == storage::LookupKind::dataset_bytes ? ask_bytes(std::move(**job), is_last_try)
                                                                    : ask_reason(std::move(**job), is_last_try);
    co_return co_await std::move(asking);
}

Task<> StorageLookups::ask_due(storage::Lookup lookup) {
    const bool is_done = co_await ask(lookup);
    Waiting& waiting = waiting_.at(lookup);
    waiting.is_asked = false;
    if (std::exchange(waiting.ask_once_more, false)) {
        queue(lookup, Milliseconds::zero());
    } else if (is_done || ++waiting.tries >= tries_max) {
        waiting_.erase(lookup);
    } else {
        queue(lookup, backoff(waiting.tries, retry_policy, 0));
    }
}

Task<> StorageLookups::hand_out(TaskGroup* asking) {
    for (;;) {
        if (more_in_store_ && waiting_.empty()) co_await load();
        const auto is_due = [this] { return !due_.empty() && due_.begin()->first <= ports_.clock.monotonic(); };
        // This coroutine itself takes up one place.
        while (is_due() && asking->running() <= asked_at_once_max) {
            const storage::Lookup lookup = due_.begin()->second;
            due_.erase(due_.begin());
            waiting_.at(lookup).is_asked = true;
            asking->start(ask_due(lookup));
        }
        co_await ports_.clock.sleep(is_due() ? busy_interval : idle_interval);
    }
}

Task<> StorageLookups::run() {
    TaskGroup asking(executor_, asked_at_once_max + 1);
    asking.start(hand_out(&asking));
    co_await asking.join();
}

}  // namespace emeth::network
