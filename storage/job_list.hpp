// What a JOB info server keeps: every JOB as the contract has it, in the orders in which they are listed, and how far
// the chain has been read. Each change is one synced batch. All calls block (the server makes them on the blocking
// pool) and are thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::storage {

class RocksDatabase;
class Batch;
struct ListState;

struct IndexedJob {
    JobId id;
    Address owner;
    std::uint8_t status = 0;  ///< as on chain
    std::uint64_t program_id = 0;
    std::string dataset, param;
    Wei fee;
    std::int64_t deadline_unix_s = 0;
    std::int64_t requested_at_unix_s = 0;
    Address node;  ///< zero: nobody's
    Wei deposit;
    std::int64_t started_at_unix_s = 0;  ///< this and the following: 0 if it has not happened yet
    std::int64_t submitted_at_unix_s = 0;
    std::int64_t verified_at_unix_s = 0;
    std::uint64_t seen_block = 0;                 ///< the contract had this content in that block, or in one before it
    std::uint64_t dataset_bytes = 0;              ///< 0: not known yet
    std::optional<std::string> verdict_reason{};  ///< of a JOB that was rejected; none: not known yet

    friend bool operator==(const IndexedJob&, const IndexedJob&) = default;
};

inline constexpr std::uint8_t listed_status_count = 10;
inline constexpr std::uint8_t open_status = 0, rejected_status = 8;

enum class JobOrder : std::uint8_t {
    newest,    ///< by the time of the request
    oldest,    ///< the same, the other way round
    fee,       ///< the highest first; open JOBs only
    deadline,  ///< the earliest first; open JOBs only
};

struct JobQuery {
    std::optional<std::uint8_t> status;
    std::optional<Address> owner, node;  ///< at most one of them
    JobOrder order = JobOrder::newest;
    std::size_t jobs_max = 0;
    std::optional<JobId> after;  ///< the list begins behind this JOB, which must be known
};

/// Which chain and contract a list is of.
struct ListIdentity {
    std::uint64_t chain_id = 0;
    Address core;
    std::uint64_t start_block = 0;
    Hash256 genesis;

    friend bool operator==(const ListIdentity&, const ListIdentity&) = default;
};

struct ListPosition {
    std::string cursor{};     ///< of the reader of logs; empty: nothing was read
    std::uint64_t block = 0;  ///< up to which the list is complete
    std::int64_t block_unix_s = 0;
    std::uint64_t head_block = 0;  ///< the latest block when JOBs were read last, which may be ahead of `block`
    Hash256 head_hash;
};

/// What the Storage API is still to be asked about a JOB.
enum class LookupKind : std::uint8_t { dataset_bytes = 1, verdict_reason = 2 };
struct Lookup {
    LookupKind kind = LookupKind::dataset_bytes;
    JobId job;

    friend auto operator<=>(const Lookup&, const Lookup&) = default;
};

struct ListUpdate {
    /// As the contract has them. dataset_bytes and verdict_reason do not count: what is known of them stays, except
    /// those of another dataset or verdict.
    std::vector<IndexedJob> read{};
    std::vector<JobId> gone{};  ///< a reorganisation took back their requests
    ListPosition position{};
};

/// What an update changed.
struct ListChanges {
    std::vector<JobId> jobs;
    std::vector<Lookup> lookups;  ///< that are wanted from now on
};

class JobList {
public:
    /// The folder is made if missing. Errors: it is damaged, in use, or written by a newer emeth.
    static Result<std::unique_ptr<JobList>> open(const std::filesystem::path& folder);
    ~JobList();
    JobList(const JobList&) = delete;
    JobList& operator=(const JobList&) = delete;

    /// None: nothing was ever put into it.
    std::optional<ListIdentity> identity();
    ListPosition position();
    /// Of JOBs by status.
    std::array<std::uint64_t, listed_status_count> counts();

    /// An empty list of that chain, whatever was in it.
    Result<void> begin(const ListIdentity& identity);
    Result<ListChanges> apply(const ListUpdate& update);
    Result<std::optional<IndexedJob>> find(const JobId& id);
    /// Visits the JOBs in order until `visit` returns false; true if there is at least one more, or that one.
    Result<bool> list(const JobQuery& query, const std::function<bool(const IndexedJob&)>& visit);
    /// Those with seen_block ≥ `block`.
    Result<std::vector<JobId>> seen_since(std::uint64_t block);

    /// The first `count_max` that are wanted.
    Result<std::vector<Lookup>> lookups(std::size_t count_max);
    /// What the Storage API said; none: it is not asked any more. False if the JOB is another one by now.
    Result<bool> answer_dataset_bytes(const IndexedJob& asked, std::optional<std::uint64_t> bytes);
    Result<bool> answer_verdict_reason(const IndexedJob& asked, std::optional<std::string> reason);

private:
    explicit JobList(std::filesystem::path folder);
    Result<void> open_database();
    Result<void> load_state();
    Result<std::shared_ptr<RocksDatabase>> database();
    ListState state();
    Result<void> commit(Batch& batch, const ListState& state);
    Result<void> take_in(IndexedJob job, Batch& batch, ListState& state, ListChanges& changes);
    Result<void> drop(const JobId& id, Batch& batch, ListState& state, ListChanges& changes);
    Result<bool> answer(const Lookup& lookup, const std::function<bool(IndexedJob&)>& change);

    std::filesystem::path folder_;
    std::mutex writer_;  ///< one change at a time, from reading what it replaces to its commit
    std::mutex mutex_;   ///< guards what follows
    std::shared_ptr<RocksDatabase> database_;
    std::unique_ptr<ListState> state_;
};

}  // namespace emeth::storage
