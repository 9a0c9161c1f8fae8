// What the tests of the store share.
#pragma once

#include <gtest/gtest.h>

#include "storage/store.hpp"
#include "support/job_events.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::storage {

/// The value, or a failed test and an exception that ends it.
template <class T>
T must(Result<T> result) {
    if (!result) ADD_FAILURE() << result.error().message;
    return std::move(result).value();
}
inline void must(const Result<void>& result) {
    if (!result) ADD_FAILURE() << result.error().message;
    result.value();
}

/// The error that the call must end with.
template <class T>
Error error_of(const Result<T>& result) {
    EXPECT_FALSE(result) << "succeeded";
    return result ? Error{} : result.error();
}

inline bool mentions(const Error& error, std::string_view text) {
    return error.message.find(text) != std::string::npos;
}

inline std::unique_ptr<NodeStore> open_store(const std::filesystem::path& folder,
                                             OpenMode mode = OpenMode::read_write) {
    return must(NodeStore::open(folder, mode));
}

inline std::string dump_text(const NodeStore& store, unsigned threads = 1) {
    std::string text;
    must(store.inspection().dump([&](std::string_view lines) { text += lines; }, {threads, {}}));
    return text;
}

/// Commits `body` for `job`, which must be accepted.
inline statemachine::Job commit(JobStore& jobs, const statemachine::Job& job, const statemachine::EventBody& body) {
    const JobStore::Applied applied = must(jobs.apply(job, {7'000, body}, {}));
    EXPECT_FALSE(applied.rejection) << applied.rejection->reason;
    return applied.job;
}

/// A JOB that went the whole straight path.
inline statemachine::Job finished_job(JobStore& jobs, std::uint64_t number) {
    statemachine::Job job = must(jobs.create({test::terms(number)}, 1));
    for (const auto& body : test::straight_path()) job = commit(jobs, job, body);
    return job;
}

inline OutboxEntry outbox_entry(std::uint64_t nonce, std::uint64_t mined_block = 0) {
    return {
        nonce, TxKind::process, test::numbered<JobId>(1), test::numbered<Hash256>(nonce), {1, 2, 3}, test::tokens(30),
        5,     mined_block,     mined_block != 0};
}

class StoreTest : public ::testing::Test {
protected:
    test::TemporaryFolder root;
    std::filesystem::path folder = root / "store";
};

}  // namespace emeth::storage
