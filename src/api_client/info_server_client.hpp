// Client of the JOB info server. What it says is a hint: the caller checks every JOB on chain.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::api_client {

struct JobOffer {
    JobId id;
    Wei fee;
    std::uint64_t dataset_bytes = 0;
    std::int64_t deadline_unix_s = 0;
};

class InfoServer {
public:
    virtual ~InfoServer() = default;
    /// JOBs of status REQUESTED. Entries that do not parse are left out and logged once; an answer that is no JSON
    /// array (HTML, say) is a transient Error that says so. At most `offers_max` entries are read.
    static constexpr std::size_t offers_max = 10'000;
    virtual Task<Result<std::vector<JobOffer>>> open_jobs() = 0;
};

class InfoServerClient : public InfoServer {
public:
    explicit InfoServerClient(http::Url base_url) : base_url_(std::move(base_url)) {}
    Task<Result<std::vector<JobOffer>>> open_jobs() override;

private:
    http::Url base_url_;
    bool unreadable_noted_ = false;  ///< warned once for each spell of bad entries
};

}  // namespace emeth::api_client
