// What a Storage API takes in: sizes, quotas, and how long what nobody needs is kept.
#pragma once

#include <cstddef>
#include <cstdint>

#include "api_client/storage_api_client.hpp"

namespace emeth::network {

struct StorageLimits {
    std::uint64_t dataset_bytes_max = api_client::dataset_bytes_max;
    std::uint64_t total_bytes_max = std::uint64_t{4} << 40;        ///< of all objects and open uploads together
    std::uint64_t disk_free_bytes_min = std::uint64_t{256} << 20;  ///< uploads must leave this much free
    /// Of one address: its datasets, and the parts of its open uploads. Room for four of the largest datasets.
    std::uint64_t address_bytes_max = std::uint64_t{256} << 30;
    /// Of one JOB: the parts of its open uploads, its results and its evidence. The largest file that can be uploaded
    /// has 100 GB.
    std::uint64_t job_bytes_max = std::uint64_t{128} << 30;

    std::int64_t unclaimed_dataset_days = 2;  ///< a dataset waits so long for its JOB to be requested
    std::int64_t abandoned_upload_days = 30;  ///< an upload waits so long for somebody to come back to it
    std::int64_t ended_job_days = 30;         ///< what a JOB leaves is kept so long
};

}  // namespace emeth::network
