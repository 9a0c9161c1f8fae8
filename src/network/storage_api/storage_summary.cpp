#include "network/storage_api/storage_summary.hpp"

#include "network/storage_api/upload_records.hpp"

namespace emeth::network {

boost::json::object to_json(const StorageSummary& summary) {
    boost::json::object json{{"datasets", summary.datasets},
                             {"results", summary.results},
                             {"uploadsOpen", summary.uploads_open},
                             {"bytes", summary.bytes_used},
                             {"limits",
                              {{"bytes", summary.limits.total_bytes_max},
                               {"addressBytes", summary.limits.address_bytes_max},
                               {"jobBytes", summary.limits.job_bytes_max},
                               {"datasetBytes", summary.limits.dataset_bytes_max},
                               {"diskFreeBytesMin", summary.limits.disk_free_bytes_min},
                               {"uploadsPerJob", UploadRecords::uploads_per_job_max},
                               {"unclaimedDatasetDays", summary.limits.unclaimed_dataset_days},
                               {"abandonedUploadDays", summary.limits.abandoned_upload_days},
                               {"endedJobDays", summary.limits.ended_job_days}}}};
    if (summary.disk_free_bytes) json["diskFreeBytes"] = *summary.disk_free_bytes;
    return json;
}

}  // namespace emeth::network
