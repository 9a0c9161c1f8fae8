#include "network/info_server/job_json.hpp"

#include <string_view>

#include "statemachine/amount_text.hpp"

namespace emeth::network {

namespace {

void add_time(boost::json::object& object, std::string_view key, std::int64_t unix_s) {
    if (unix_s != 0) object[key] = unix_s;
}

}  // namespace

boost::json::object job_json(const IndexedJob& job) {
    boost::json::object object{{"id", job.id.hex()},
                               {"owner", job.record.owner.hex()},
                               {"status", static_cast<std::uint64_t>(job.record.status)},
                               {"programId", job.details.program_id},
                               {"datasetPath", job.details.dataset},
                               {"param", job.details.param},
                               {"datasetSize", job.dataset_bytes},
                               {"fee", to_decimal(job.record.fee)},
                               {"deadline", job.record.deadline_unix_s}};
    if (!job.assign.node.is_zero()) {
        object["node"] = job.assign.node.hex();
        object["deposit"] = to_decimal(job.assign.deposit);
    }
    add_time(object, "requestedAt", job.record.requested_at_unix_s);
    add_time(object, "startedAt", job.assign.started_at_unix_s);
    add_time(object, "submittedAt", job.assign.submitted_at_unix_s);
    add_time(object, "verifiedAt", job.assign.verified_at_unix_s);
    return object;
}

}  // namespace emeth::network
