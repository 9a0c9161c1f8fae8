// Follows a JOB that was requested until nothing more will happen to it, and fetches the verified result. Io thread
// only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "chain/chain.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

/// What a requester thinks of a status: the JOB goes on, ends well, or ends without a result.
enum class Prospect { goes_on, verified, over };
Prospect prospect_of(chain::JobStatus status);
/// One sentence for the requester: "a node is working on it: 0x…".
std::string status_sentence(const chain::JobRecord& job, const chain::JobAssign& assign, std::int64_t chain_now_unix_s);

class JobFollower {
public:
    static constexpr Milliseconds poll_interval{2'000};
    /// A result of more bytes is not fetched.
    static constexpr std::uint64_t result_bytes_max = std::uint64_t{16} << 30;

    /// All must outlive it; `storage` signs with the requester's key.
    struct Ports {
        chain::Chain& chain;
        api_client::StorageApiClient& storage;
        Clock& clock;
        BlockingPool& pool;
    };
    using Tell = std::function<void(const std::string& sentence)>;

    /// `tell` receives each news, once.
    JobFollower(Ports ports, Tell tell) : ports_(ports), tell_(std::move(tell)) {}

    /// Returns once the JOB is VERIFIED. A permanent Error says how else it ended, or that there is no such JOB. An
    /// endpoint that is away is told of, and asked again.
    Task<Result<void>> until_verified(JobId id);
    /// Fetches the result of a VERIFIED JOB and compares it with the digest on chain, where that names one.
    Task<Result<http::Downloaded>> fetch(JobId id, std::filesystem::path file);

private:
    Task<Result<Prospect>> look(JobId id);
    /// `figures` change all the time, and are no news.
    void tell(const std::string& sentence, const std::string& figures);

    Ports ports_;
    Tell tell_;
    std::string told_;
};

}  // namespace emeth::network
