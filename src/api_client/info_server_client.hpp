// Client of the JOB info server. Its answers are hints: the caller checks every JOB on chain.
#pragma once

#include <vector>

#include "api_client/clock_offset.hpp"
#include "api_client/listed_job.hpp"
#include "http/client.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::api_client {

class InfoServer {
public:
    virtual ~InfoServer() = default;
    static constexpr std::size_t offers_max = 10'000;
    /// JOBs with status REQUESTED, at most `offers_max` of them. Entries that do not parse are skipped and logged once;
    /// an answer that is not a JSON array (HTML, say) is a transient Error that says so.
    virtual Task<Result<std::vector<JobOffer>>> open_jobs() = 0;
};

class InfoServerClient : public InfoServer {
public:
    /// `time`: is told what time it is at the server; may be null, else it must outlive the client.
    explicit InfoServerClient(http::Url base_url, NetworkClock* time = nullptr)
        : base_url_(std::move(base_url)), time_(time) {}
    Task<Result<std::vector<JobOffer>>> open_jobs() override;

private:
    http::Url base_url_;
    NetworkClock* time_;
    bool unreadable_noted_ = false;  ///< warned once for each spell of bad entries
};

}  // namespace emeth::api_client
