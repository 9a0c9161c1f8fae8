#include "api_client/listed_job.hpp"

#include "runtime/json_fields.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::api_client {
namespace {

constexpr std::string_view id_key = "id", fee_key = "fee", bytes_key = "datasetSize", deadline_key = "deadline";

void add_time(boost::json::object& object, std::string_view key, std::int64_t unix_s) {
    if (unix_s != 0) object[key] = unix_s;
}

}  // namespace

boost::json::object to_json(const ListedJob& job) {
    boost::json::object object{
        {id_key, job.id.hex()},         {"owner", job.owner.hex()},     {"status", job.status},
        {"programId", job.program_id},  {"datasetPath", job.dataset},   {"param", job.param},
        {bytes_key, job.dataset_bytes}, {fee_key, to_decimal(job.fee)}, {deadline_key, job.deadline_unix_s}};
    if (job.node) {
        object["node"] = job.node->hex();
        object["deposit"] = to_decimal(job.deposit);
    }
    add_time(object, "requestedAt", job.requested_at_unix_s);
    add_time(object, "startedAt", job.started_at_unix_s);
    add_time(object, "submittedAt", job.submitted_at_unix_s);
    add_time(object, "verifiedAt", job.verified_at_unix_s);
    return object;
}

Result<JobOffer> read_offer(const boost::json::value& entry, std::string_view list) {
    JsonObject fields(entry, list);
    JobOffer offer;
    offer.id = fields.fixed<JobId>(id_key);
    const auto fee = wei_from_decimal(fields.decimal(fee_key));
    offer.dataset_bytes = fields.u64(bytes_key);
    offer.deadline_unix_s = fields.i64(deadline_key);
    if (!fee) fields.reject(fee_key, "an amount of at most 256 bits");
    if (auto check = fields.check(); check.has_error()) return check.error();
    offer.fee = *fee;
    return offer;
}

}  // namespace emeth::api_client
