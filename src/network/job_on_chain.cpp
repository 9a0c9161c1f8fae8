#include "network/job_on_chain.hpp"

#include <utility>

namespace emeth::network {

Task<Result<std::optional<JobOnChain>>> read_job(chain::Chain& chain, JobId id) {
    const auto record = co_await chain.job(id);
    if (record.has_error()) co_return record.error();
    if (!record->exist) co_return std::optional<JobOnChain>{};
    auto details = co_await chain.job_details(id);
    if (details.has_error()) co_return details.error();
    const auto assign = co_await chain.job_assign(id);
    if (assign.has_error()) co_return assign.error();
    co_return std::optional(JobOnChain{id, *record, std::move(*details), *assign});
}

}  // namespace emeth::network
