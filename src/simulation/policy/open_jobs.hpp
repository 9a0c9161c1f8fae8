// The JOBs of a stream that are open in a simulated market. Pure.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "node/market/selection.hpp"
#include "simulation/policy/job_stream.hpp"

namespace emeth::simulation {

/// JOBs are named by their places in the stream.
class OpenJobs {
public:
    /// The stream must outlive it.
    explicit OpenJobs(const JobStream& stream) : stream_(stream), is_open_(stream.size()) {}

    /// Precondition: those before it were added already.
    void add(std::size_t job);
    /// False: it was not open any more.
    bool remove(std::size_t job);

    [[nodiscard]] bool contains(std::size_t job) const { return is_open_[job]; }
    /// What a node is shown of it. Precondition: it is open.
    [[nodiscard]] const node::Candidate& candidate(std::size_t job) const { return candidates_.at(job); }
    [[nodiscard]] const StreamedJob& listed(std::size_t job) const { return stream_[job]; }
    /// So many were added, whether they are open still or not.
    [[nodiscard]] std::size_t added() const { return added_; }
    [[nodiscard]] std::size_t size() const { return candidates_.size(); }

private:
    const JobStream& stream_;
    std::vector<bool> is_open_;
    std::unordered_map<std::size_t, node::Candidate> candidates_;
    std::size_t added_ = 0;
};

}  // namespace emeth::simulation
