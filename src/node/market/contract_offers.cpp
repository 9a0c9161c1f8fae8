#include "node/market/contract_offers.hpp"

#include <algorithm>
#include <utility>

#include "chain/reorganisation.hpp"
#include "runtime/log.hpp"

namespace emeth::node {

Task<Result<void>> ContractOffers::update(std::size_t ranges) {
    const AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
    if (by_list_ && !must_try_logs()) co_return co_await read_list(ranges);
    if (by_list_) begin_logs_after_list();
    const Result<void> followed = co_await read_logs(ranges);
    if (followed.has_value()) co_return followed;
    if (!by_list_ && log_failures_ < log_failures_max && followed.error().kind != ErrorKind::permanent)
        co_return followed;
    const Result<void> read = co_await read_list(ranges);
    if (by_list_) co_return read;
    if (read.has_error()) co_return followed;  // it is not about the logs
    by_list_ = true;
    spdlog::warn("open JOBs are read from the contract's list of JOBs, since its logs cannot be read: {}",
                 followed.error().message);
    co_return read;
}

Task<Result<void>> ContractOffers::read_logs(std::size_t ranges) {
    logs_tried_at_ = clock_.monotonic();
    const Result<void> followed = co_await logs_.update(ranges);
    if (followed.has_error()) {
        ++log_failures_;
        co_return followed;
    }
    log_failures_ = 0;
    if (std::exchange(by_list_, false)) spdlog::info("open JOBs are read from the contract's logs again");
    co_return followed;
}

Task<Result<void>> ContractOffers::read_list(std::size_t ranges) {
    return list_.update(ranges * reads_per_range);
}

/// Before the list was read to its end, the logs would begin without the JOBs that were not.
bool ContractOffers::must_try_logs() const {
    return list_.is_complete() && clock_.monotonic() >= logs_tried_at_ + logs_tried_every;
}

/// From the block on in which the first of the open JOBs may have been taken without the list's noticing, and from
/// where a reorganisation may open again what the list knew as taken. Requests count as made before: no reorganisation
/// of later blocks takes them back.
void ContractOffers::begin_logs_after_list() {
    std::uint64_t first = list_.latest().number;
    for (const auto& [id, job] : list_.jobs())
        if (!job.taken_in_block) first = std::min(first, job.read_in_block);
    first -= std::min(first, chain::reorganisation_blocks_max);
    std::map<JobId, LoggedJob> jobs;
    for (const auto& [id, job] : list_.jobs())
        if (!job.taken_in_block)
            jobs[id] = {job.owner, job.fee, job.deadline_unix_s, first > 0 ? first - 1 : 0, std::nullopt};
    logs_.begin_at(first, jobs);
}

std::vector<api_client::JobOffer> ContractOffers::open() const {
    return by_list_ ? list_.open() : logs_.jobs().open(logs_.end().timestamp_unix_s);
}

std::size_t ContractOffers::missing_from(const std::vector<api_client::JobOffer>& listed,
                                         std::int64_t requested_ago_s) const {
    if (by_list_) return list_.missing_from(listed, requested_ago_s);
    return logs_.jobs().missing_from(listed, logs_.end().timestamp_unix_s, logs_.block_before(requested_ago_s));
}

}  // namespace emeth::node
