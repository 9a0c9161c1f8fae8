// The open JOBs as the contract's list of all JOBs (jobIndexes) tells of them: for a node whose endpoint does not serve
// the contract's logs. Io thread only.
//
// Nothing tells how long the list is: its end is looked for in steps that double, then by bisection. Of what is there
// at first the newest indexes_max are read, from the end backwards; then whatever is added. The status of those that
// are open is read again and again. All this is only a hint, like an info server's list: before a deposit, each JOB is
// read from the contract. The position and the open JOBs go into a note, so that a restart goes on from there.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_client/info_server_client.hpp"
#include "chain/chain.hpp"
#include "node/market/contract_ports.hpp"

namespace emeth::node {

struct IndexedJob {
    Address owner;
    Wei fee;  ///< EMT wei
    std::int64_t deadline_unix_s = 0, requested_at_unix_s = 0;
    std::uint64_t read_in_block = 0;              ///< when it was last open, the chain's latest block
    std::optional<std::uint64_t> taken_in_block;  ///< or cancelled, in this one or before
    std::optional<Milliseconds> read_at;          ///< monotonic; none: before a restart or a reorganisation
};

/// What was read: of the indexes [floor, next), those from `low` on.
struct IndexedOffersNote {
    std::uint64_t floor = 0, low = 0, next = 0;
    std::deque<JobId> newest;  ///< at the last indexes before `next`, to recognise a reorganisation
    chain::Block latest;       ///< of the chain at that time
    std::map<JobId, IndexedJob> jobs;
};
std::string to_text(const IndexedOffersNote& note);
Result<IndexedOffersNote> read_indexed_offers_note(std::string_view text);

class IndexedOffers {
public:
    /// How many of the JOBs that are there at first are read, and how many open ones are kept.
    static constexpr std::uint64_t indexes_max = api_client::InfoServer::offers_max;
    static constexpr std::size_t newest_max = 64;
    /// How often the status of an open JOB is read again.
    static constexpr Milliseconds refreshed_every{60'000};
    /// How often the note is written at most; what it lacks is read again after a restart.
    static constexpr Milliseconds note_every{60'000};

    IndexedOffers(ContractPorts ports, const Address& core)
        : ports_(ports), note_key_("indexed_offers/" + core.hex()) {}

    /// Takes in what is new with about so many calls, besides those that look for the end; the next call goes on, also
    /// after an Error. One call at a time.
    Task<Result<void>> update(std::size_t reads);

    /// Open, and not past their deadlines, as of latest().
    [[nodiscard]] std::vector<api_client::JobOffer> open() const;
    /// Of those, how many the last update() read, were requested so long ago and are not in `listed`.
    [[nodiscard]] std::size_t missing_from(const std::vector<api_client::JobOffer>& listed,
                                           std::int64_t requested_ago_s) const;
    /// All that there is was read.
    [[nodiscard]] bool is_complete() const { return is_at_end_ && state_.low == state_.floor; }
    [[nodiscard]] const std::map<JobId, IndexedJob>& jobs() const { return state_.jobs; }
    [[nodiscard]] const chain::Block& latest() const { return state_.latest; }

private:
    Task<Result<void>> begin();
    Task<Result<void>> advance();
    Task<Result<bool>> was_reorganised();
    Task<Result<void>> read_newest_again();
    Task<Result<std::uint64_t>> find_end();
    void begin_anew(std::uint64_t end);
    Task<Result<void>> read_forwards(std::uint64_t end);
    Task<Result<void>> read_backwards();
    Task<Result<void>> refresh();
    /// None: there is no JOB at this index.
    Task<Result<std::optional<JobId>>> read(std::uint64_t index);
    Task<Result<void>> read_job(JobId id);
    void keep(const JobId& id, const chain::JobRecord& record);
    void settle();
    Task<Result<void>> write_note();
    [[nodiscard]] bool is_open(const IndexedJob& job) const;

    ContractPorts ports_;
    std::string note_key_;
    bool has_begun_ = false, is_at_end_ = false, must_read_again_ = false;
    IndexedOffersNote state_;
    std::size_t reads_left_ = 0;
    Milliseconds began_at_{0};  ///< of the last update
    std::optional<Milliseconds> noted_at_;
};

}  // namespace emeth::node
