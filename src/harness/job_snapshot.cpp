#include "harness/job_snapshot.hpp"

#include "storage/store.hpp"

#include <utility>

namespace emeth::harness {

Result<std::vector<statemachine::Job>> read_jobs(const std::filesystem::path& store) {
    std::vector<statemachine::Job> jobs;
    if (!std::filesystem::exists(store / "CURRENT")) return jobs;
    auto opened = storage::NodeStore::open(store, storage::OpenMode::read_only);
    if (opened.has_error()) return opened.error();
    const auto read = (*opened)->jobs().for_each([&jobs](const statemachine::Job& job) {
        jobs.push_back(job);
        return true;
    });
    if (read.has_error()) return read.error();
    return jobs;
}

Result<std::vector<storage::OutboxEntry>> read_transactions(const std::filesystem::path& store) {
    auto opened = storage::Outbox::open(store, storage::OpenMode::read_only);
    if (opened.has_error()) return opened.error();
    return (*opened)->all();
}

Result<std::vector<JobSnapshot>> read_whole_jobs(const std::filesystem::path& store) {
    auto records = read_jobs(store);
    if (records.has_error()) return records.error();
    auto opened = storage::NodeStore::open(store, storage::OpenMode::read_only);
    if (opened.has_error()) return opened.error();
    const auto outbox = (*opened)->outbox().all();
    if (outbox.has_error()) return outbox.error();
    std::vector<JobSnapshot> jobs;
    for (auto& record : *records) {
        const JobId id = record.terms.id;
        if (const auto verified = (*opened)->jobs().verify(id); verified.has_error()) return verified.error();
        auto history = (*opened)->jobs().history(id);
        if (history.has_error()) return history.error();
        JobSnapshot job{std::move(record), std::move(*history), {}};
        for (const auto& entry : *outbox)
            if (entry.job == id) job.transactions.push_back(entry);
        jobs.push_back(std::move(job));
    }
    return jobs;
}

}  // namespace emeth::harness
