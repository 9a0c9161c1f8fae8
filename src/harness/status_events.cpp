#include "harness/status_events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace emeth::harness {

using chain::JobStatus;

Task<Result<void>> check_one_life(chain::Chain& chain, JobId job) {
    const auto logs = co_await chain.status_logs(job, 0);
    if (logs.has_error()) co_return logs.error();
    for (const auto status : {JobStatus::processing, JobStatus::submitted, JobStatus::verified}) {
        const auto count =
            std::count_if(logs->begin(), logs->end(), [status](const auto& log) { return log.status == status; });
        if (count != 1)
            co_return permanent_error(
                fmt::format("JOB {} became {} {} times on chain", job.hex(), chain::name(status), count));
    }
    co_return Result<void>{};
}

}  // namespace emeth::harness
