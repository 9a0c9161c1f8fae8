// How full a Storage API is, for who looks at it: figures alone, no name of an object and no path.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "network/storage_api/storage_limits.hpp"

namespace emeth::network {

struct StorageSummary {
    std::size_t datasets = 0, results = 0;  ///< complete objects; evidence counts as a result
    std::size_t uploads_open = 0;
    std::uint64_t bytes_used = 0;
    std::optional<std::uint64_t> disk_free_bytes;  ///< none: the disk does not say
    StorageLimits limits;
};

/// {datasets, results, uploadsOpen, bytes, diskFreeBytes?, limits: {bytes, addressBytes, jobBytes, datasetBytes,
/// diskFreeBytesMin, uploadsPerJob, unclaimedDatasetDays, abandonedUploadDays, endedJobDays}}.
boost::json::object to_json(const StorageSummary& summary);

}  // namespace emeth::network
