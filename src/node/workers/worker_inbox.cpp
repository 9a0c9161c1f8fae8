#include "node/workers/worker_inbox.hpp"

#include <algorithm>
#include <utility>

namespace emeth::node {
namespace {

bool is_connection(const WorkerNews& news) {
    return !std::holds_alternative<worker_protocol::ReportBody>(news.body);
}

bool is_progress(const WorkerNews& news) {
    const auto* report = std::get_if<worker_protocol::ReportBody>(&news.body);
    return report != nullptr && std::holds_alternative<worker_protocol::Progress>(*report);
}

bool is_durable(const WorkerNews& news) {
    return !is_connection(news) && !is_progress(news);
}

}  // namespace

const WorkerNews* WorkerInbox::front() {
    if (closed_) return nullptr;
    if (!shown_ && !news_.empty()) {
        shown_ = std::move(news_.front());
        news_.pop_front();
    }
    return shown_ ? &*shown_ : nullptr;
}

void WorkerInbox::pop() {
    shown_.reset();
    space_.notify();
}

Task<> WorkerInbox::wait() {
    while (!closed_ && !shown_ && news_.empty()) co_await changed_.wait();
}

bool WorkerInbox::is_full() const {
    const auto waiting = std::count_if(news_.begin(), news_.end(), is_durable);
    return static_cast<std::size_t>(waiting) + (shown_ && is_durable(*shown_) ? 1 : 0) >= reports_max;
}

bool WorkerInbox::offer(worker_protocol::Report report) {
    if (closed_ || is_full()) return false;
    news_.push_back({report.id, report.lease, std::move(report.body)});
    changed_.notify();
    return true;
}

Task<bool> WorkerInbox::put(worker_protocol::Report report) {
    while (!closed_ && is_full()) co_await space_.wait();
    co_return offer(std::move(report));
}

void WorkerInbox::put_progress(worker_protocol::Report report) {
    std::erase_if(news_, is_progress);
    news_.push_back({report.id, report.lease, std::move(report.body)});
    changed_.notify();
}

void WorkerInbox::put_connection(WorkerNews news) {
    std::erase_if(news_, is_connection);
    news_.push_front(std::move(news));
    changed_.notify();
}

/// What front() has returned is kept, since it may be in use.
void WorkerInbox::close() {
    closed_ = true;
    news_.clear();
    changed_.notify();
    space_.notify();
}

}  // namespace emeth::node
