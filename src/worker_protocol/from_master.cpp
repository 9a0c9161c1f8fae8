#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <type_traits>
#include <utility>

#include "runtime/json_fields.hpp"
#include "statemachine/upload_parts.hpp"
#include "trainer_protocol/presets.hpp"
#include "worker_protocol/messages.hpp"
#include "worker_protocol/wire_text.hpp"

namespace emeth::worker_protocol {
namespace {

using trainer_protocol::epochs_max;

constexpr std::size_t model_bytes_max = 32;
constexpr std::int64_t state_index_end = trainer_protocol::segments_max;

boost::json::object fields(const Challenge& message) {
    return {{"type", "challenge"},
            {"challenge", message.challenge.hex()},
            {"master", message.master.hex()},
            {"version", message.version},
            {"binds_channel", message.binds_channel}};
}

boost::json::object fields(const Welcome& message) {
    return {{"type", "welcome"}, {"signature", message.signature.hex()}};
}

boost::json::object fields(const Assign& message) {
    const trainer_protocol::JobSpec& spec = message.spec;
    return {{"type", "assign"},
            {"job", message.job.hex()},
            {"lease", message.lease},
            {"language", spec.language},
            {"epochs", spec.epochs},
            {"model", spec.model},
            {"dataset_url", message.dataset_url},
            {"dataset_bytes", message.dataset_bytes},
            {"cooperative", message.cooperative}};
}

boost::json::object fields(const Join& message) {
    boost::json::object object = fields(message.work);
    object["type"] = "join";
    object["rendezvous"] = to_json(message.rendezvous);
    return object;
}

boost::json::array part_urls(const std::map<std::uint32_t, std::string>& urls) {
    boost::json::array parts;
    for (const auto& [part, url] : urls) parts.push_back(boost::json::object{{"part", part}, {"url", url}});
    return parts;
}

boost::json::object fields(const Upload& message) {
    return {{"type", "upload"},
            {"job", message.job.hex()},
            {"lease", message.lease},
            {"artifact_sha256", message.artifact_sha256.hex()},
            {"urls", part_urls(message.urls)},
            {"upload_id", message.upload_id}};
}

boost::json::object fields(const Evidence& message) {
    return {{"type", "evidence"},
            {"job", message.job.hex()},
            {"lease", message.lease},
            {"block_hash", message.block_hash.hex()},
            {"states", boost::json::array(message.states.begin(), message.states.end())},
            {"urls", part_urls(message.urls)},
            {"upload_id", message.upload_id}};
}

boost::json::object fields(const Stop& message) {
    return {{"type", "stop"},
            {"job", message.job.hex()},
            {"lease", message.lease},
            {"forget", message.forget},
            {"reason", wire_text(message.reason, sentence_bytes_max)}};
}

boost::json::object fields(const Ack& message) {
    return {{"type", "ack"}, {"report", message.report}};
}

boost::json::object fields(const WorkerRefused& message) {
    return {{"type", "refused"}, {"reason", wire_text(message.reason, sentence_bytes_max)}};
}

Challenge read_challenge(JsonObject& json) {
    return {json.fixed<Hash256>("challenge"), json.fixed<Address>("master"), json.optional_u64("version").value_or(1),
            json.optional_boolean("binds_channel").value_or(false)};
}

Welcome read_welcome(JsonObject& json) {
    const auto signature = crypto::Signature::parse(json.string("signature", signature_hex_bytes));
    if (!signature) json.reject("signature", "65 bytes as hex with 0x");
    return {signature.value_or(crypto::Signature{})};
}

Assign read_assign(JsonObject& json) {
    Assign message;
    message.job = json.fixed<JobId>("job");
    message.lease = json.u64("lease", 1);
    message.spec.id = message.job;
    message.spec.language = json.string("language", name_bytes_max);
    if (message.spec.language != "en" && message.spec.language != "ja") json.reject("language", "\"en\" or \"ja\"");
    message.spec.epochs = static_cast<std::uint32_t>(json.u64("epochs", 1, epochs_max));
    message.spec.model = json.string("model", model_bytes_max);
    if (!trainer_protocol::is_preset_name(message.spec.model)) json.reject("model", "a preset's name in lower case");
    message.dataset_url = json.string("dataset_url", url_bytes_max);
    message.dataset_bytes = json.u64("dataset_bytes", 1, dataset_bytes_max);
    message.cooperative = json.optional_boolean("cooperative").value_or(false);
    return message;
}

Join read_join(JsonObject& json) {
    return {read_assign(json), trainer_protocol::read_rendezvous(json.object("rendezvous"))};
}

std::map<std::uint32_t, std::string> read_part_urls(JsonObject& json) {
    std::map<std::uint32_t, std::string> urls;
    for (JsonObject& entry : json.objects("urls", upload_urls_max)) {
        const auto part = static_cast<std::uint32_t>(entry.u64("part", 1, upload_parts_max));
        if (!urls.emplace(part, entry.string("url", url_bytes_max)).second) entry.reject("part", "each part once");
    }
    return urls;
}

Upload read_upload(JsonObject& json) {
    Upload message;
    message.job = json.fixed<JobId>("job");
    message.lease = json.u64("lease", 1);
    message.artifact_sha256 = json.fixed<Hash256>("artifact_sha256");
    message.upload_id = json.string("upload_id", upload_id_bytes_max);
    message.urls = read_part_urls(json);
    return message;
}

Evidence read_evidence(JsonObject& json) {
    Evidence message;
    message.job = json.fixed<JobId>("job");
    message.lease = json.u64("lease", 1);
    message.block_hash = json.fixed<Hash256>("block_hash");
    for (const boost::json::value& state : json.array("states", states_max)) {
        const bool usable = state.is_int64() && state.get_int64() >= 0 && state.get_int64() < state_index_end;
        if (!usable) json.reject("states", "an array of the numbers of states");
        message.states.push_back(usable ? static_cast<std::uint32_t>(state.get_int64()) : 0);
    }
    message.urls = read_part_urls(json);
    message.upload_id = json.string("upload_id", upload_id_bytes_max);
    return message;
}

Stop read_stop(JsonObject& json) {
    return {json.fixed<JobId>("job"), json.u64("lease"), json.boolean("forget"),
            json.string("reason", sentence_bytes_max)};
}

FromMaster read(const std::string& type, JsonObject& json) {
    if (type == "challenge") return read_challenge(json);
    if (type == "welcome") return read_welcome(json);
    if (type == "assign") return read_assign(json);
    if (type == "join") return read_join(json);
    if (type == "upload") return read_upload(json);
    if (type == "evidence") return read_evidence(json);
    if (type == "stop") return read_stop(json);
    if (type == "ack") return Ack{json.u64("report")};
    if (type != "refused") json.reject("type", "a message of a master");
    return WorkerRefused{json.string("reason", sentence_bytes_max)};
}

}  // namespace

std::string encode(const FromMaster& message) {
    return std::visit([](const auto& body) { return json_text(fields(body)); }, message);
}

Result<FromMaster> parse_from_master(std::string_view text) {
    const auto json = parse_json(text, text_bytes_max, "the master's message");
    if (json.has_error()) return json.error();
    JsonObject object(*json, "the master's message");
    FromMaster message = read(object.string("type", name_bytes_max), object);
    if (const auto check = object.check(); check.has_error()) return check.error();
    return message;
}

}  // namespace emeth::worker_protocol
