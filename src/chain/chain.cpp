#include "chain/chain.hpp"

#include "chain/fee_policy.hpp"

namespace emeth::chain {

std::string_view name(JobStatus status) {
    switch (status) {
        case JobStatus::requested:
            return "REQUESTED";
        case JobStatus::assigned:
            return "ASSIGNED";
        case JobStatus::processing:
            return "PROCESSING";
        case JobStatus::submitted:
            return "SUBMITTED";
        case JobStatus::verified:
            return "VERIFIED";
        case JobStatus::rejected:
            return "REJECTED";
        case JobStatus::canceled:
            return "CANCELED";
        case JobStatus::timeout:
            return "TIMEOUT";
        case JobStatus::failed:
            return "FAILED";
        case JobStatus::declined:
            return "DECLINED";
    }
    return "UNKNOWN";
}

std::optional<JobStatus> job_status(std::uint64_t code) {
    if (code > static_cast<std::uint64_t>(JobStatus::declined)) return std::nullopt;
    return static_cast<JobStatus>(code);
}

Task<Result<Fees>> Chain::fees() {
    const Result<Wei> price = co_await gas_price();
    if (price.has_error()) co_return price.error();
    co_return legacy_fees(*price);
}

Task<Result<JobRecord>> Chain::pending_job(JobId id) {
    return job(id);
}

}  // namespace emeth::chain
