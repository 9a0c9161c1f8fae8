// Why FAILED JOBs were rejected, as far as the Storage API says so. It is asked beside everything else, one JOB after
// the other, and for hours where it knows nothing yet: the list of JOBs never waits for it. Io thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "api_client/storage_api_client.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

class ReasonLookups {
public:
    static constexpr std::uint32_t tries_max = 20;  ///< about 8 h, after which a JOB is listed without a reason

    /// Both must outlive it.
    ReasonLookups(api_client::ArtifactStore& storage, Clock& clock) : storage_(storage), clock_(clock) {}

    /// The JOB has been seen FAILED. What was known of it before may be of a verdict that a reorganisation took back.
    void want(const JobId& job);
    [[nodiscard]] std::optional<std::string> reason_of(const JobId& job) const;
    /// Asks for what is wanted, until cancelled.
    Task<> run();

private:
    Task<> ask(JobId job);

    api_client::ArtifactStore& storage_;
    Clock& clock_;
    std::map<JobId, std::string> known_;
    std::map<JobId, std::uint32_t> tries_;            ///< of those that are not known yet
    std::set<std::pair<Milliseconds, JobId>> queue_;  ///< by the monotonic time from which they may be asked for
};

}  // namespace emeth::network
