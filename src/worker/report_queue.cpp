#include "worker/report_queue.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace emeth::worker {

using worker_protocol::FromWorker;
using worker_protocol::PartUploaded;
using worker_protocol::Report;
using worker_protocol::ReportBody;

namespace {

std::uint64_t random_start(Random& random) {
    // 48 bits: counting up from there never overflows, and JSON tools read such a number exactly.
    std::array<std::uint8_t, 6> bytes{};
    random.fill(bytes);
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes) number = number << 8 | byte;
    return number;
}

/// True if the newer report makes the older one redundant.
bool replaces(const ReportBody& newer, const ReportBody& older) {
    if (newer.index() != older.index()) return false;
    const auto* part = std::get_if<PartUploaded>(&newer);
    if (part == nullptr) return true;
    const auto& before = std::get<PartUploaded>(older);
    return part->part == before.part && part->upload_id == before.upload_id;
}

}  // namespace

ReportQueue::ReportQueue(const asio::any_io_executor& executor, Random& random)
    : last_id_(random_start(random)), added_(executor) {}

void ReportQueue::add(const JobId& job, std::uint64_t lease, ReportBody body) {
    if (std::holds_alternative<worker_protocol::Progress>(body)) {
        progress_ = Report{0, job, lease, std::move(body)};
    } else {
        entries_.remove_if(
            [&](const Entry& entry) { return entry.report.job == job && replaces(body, entry.report.body); });
        entries_.push_back({Report{++last_id_, job, lease, std::move(body)}, false});
    }
    added_.notify();
}

std::optional<Report> ReportQueue::acknowledge(std::uint64_t id) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.report.id == id; });
    if (found == entries_.end()) return std::nullopt;
    Report report = std::move(found->report);
    entries_.erase(found);
    return report;
}

void ReportQueue::drop(const JobId& job) {
    entries_.remove_if([&](const Entry& entry) { return entry.report.job == job; });
    if (progress_ && progress_->job == job) progress_.reset();
}

void ReportQueue::resend(const JobId& job) {
    for (Entry& entry : entries_)
        if (entry.report.job == job) entry.sent = false;
    added_.notify();
}

void ReportQueue::set_fitness(worker_protocol::Fitness fitness) {
    fitness_ = std::move(fitness);
    fitness_sent_ = false;
    added_.notify();
}

void ReportQueue::resend_all() {
    fitness_sent_ = false;
    for (Entry& entry : entries_) entry.sent = false;
    added_.notify();
}

Task<FromWorker> ReportQueue::next() {
    for (;;) {
        if (auto message = take_unsent()) co_return std::move(*message);
        co_await added_.wait();
    }
}

std::optional<FromWorker> ReportQueue::take_unsent() {
    if (fitness_ && !std::exchange(fitness_sent_, true)) return *fitness_;
    for (Entry& entry : entries_)
        if (!std::exchange(entry.sent, true)) return entry.report;
    if (!progress_) return std::nullopt;
    return *std::exchange(progress_, std::nullopt);
}

}  // namespace emeth::worker
