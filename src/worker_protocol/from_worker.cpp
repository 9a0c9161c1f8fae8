#include <boost/json/object.hpp>
#include <utility>

#include "runtime/json_fields.hpp"
#include "statemachine/upload_parts.hpp"
#include "trainer_protocol/artifact_json.hpp"
#include "trainer_protocol/calibration.hpp"
#include "trainer_protocol/network_rules.hpp"
#include "trainer_protocol/presets.hpp"
#include "trainer_protocol/rendezvous.hpp"
#include "worker_protocol/messages.hpp"
#include "worker_protocol/wire_text.hpp"

namespace emeth::worker_protocol {
namespace {

using trainer_protocol::epochs_max;

constexpr std::uint64_t power_capacity_max = 1'000'000'000'000;

boost::json::object with_kind(std::string_view kind, boost::json::object fields) {
    fields["kind"] = kind;
    return fields;
}

boost::json::object fields(const Hello& hello) {
    boost::json::array held;
    for (const HeldLease& lease : hello.held)
        held.push_back(boost::json::object{{"job", lease.job.hex()}, {"lease", lease.lease}});
    return {{"type", "hello"},
            {"challenge", hello.challenge.hex()},
            {"worker", hello.worker.hex()},
            {"signature", hello.signature.hex()},
            {"power_capacity", hello.power_capacity},
            {"held", std::move(held)},
            {"dialled", hello.dialled},
            {"cooperative_host", hello.cooperative_host},
            {"version", hello.version}};
}

boost::json::object body_fields(const DatasetReady& body) {
    return {{"kind", body.kind},
            {"sha256", body.sha256.hex()},
            {"bytes", body.bytes},
            {"tokens", body.tokens},
            {"steps_total", body.steps_total}};
}

boost::json::object body_fields(const TrainingStarted& body) {
    return {{"kind", body.kind}, {"step", body.step}, {"reason", wire_text(body.reason, sentence_bytes_max)}};
}

boost::json::object body_fields(const CheckpointSaved& body) {
    return with_kind(body.kind, trainer_protocol::to_json(body.checkpoint));
}

boost::json::object body_fields(const Trained& body) {
    return with_kind(body.kind, trainer_protocol::to_json(body.artifact));
}

boost::json::object body_fields(const PartUploaded& body) {
    return {{"kind", body.kind},
            {"part", body.part},
            {"etag", wire_text(body.etag, upload_etag_bytes_max)},
            {"upload_id", body.upload_id}};
}

boost::json::object body_fields(const EvidencePacked& body) {
    return {{"kind", body.kind},
            {"block_hash", body.block_hash.hex()},
            {"sha256", body.file.sha256.hex()},
            {"bytes", body.file.bytes}};
}

boost::json::object body_fields(const StepFailed& body) {
    return {{"kind", body.kind},
            {"step", wire_text(body.step, name_bytes_max)},
            {"permanent", body.permanent},
            {"message", wire_text(body.message, sentence_bytes_max)},
            {"needs_order", body.needs_order},
            {"url_refused", body.url_refused},
            {"service_failed", body.service_failed}};
}

boost::json::object body_fields(const Progress& body) {
    boost::json::object object{{"kind", body.kind},
                               {"stage", wire_text(body.stage, name_bytes_max)},
                               {"epoch", body.epoch},
                               {"step", body.step},
                               {"steps_total", body.steps_total},
                               {"bytes", body.bytes},
                               {"bytes_total", body.bytes_total},
                               {"loss", trainer_protocol::finite_number(body.loss)},
                               {"tokens_per_s", trainer_protocol::finite_number(body.tokens_per_s)},
                               {"workers", body.workers}};
    if (body.rendezvous) object["rendezvous"] = to_json(*body.rendezvous);
    return object;
}

boost::json::object fields(const Report& report) {
    return {{"type", "report"},
            {"id", report.id},
            {"job", report.job.hex()},
            {"lease", report.lease},
            {"report", std::visit([](const auto& body) { return body_fields(body); }, report.body)}};
}

boost::json::object fields(const Fitness& fitness) {
    boost::json::array speeds;
    for (const auto& [model, tokens_per_s] : fitness.tokens_per_s)
        speeds.push_back(boost::json::object{{"model", model}, {"tokens_per_s", tokens_per_s}});
    boost::json::object json{{"type", "fitness"},
                             {"unfit", wire_text(fitness.unfit, sentence_bytes_max)},
                             {"speeds", std::move(speeds)},
                             {"disk_free_bytes", fitness.disk_free_bytes},
                             {"states_free_bytes", fitness.states_free_bytes}};
    if (fitness.watts) json["watts"] = *fitness.watts;
    return json;
}

Fitness read_fitness(JsonObject& json) {
    Fitness fitness;
    fitness.unfit = json.string("unfit", sentence_bytes_max);
    fitness.disk_free_bytes = json.u64("disk_free_bytes");
    fitness.states_free_bytes = json.u64("states_free_bytes");
    fitness.watts = json.optional_u64("watts", 1, trainer_protocol::watts_max);
    for (JsonObject& speed : json.objects("speeds", presets_max)) {
        const std::string model = speed.string("model", name_bytes_max);
        const double tokens_per_s = speed.number("tokens_per_s");
        if (!trainer_protocol::is_preset_name(model)) speed.reject("model", "the name of a preset");
        if (!(tokens_per_s > 0)) speed.reject("tokens_per_s", "a positive number");
        fitness.tokens_per_s[model] = tokens_per_s;
    }
    return fitness;
}

Hello read_hello(JsonObject& json) {
    Hello hello;
    hello.challenge = json.fixed<Hash256>("challenge");
    hello.worker = json.fixed<Address>("worker");
    const auto signature = crypto::Signature::parse(json.string("signature", signature_hex_bytes));
    if (!signature) json.reject("signature", "65 bytes as hex with 0x");
    hello.signature = signature.value_or(crypto::Signature{});
    hello.power_capacity = json.u64("power_capacity", 0, power_capacity_max);
    for (JsonObject& lease : json.objects("held", held_leases_max))
        hello.held.push_back({lease.fixed<JobId>("job"), lease.u64("lease")});
    hello.dialled = json.optional_string("dialled", dialled_bytes_max).value_or("");
    if (json.has("cooperative_host"))
        hello.cooperative_host = trainer_protocol::read_ip_address(json, "cooperative_host");
    hello.version = json.optional_u64("version").value_or(1);
    return hello;
}

DatasetReady read_dataset_ready(JsonObject& json) {
    return {json.fixed<Hash256>("sha256"), json.u64("bytes", 1, dataset_bytes_max), json.u64("tokens"),
            json.u64("steps_total")};
}

PartUploaded read_part_uploaded(JsonObject& json) {
    return {static_cast<std::uint32_t>(json.u64("part", 1, upload_parts_max)),
            json.string("etag", upload_etag_bytes_max), json.string("upload_id", upload_id_bytes_max)};
}

EvidencePacked read_evidence_packed(JsonObject& json) {
    return {json.fixed<Hash256>("block_hash"),
            {json.fixed<Hash256>("sha256"), json.u64("bytes", 1, upload_part_bytes * upload_parts_max)}};
}

StepFailed read_step_failed(JsonObject& json) {
    return {json.string("step", name_bytes_max),
            json.boolean("permanent"),
            json.string("message", sentence_bytes_max),
            json.boolean("needs_order"),
            json.boolean("url_refused"),
            json.optional_boolean("service_failed").value_or(false)};
}

Progress read_progress(JsonObject& json) {
    Progress progress;
    progress.stage = json.string("stage", name_bytes_max);
    progress.epoch = static_cast<std::uint32_t>(json.u64("epoch", 0, epochs_max));
    progress.step = json.u64("step");
    progress.steps_total = json.u64("steps_total");
    progress.bytes = json.u64("bytes");
    progress.bytes_total = json.u64("bytes_total");
    progress.loss = json.number("loss");
    progress.tokens_per_s = json.number("tokens_per_s");
    progress.workers =
        static_cast<std::uint32_t>(json.optional_u64("workers", 1, trainer_protocol::workers_max).value_or(1));
    if (json.has("rendezvous")) progress.rendezvous = trainer_protocol::read_rendezvous(json.object("rendezvous"));
    return progress;
}

ReportBody read_body(JsonObject json) {
    const std::string kind = json.string("kind", name_bytes_max);
    if (kind == DatasetReady::kind) return read_dataset_ready(json);
    if (kind == TrainingStarted::kind)
        return TrainingStarted{json.u64("step"), json.string("reason", sentence_bytes_max)};
    if (kind == CheckpointSaved::kind) return CheckpointSaved{trainer_protocol::read_checkpoint(json)};
    if (kind == Trained::kind)
        return Trained{trainer_protocol::read_artifact(json, upload_part_bytes * upload_parts_max)};
    if (kind == PartUploaded::kind) return read_part_uploaded(json);
    if (kind == EvidencePacked::kind) return read_evidence_packed(json);
    if (kind == StepFailed::kind) return read_step_failed(json);
    if (kind != Progress::kind) json.reject("kind", "a report of a worker");
    return read_progress(json);
}

FromWorker read(const std::string& type, JsonObject& json) {
    if (type == "hello") return read_hello(json);
    if (type == "fitness") return read_fitness(json);
    if (type != "report") json.reject("type", "a message of a worker");
    Report report;
    report.id = json.u64("id");
    report.job = json.fixed<JobId>("job");
    report.lease = json.u64("lease");
    report.body = read_body(json.object("report"));
    const bool is_progress = std::holds_alternative<Progress>(report.body);
    if (is_progress != (report.id == 0)) json.reject("id", "0 for progress alone: every other report is acknowledged");
    return report;
}

}  // namespace

std::string encode(const FromWorker& message) {
    return std::visit([](const auto& body) { return json_text(fields(body)); }, message);
}

Result<FromWorker> parse_from_worker(std::string_view text) {
    const auto json = parse_json(text, text_bytes_max, "the worker's message");
    if (json.has_error()) return json.error();
    JsonObject object(*json, "the worker's message");
    FromWorker message = read(object.string("type", name_bytes_max), object);
    if (const auto check = object.check(); check.has_error()) return check.error();
    return message;
}

}  // namespace emeth::worker_protocol
