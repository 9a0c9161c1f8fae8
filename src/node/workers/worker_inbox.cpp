#include "node/workers/worker_inbox.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace emeth::node {
namespace {

bool is_connection(const WorkerNews& news) {
    return !std::holds_alternative<worker_protocol::ReportBody>(news.body);
}

}  // namespace

bool is_progress(const WorkerNews& news) {
    const auto* report = std::get_if<worker_protocol::ReportBody>(&news.body);
    return report != nullptr && std::holds_alternative<worker_protocol::Progress>(*report);
}

std::size_t WorkerInbox::reports() const {
    return static_cast<std::size_t>(std::count_if(
        news_.begin(), news_.end(), [](const WorkerNews& news) { return !is_progress(news) && !is_connection(news); }));
}

Task<bool> WorkerInbox::put(worker_protocol::Report report) {
    while (!closed_ && reports() >= reports_max) co_await space_.wait();
    if (closed_) co_return false;
    news_.push_back({report.id, report.lease, std::move(report.body)});
    changed_.notify();
    co_return true;
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

Task<WorkerNews> WorkerInbox::next() {
    while (!closed_ && news_.empty()) co_await changed_.wait();
    if (closed_) throw boost::system::system_error(asio::error::operation_aborted);
    WorkerNews news = std::move(news_.front());
    news_.pop_front();
    space_.notify();
    co_return news;
}

void WorkerInbox::close() {
    closed_ = true;
    changed_.notify();
    space_.notify();
}

}  // namespace emeth::node
