#include "trainer_protocol/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "runtime/json_fields.hpp"
#include "trainer_protocol/artifact_json.hpp"
#include "trainer_protocol/network_rules.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::uint32_t threads_max = 1'024;
constexpr std::uint32_t micro_batch_max = 65'536;
constexpr std::uint32_t checkpoint_interval_ms_max = 24 * 3600 * 1000;
constexpr std::uint64_t count_max = std::uint64_t{1} << 53;
constexpr std::uint32_t timeout_ms_max = 24 * 3600 * 1000;
constexpr std::uint32_t trial_steps_max = 1'000'000;

std::uint32_t u32(JsonObject& object, std::string_view key, std::uint32_t minimum, std::uint32_t maximum) {
    return static_cast<std::uint32_t>(object.u64(key, minimum, maximum));
}

std::filesystem::path absolute_path(JsonObject& object, std::string_view key) {
    std::string text = object.string(key, path_bytes_max);
    if (!text.starts_with('/') || text.find('\0') != std::string::npos) object.reject(key, "an absolute path");
    return text;
}

json::object job_to_json(const JobSpec& job) {
    return {{"id", job.id.hex()}, {"language", job.language}, {"epochs", job.epochs}, {"model", job.model}};
}

JobSpec parse_job(JsonObject object) {
    JobSpec job;
    job.id = object.fixed<JobId>("id");
    job.language = object.string("language", name_bytes_max);
    if (job.language != "en" && job.language != "ja") object.reject("language", "\"en\" or \"ja\"");
    job.epochs = u32(object, "epochs", 1, epochs_max);
    job.model = object.string("model", name_bytes_max);
    if (!is_preset_name(job.model)) object.reject("model", "the name of a preset");
    return job;
}

json::object compute_to_json(const ComputeOptions& compute) {
    return {{"device", compute.device},
            {"threads", compute.threads},
            {"microBatch", compute.micro_batch},
            {"precision", compute.precision},
            {"checkpointIntervalMs", compute.checkpoint_interval_ms}};
}

ComputeOptions parse_compute(JsonObject object) {
    ComputeOptions compute;
    compute.device = object.string("device", name_bytes_max);
    if (!is_device(compute.device)) object.reject("device", "\"cpu\", \"cuda\", \"cuda:n\" or \"auto\"");
    compute.threads = u32(object, "threads", 1, threads_max);
    compute.micro_batch = u32(object, "microBatch", 0, micro_batch_max);
    compute.precision = object.string("precision", name_bytes_max);
    if (compute.precision != "auto" && compute.precision != "bf16" && compute.precision != "float32")
        object.reject("precision", "\"auto\", \"bf16\" or \"float32\"");
    compute.checkpoint_interval_ms = u32(object, "checkpointIntervalMs", 0, checkpoint_interval_ms_max);
    return compute;
}

json::object cooperation_to_json(const CooperationOptions& cooperation) {
    return {{"host", cooperation.host},
            {"timeoutMs", cooperation.timeout_ms},
            {"trialSteps", cooperation.trial_steps},
            {"opensAfterMs", cooperation.opens_after_ms}};
}

CooperationOptions parse_cooperation(JsonObject object) {
    CooperationOptions cooperation;
    cooperation.host = read_ip_address(object, "host");
    cooperation.timeout_ms = u32(object, "timeoutMs", 1, timeout_ms_max);
    cooperation.trial_steps = u32(object, "trialSteps", 0, trial_steps_max);
    cooperation.opens_after_ms = u32(object, "opensAfterMs", 0, timeout_ms_max);
    return cooperation;
}

TrainRequest parse_train(JsonObject& object) {
    TrainRequest request;
    request.job = parse_job(object.object("job"));
    request.folder = absolute_path(object, "folder");
    request.dataset_sha256 = object.fixed<Hash256>("datasetSha256");
    request.compute = parse_compute(object.object("compute"));
    if (object.has("cooperation")) request.cooperation = parse_cooperation(object.object("cooperation"));
    return request;
}

HelpRequest parse_help(JsonObject& object) {
    HelpRequest request{parse_train(object), read_rendezvous(object.object("rendezvous"))};
    if (!request.train.cooperation) object.reject("cooperation", "an object");
    return request;
}

CheckRequest parse_check(JsonObject& object) {
    CheckRequest request;
    request.job = parse_job(object.object("job"));
    request.artifact = absolute_path(object, "artifact");
    request.dataset = absolute_path(object, "dataset");
    request.folder = absolute_path(object, "folder");
    request.compute = parse_compute(object.object("compute"));
    request.evidence = absolute_path(object, "evidence");
    request.block_hash = object.fixed<Hash256>("blockHash");
    request.draws = u32(object, "draws", 1, draws_max);
    return request;
}

CalibrateRequest parse_calibrate(JsonObject& object) {
    CalibrateRequest request;
    request.compute = parse_compute(object.object("compute"));
    if (object.has("known")) request.known = read_calibration(object.object("known"));
    return request;
}

json::object train_to_json(std::string_view type, const TrainRequest& request) {
    json::object object{{"type", type},
                        {"job", job_to_json(request.job)},
                        {"folder", request.folder.native()},
                        {"datasetSha256", request.dataset_sha256.hex()},
                        {"compute", compute_to_json(request.compute)}};
    if (request.cooperation) object["cooperation"] = cooperation_to_json(*request.cooperation);
    return object;
}

struct RequestWriter {
    json::value operator()(const TrainRequest& request) const { return train_to_json("train", request); }
    json::value operator()(const HelpRequest& request) const {
        json::object object = train_to_json("help", request.train);
        object["rendezvous"] = to_json(request.rendezvous);
        return object;
    }
    json::value operator()(const CalibrateRequest& request) const {
        json::object object{{"type", "calibrate"}, {"compute", compute_to_json(request.compute)}};
        if (request.known) object["known"] = to_json(*request.known);
        return object;
    }
    json::value operator()(const CheckRequest& request) const {
        return json::object{{"type", "check"},
                            {"job", job_to_json(request.job)},
                            {"artifact", request.artifact.native()},
                            {"dataset", request.dataset.native()},
                            {"folder", request.folder.native()},
                            {"compute", compute_to_json(request.compute)},
                            {"evidence", request.evidence.native()},
                            {"blockHash", request.block_hash.hex()},
                            {"draws", request.draws}};
    }
};

json::object deviation_to_json(const Deviation& deviation) {
    return {{"weights", finite_number(deviation.weights)},
            {"weightedWeights", finite_number(deviation.weighted_weights)},
            {"firstMoments", finite_number(deviation.first_moments)},
            {"secondMoments", finite_number(deviation.second_moments)},
            {"nextStep", finite_number(deviation.next_step)},
            {"loss", finite_number(deviation.loss)}};
}

struct ReportWriter {
    json::value operator()(const Calibrated& report) const {
        return json::object{{"type", "calibrated"}, {"calibration", to_json(report.calibration)}};
    }
    json::value operator()(const Prepared& report) const {
        return json::object{{"type", "prepared"}, {"tokens", report.tokens}, {"stepsTotal", report.steps_total}};
    }
    json::value operator()(const Started& report) const {
        return json::object{{"type", "started"}, {"step", report.step}};
    }
    json::value operator()(const Progress& report) const {
        return json::object{{"type", "progress"},
                            {"stage", report.stage},
                            {"epoch", report.epoch},
                            {"step", report.step},
                            {"stepsTotal", report.steps_total},
                            {"loss", finite_number(report.loss)},
                            {"tokensPerS", finite_number(report.tokens_per_s)},
                            {"workers", report.workers}};
    }
    json::value operator()(const RendezvousOpened& report) const {
        return json::object{{"type", "rendezvousOpened"}, {"rendezvous", to_json(report.rendezvous)}};
    }
    json::value operator()(const Helped& report) const {
        return json::object{{"type", "helped"}, {"steps", report.steps}};
    }
    json::value operator()(const CheckpointSaved& report) const {
        return json::object{{"type", "checkpointSaved"}, {"checkpoint", to_json(report.checkpoint)}};
    }
    json::value operator()(const Trained& report) const {
        return json::object{{"type", "trained"}, {"artifact", to_json(report.artifact)}};
    }
    json::value operator()(const Checked& report) const {
        return json::object{{"type", "checked"},
                            {"passed", report.passed},
                            {"reason", report.reason},
                            {"claimedValidationLoss", finite_number(report.claimed_validation_loss)},
                            {"recomputedValidationLoss", finite_number(report.recomputed_validation_loss)},
                            {"worst", deviation_to_json(report.worst)}};
    }
    json::value operator()(const Failed& report) const {
        return json::object{{"type", "failed"}, {"permanent", report.permanent}, {"message", report.message}};
    }
};

Progress parse_progress(JsonObject& object) {
    Progress report;
    report.stage = object.string("stage", name_bytes_max);
    report.epoch = u32(object, "epoch", 0, epochs_max);
    report.step = object.u64("step", 0, count_max);
    report.steps_total = object.u64("stepsTotal", 0, count_max);
    report.loss = object.number("loss");
    report.tokens_per_s = object.number("tokensPerS");
    report.workers = u32(object, "workers", 1, workers_max);
    return report;
}

CheckpointSaved parse_checkpoint_saved(JsonObject& object) {
    JsonObject checkpoint = object.object("checkpoint");
    return {read_checkpoint(checkpoint)};
}

Trained parse_trained(JsonObject& object) {
    JsonObject artifact = object.object("artifact");
    return {read_artifact(artifact, count_max)};
}

Deviation parse_deviation(JsonObject object) {
    Deviation deviation;
    deviation.weights = object.number("weights");
    deviation.weighted_weights = object.number("weightedWeights");
    deviation.first_moments = object.number("firstMoments");
    deviation.second_moments = object.number("secondMoments");
    deviation.next_step = object.number("nextStep");
    deviation.loss = object.number("loss");
    return deviation;
}

Checked parse_checked(JsonObject& object) {
    Checked report;
    report.passed = object.boolean("passed");
    report.reason = object.string("reason", text_bytes_max);
    report.claimed_validation_loss = object.number("claimedValidationLoss");
    report.recomputed_validation_loss = object.number("recomputedValidationLoss");
    report.worst = parse_deviation(object.object("worst"));
    return report;
}

TrainerReport parse_report_of_type(JsonObject& object, std::string_view type) {
    if (type == "prepared") return Prepared{object.u64("tokens", 0, count_max), object.u64("stepsTotal", 0, count_max)};
    if (type == "started") return Started{object.u64("step", 0, count_max)};
    if (type == "progress") return parse_progress(object);
    if (type == "checkpointSaved") return parse_checkpoint_saved(object);
    if (type == "trained") return parse_trained(object);
    if (type == "checked") return parse_checked(object);
    if (type == "rendezvousOpened") return RendezvousOpened{read_rendezvous(object.object("rendezvous"))};
    if (type == "helped") return Helped{object.u64("steps", 0, count_max)};
    if (type == "calibrated") return Calibrated{read_calibration(object.object("calibration"))};
    if (type != "failed") object.reject("type", "a report of emeth-trainer");
    return Failed{object.boolean("permanent"), object.string("message", text_bytes_max)};
}

}  // namespace

bool is_device(std::string_view text) {
    constexpr std::string_view numbered = "cuda:";
    if (text == "cpu" || text == "cuda" || text == "auto") return true;
    if (!text.starts_with(numbered)) return false;
    const std::string_view number = text.substr(numbered.size());
    return !number.empty() && number.size() <= 3 &&
           std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

json::value to_json(const Request& request) {
    return std::visit(RequestWriter{}, request);
}

json::value to_json(const TrainerReport& report) {
    return std::visit(ReportWriter{}, report);
}

Result<Request> parse_request(const json::value& value) {
    JsonObject object(value, "request to emeth-trainer");
    const std::string type = object.string("type", name_bytes_max);
    Request request;
    if (type == "train")
        request = parse_train(object);
    else if (type == "check")
        request = parse_check(object);
    else if (type == "help")
        request = parse_help(object);
    else if (type == "calibrate")
        request = parse_calibrate(object);
    else
        object.reject("type", "\"train\", \"check\", \"help\" or \"calibrate\"");
    if (Result<void> check = object.check(); check.has_error()) return check.error();
    return request;
}

Result<TrainerReport> parse_report(const json::value& value) {
    JsonObject object(value, "report of emeth-trainer");
    const std::string type = object.string("type", name_bytes_max);
    TrainerReport report = parse_report_of_type(object, type);
    if (Result<void> check = object.check(); check.has_error()) return check.error();
    return report;
}

}  // namespace emeth::trainer_protocol
