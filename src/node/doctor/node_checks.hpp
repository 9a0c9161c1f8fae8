// What a node has left in its data folder, and what its master says if one runs. The store is opened read-only, also
// beside a master; the folder's lock is never taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "node/doctor/finding.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/task.hpp"

namespace emeth::node {

/// Io thread only.
class NodeExam {
public:
    explicit NodeExam(std::filesystem::path data) : data_(std::move(data)), pool_(1) {}

    /// Replays the history of each active JOB.
    Task<> look_at_store(Findings& findings);
    /// A running master and its workers' fitness.
    Task<> look_at_master(Findings& findings);

    /// By the store: a deposit may be locked for each of them.
    [[nodiscard]] std::size_t active_jobs() const { return seen_.active_jobs; }
    /// The highest that this node has signed, if any.
    [[nodiscard]] std::optional<std::uint64_t> last_nonce() const { return seen_.last_nonce; }

private:
    struct Seen {
        std::size_t active_jobs = 0;
        std::optional<std::uint64_t> last_nonce;
    };
    static Result<Seen> read_store(const std::filesystem::path& folder);

    std::filesystem::path data_;
    BlockingPool pool_;
    Seen seen_;
};

/// Of the answer to `status` (docs/OPERATIONS.md), whose form it checks: whether a JOB would be taken, and by whom.
Findings judge_master(const boost::json::value& status);

}  // namespace emeth::node
