#include "api_client/listed_job.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "runtime/json_fields.hpp"
#include "runtime/parse_number.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::api_client {
namespace {

constexpr std::string_view id_key = "id", owner_key = "owner", fee_key = "fee", bytes_key = "datasetSize",
                           deadline_key = "deadline";

void add_time(boost::json::object& object, std::string_view key, std::int64_t unix_s) {
    if (unix_s != 0) object[key] = unix_s;
}

/// A number, whether it is written as a number or as a string.
std::string hint(const boost::json::object& fields, std::string_view key) {
    const boost::json::value* value = fields.if_contains(key);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(value->get_string());
    return boost::json::serialize(*value);
}

/// 0 for a text that is none.
template <class Number>
Number whole_number(std::string_view text) {
    return parse_number<Number>(text).value_or(0);
}

}  // namespace

boost::json::object to_json(const ListedJob& job) {
    boost::json::object object{
        {id_key, job.id.hex()},         {owner_key, job.owner.hex()},   {"status", job.status},
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
    if (job.verdict_reason) object["verdictReason"] = *job.verdict_reason;
    return object;
}

Result<JobOffer> read_offer(const boost::json::value& entry, std::string_view list) {
    JsonObject fields(entry, list);
    JobOffer offer;
    offer.id = fields.fixed<JobId>(id_key);
    if (auto check = fields.check(); check.has_error()) return check.error();
    const boost::json::object& hints = entry.get_object();
    offer.fee = wei_from_decimal(hint(hints, fee_key)).value_or(Wei{});
    offer.dataset_bytes = whole_number<std::uint64_t>(hint(hints, bytes_key));
    constexpr std::int64_t latest_unix_s = 253'402'300'799;  // of the year 9999, like the chain's times
    offer.deadline_unix_s =
        std::clamp<std::int64_t>(whole_number<std::int64_t>(hint(hints, deadline_key)), 0, latest_unix_s);
    offer.owner = Address::parse(hint(hints, owner_key));
    return offer;
}

}  // namespace emeth::api_client
