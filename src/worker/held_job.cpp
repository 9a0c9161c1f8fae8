#include "worker/held_job.hpp"

#include <boost/json/object.hpp>
#include <limits>
#include <utility>

#include "runtime/json_fields.hpp"
#include "trainer_protocol/artifact_json.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::worker {
namespace {

constexpr std::size_t name_bytes_max = 64;

boost::json::object fields(const DatasetFacts& facts) {
    return {{"tokens", facts.tokens}, {"steps_total", facts.steps_total}, {"acknowledged", facts.acknowledged}};
}

boost::json::object fields(const ArtifactFacts& facts) {
    boost::json::object object = trainer_protocol::to_json(facts.artifact);
    object["acknowledged"] = facts.acknowledged;
    return object;
}

DatasetFacts read_dataset(JsonObject json) {
    return {json.u64("tokens"), json.u64("steps_total"), json.boolean("acknowledged")};
}

ArtifactFacts read_artifact(JsonObject json) {
    return {trainer_protocol::read_artifact(json, std::numeric_limits<std::uint64_t>::max()),
            json.boolean("acknowledged")};
}

bool same_work(const trainer_protocol::JobSpec& a, const trainer_protocol::JobSpec& b) {
    return a.id == b.id && a.language == b.language && a.epochs == b.epochs && a.model == b.model;
}

}  // namespace

std::string to_json(const HeldJob& job) {
    boost::json::object json{
        {"job", job.spec.id.hex()},          {"lease", job.lease},        {"helping", job.helping},
        {"language", job.spec.language},     {"epochs", job.spec.epochs}, {"model", job.spec.model},
        {"dataset_bytes", job.dataset_bytes}};
    if (job.dataset_sha256) json["dataset_sha256"] = job.dataset_sha256->hex();
    if (job.dataset) json["dataset"] = fields(*job.dataset);
    if (job.artifact) json["artifact"] = fields(*job.artifact);
    return json_text(json) + "\n";
}

Result<HeldJob> parse_held_job(std::string_view text, const JobId& id) {
    const auto json = parse_json(text, record_bytes_max, "job.json");
    if (json.has_error()) return json.error();
    JsonObject object(*json, "job.json");
    HeldJob job;
    job.spec.id = object.fixed<JobId>("job");
    if (job.spec.id != id) object.reject("job", "the id that the folder is named after");
    job.lease = object.u64("lease");
    job.helping = object.optional_boolean("helping").value_or(false);
    job.spec.language = object.string("language", name_bytes_max);
    job.spec.epochs = static_cast<std::uint32_t>(object.u64("epochs", 1, trainer_protocol::epochs_max));
    job.spec.model = object.string("model", name_bytes_max);
    job.dataset_bytes = object.u64("dataset_bytes", 1, worker_protocol::dataset_bytes_max);
    job.dataset_sha256 = object.optional_fixed<Hash256>("dataset_sha256");
    if (object.has("dataset")) job.dataset = read_dataset(object.object("dataset"));
    if (object.has("artifact")) job.artifact = read_artifact(object.object("artifact"));
    if (const auto check = object.check(); check.has_error()) return check.error();
    return job;
}

std::vector<worker_protocol::ReportBody> due_reports(const HeldJob& job) {
    std::vector<worker_protocol::ReportBody> due;
    if (job.helping) return due;
    if (job.dataset && job.dataset_sha256 && !job.dataset->acknowledged)
        due.emplace_back(worker_protocol::DatasetReady{*job.dataset_sha256, job.dataset_bytes, job.dataset->tokens,
                                                       job.dataset->steps_total});
    if (job.artifact && !job.artifact->acknowledged) due.emplace_back(worker_protocol::Trained{job.artifact->artifact});
    return due;
}

void begin_lease(HeldJob& job, std::uint64_t lease, bool helping) {
    job.lease = lease;
    job.helping = helping;
    if (job.dataset) job.dataset->acknowledged = false;
    if (job.artifact) job.artifact->acknowledged = false;
}

bool serves(const HeldJob& job, const worker_protocol::Assign& order) {
    return same_work(job.spec, order.spec) && job.dataset_bytes == order.dataset_bytes;
}

}  // namespace emeth::worker
