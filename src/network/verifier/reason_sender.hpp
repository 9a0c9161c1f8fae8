// Tells the Storage API why a result is rejected, before the chain learns that it is: who sees the JOB FAILED finds the
// reason there. It decides nothing and holds up no verdict for long: what cannot be sent is kept in a folder and sent
// later, also by the next process. Io thread only.
#pragma once

#include <filesystem>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

class ReasonSender {
public:
    static constexpr int tries_max = 3;
    static constexpr Milliseconds resend_interval{60'000};

    /// Storage and clock must outlive it. `folder`: for what could not be sent; made when it is needed.
    ReasonSender(api_client::StorageApiClient& storage, Clock& clock, std::filesystem::path folder)
        : storage_(storage), clock_(clock), folder_(std::move(folder)) {}

    /// Returns after a few tries, whatever became of them: within 35 s (each has the client's time-out of 10 s). The
    /// reason may be any text.
    Task<> send(JobId job, Hash256 submit_block, std::string reason);
    /// Sends what could not be sent, until cancelled. What the Storage API refuses for good is dropped.
    Task<> run();

private:
    [[nodiscard]] std::filesystem::path file_of(const JobId& job) const;
    void note_end(const JobId& job, const api_client::VerdictReason& reason, const Result<void>& sent);
    void keep(const JobId& job, const api_client::VerdictReason& reason);
    Task<Result<void>> resend(std::filesystem::path file);

    api_client::StorageApiClient& storage_;
    Clock& clock_;
    std::filesystem::path folder_;
};

}  // namespace emeth::network
