// The open JOBs as the contract tells of them: for a node without a JOB info server. Io thread only.
//
// They are read from its logs. Where the endpoint does not serve these, or none as old as they are needed, they are
// read from its list of all JOBs instead, which takes a call for each. What the list says is then where the logs are
// taken up again: so an endpoint that keeps only new logs will do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/market/indexed_offers.hpp"
#include "node/market/log_offers.hpp"
#include "runtime/async_mutex.hpp"

namespace emeth::node {

class ContractOffers {
public:
    /// So many failures in a row, and the endpoint does not serve logs if it answers everything else. One is enough if
    /// it is permanent, as for a method that it does not know. What else endpoints say then says nothing: each has
    /// words of its own.
    static constexpr unsigned log_failures_max = 3;
    static constexpr Milliseconds logs_tried_every{600'000};
    /// Calls that read the list, instead of one range of blocks.
    static constexpr std::size_t reads_per_range = 15;

    ContractOffers(asio::any_io_executor executor, ContractPorts ports, const Address& core)
        : clock_(ports.clock), logs_(ports, core), list_(ports, core), one_at_a_time_(std::move(executor)) {}

    /// Takes in what is new, at most so many ranges of blocks; the next call goes on, also after an Error.
    Task<Result<void>> update(std::size_t ranges = LogOffers::ranges_max);

    // What the last update() knew.
    /// Open, and not past their deadlines.
    [[nodiscard]] std::vector<api_client::JobOffer> open() const;
    /// Of those, how many were requested at least so long ago and are not in `listed`.
    [[nodiscard]] std::size_t missing_from(const std::vector<api_client::JobOffer>& listed,
                                           std::int64_t requested_ago_s) const;
    /// Up to which block.
    [[nodiscard]] std::uint64_t end() const { return by_list_ ? list_.latest().number : logs_.end().number; }
    /// The list is worth something also while it is being read, as it is read from the newest JOB on.
    [[nodiscard]] bool is_caught_up() const { return by_list_ || logs_.is_caught_up(); }

private:
    Task<Result<void>> read_logs(std::size_t ranges);
    Task<Result<void>> read_list(std::size_t ranges);
    [[nodiscard]] bool must_try_logs() const;
    void begin_logs_after_list();

    const Clock& clock_;
    LogOffers logs_;
    IndexedOffers list_;
    AsyncMutex one_at_a_time_;
    bool by_list_ = false;
    unsigned log_failures_ = 0;
    Milliseconds logs_tried_at_{0};  ///< monotonic
};

}  // namespace emeth::node
