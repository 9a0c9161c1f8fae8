// The open JOBs as the contract's own logs tell of them. Io thread only.
//
// The logs of the newest blocks_back_max blocks are followed, range by range; what is older is skipped. What they say
// is only a hint, like an info server's list: before a deposit, each JOB is read from the contract. The position in the
// logs and the list go into one note, so that a restart neither misses a JOB nor reads everything again.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api_client/info_server_client.hpp"
#include "chain/log_follower.hpp"
#include "node/market/contract_ports.hpp"

namespace emeth::node {

/// A JOB that was requested, by its Request event, and until when it was open.
struct LoggedJob {
    Address owner;
    Wei fee;  ///< EMT wei
    std::int64_t deadline_unix_s = 0;
    std::uint64_t requested_in_block = 0;
    std::optional<std::uint64_t> taken_in_block;  ///< or cancelled

    friend bool operator==(const LoggedJob&, const LoggedJob&) = default;
};

/// What the logs up to some block say. Pure.
class LoggedJobs {
public:
    /// The newest so many are kept.
    static constexpr std::size_t jobs_max = api_client::InfoServer::offers_max;

    /// In the order of the chain; logs of other contracts than `core` are ignored.
    void add(const Address& core, const std::vector<chain::Log>& logs);
    /// Blocks from this one on were replaced.
    void forget_from(std::uint64_t block);
    /// No block before this one is going to be replaced any more: what was taken before it is over, and so is what was
    /// not taken by this chain time.
    void settle(std::uint64_t block, std::int64_t deadline_unix_s);
    void clear() { jobs_.clear(), ++version_; }

    /// Open, and not past their deadlines at this chain time.
    [[nodiscard]] std::vector<api_client::JobOffer> open(std::int64_t now_unix_s) const;
    /// Of those, how many were requested in this block or before and are not in `listed`.
    [[nodiscard]] std::size_t missing_from(const std::vector<api_client::JobOffer>& listed, std::int64_t now_unix_s,
                                           std::uint64_t block) const;

    [[nodiscard]] const std::map<JobId, LoggedJob>& all() const { return jobs_; }
    void put(const JobId& id, const LoggedJob& job) { jobs_[id] = job, ++version_; }
    /// Grows with every change.
    [[nodiscard]] std::uint64_t version() const { return version_; }

private:
    void drop_surplus();

    std::map<JobId, LoggedJob> jobs_;
    std::uint64_t version_ = 0;
};

/// The note of it.
struct LogOffersNote {
    std::string cursor;  ///< LogFollower's
    LoggedJobs jobs;
};
std::string to_text(const LogOffersNote& note);
Result<LogOffersNote> read_log_offers_note(std::string_view text);

class LogOffers {
public:
    /// How far back the first look goes, and how many blocks are asked for at a time.
    static constexpr std::uint64_t blocks_back_max = 50'000, range_blocks = 2'000;
    /// So many ranges are all that is followed, and one that is too long ago.
    static constexpr std::size_t ranges_max = blocks_back_max / range_blocks + 2;
    /// How often the note is written at most, and after how many blocks without a change; what it lacks is read again
    /// after a restart.
    static constexpr Milliseconds note_every{60'000};
    static constexpr std::uint64_t note_blocks = 1'000;

    LogOffers(ContractPorts ports, Address core) : ports_(ports), core_(core) {}

    /// Takes in what is new, at most so many ranges of blocks; the next call goes on, also after an Error. One call at
    /// a time.
    Task<Result<void>> update(std::size_t ranges);
    /// From this block on, whatever was read before: `jobs` were open when it was the latest.
    void begin_at(std::uint64_t block, const std::map<JobId, LoggedJob>& jobs);
    [[nodiscard]] const LoggedJobs& jobs() const { return jobs_; }
    /// The block up to which the logs were read, of which time. Only after update().
    [[nodiscard]] const chain::Block& end() const { return end_; }
    [[nodiscard]] bool is_caught_up() const { return is_caught_up_; }
    /// A block that was at least `seconds` old at end(): the newest of those that are remembered, or 0.
    [[nodiscard]] std::uint64_t block_before(std::int64_t seconds) const;

private:
    /// Of the ends of earlier looks, so many, so far apart.
    static constexpr std::size_t ends_max = 64;
    static constexpr std::int64_t ends_apart_s = 10;

    void remember_end();
    Task<Result<void>> begin();
    void begin_anew(std::uint64_t latest);
    Task<Result<void>> advance();
    Task<Result<void>> write_note();
    [[nodiscard]] std::string note_key() const { return "contract_offers/" + core_.hex(); }

    ContractPorts ports_;
    Address core_;
    std::optional<chain::LogFollower> follower_;
    LoggedJobs jobs_;
    chain::Block end_;
    std::deque<chain::Block> ends_;  ///< oldest first
    bool is_caught_up_ = false;
    std::optional<Milliseconds> noted_at_;
    std::uint64_t noted_version_ = 0, noted_block_ = 0;
};

}  // namespace emeth::node
