#include "network/verifier/job_folder.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "crypto/sha256.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/json_fields.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::network {

namespace {

constexpr const char* verdict_name = "verdict";
/// Its reason came in a trainer's message; escaping it again makes it longer.
constexpr std::size_t record_bytes_max = std::size_t{8} * trainer_protocol::message_bytes_max;

Hash256 fingerprint(const Judged& judged) {
    return crypto::sha256(fmt::format("verdict/1/{}/{}/{}/{}/{}/{}", EMETH_VERSION, judged.job.hex(),
                                      judged.submit_block.hex(), judged.rules.epochs_min, judged.rules.draws,
                                      judged.rules.default_model));
}

std::string with_digest(std::string text) {
    return text + "\n" + crypto::sha256(text).hex() + "\n";
}

}  // namespace

std::filesystem::path job_folder(const std::filesystem::path& folder, const JobId& id) {
    return folder / id.hex().substr(2);
}

bool may_be_removed(const chain::JobRecord& job) {
    using chain::JobStatus;
    if (!job.exist) return false;
    switch (job.status) {
        case JobStatus::requested:
        case JobStatus::assigned:
        case JobStatus::processing:
        case JobStatus::submitted:
            return false;
        case JobStatus::verified:
        case JobStatus::rejected:
        case JobStatus::canceled:
        case JobStatus::timeout:
        case JobStatus::failed:
        case JobStatus::declined:
            return true;
    }
    return false;
}

void remove_job_folder(const std::filesystem::path& folder, const JobId& id) {
    const std::filesystem::path of_job = job_folder(folder, id);
    std::error_code ignored;
    if (!std::filesystem::exists(of_job, ignored)) return;
    failpoint::before("remove", "job");
    std::filesystem::remove_all(of_job, ignored);
    failpoint::after("remove", "job");
}

std::string verdict_record(const Judged& judged, const Verdict& verdict) {
    const boost::json::object record{{"on", fingerprint(judged).hex()},
                                     {"passed", verdict.passed},
                                     {"reason", verdict.reason},
                                     {"gas", verdict.gas}};
    return with_digest(json_text(record));
}

std::optional<Verdict> recorded_verdict(std::string_view record, const Judged& judged) {
    const std::string_view text = record.substr(0, record.find('\n'));
    if (with_digest(std::string(text)) != record) return std::nullopt;
    const auto json = parse_json(text, record_bytes_max, "the record of a verdict");
    if (json.has_error()) return std::nullopt;
    JsonObject fields(*json, "the record of a verdict");
    const auto on = fields.fixed<Hash256>("on");
    Verdict verdict;
    verdict.passed = fields.boolean("passed");
    verdict.reason = fields.string("reason", record_bytes_max);
    verdict.gas = fields.u64("gas");
    if (fields.check().has_error() || on != fingerprint(judged)) return std::nullopt;
    return verdict;
}

Result<void> keep_verdict(const std::filesystem::path& folder, const Judged& judged, const Verdict& verdict) {
    if (auto made = create_folder(folder, 0700); made.has_error()) return made;
    return write_file_durably(folder / verdict_name, verdict_record(judged, verdict), 0600);
}

bool has_verdict(const std::filesystem::path& folder) {
    std::error_code ignored;
    return std::filesystem::exists(folder / verdict_name, ignored);
}

std::optional<Verdict> find_verdict(const std::filesystem::path& folder, const Judged& judged) {
    const auto record = read_file(folder / verdict_name, record_bytes_max);
    if (record.has_error()) return std::nullopt;
    return recorded_verdict(*record, judged);
}

}  // namespace emeth::network
