#include "network/storage_api/upload_record.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "api_client/dataset_name.hpp"
#include "api_client/result_name.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t record_bytes_max = 4'096;
constexpr std::size_t s3_upload_id_bytes_max = 2'048;
constexpr std::string_view record_name = "upload.json";
constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::string_view part_prefix = "part-";

ObjectKind kind_of(const UploadBinding& binding) {
    return binding.extension == api_client::dataset_upload_extension ? ObjectKind::dataset : ObjectKind::result;
}

std::string file_name_of(const UploadBinding& binding, std::string_view key) {
    if (kind_of(binding) == ObjectKind::dataset) return api_client::dataset_name(binding.job, binding.address);
    return binding.sha256 ? api_client::bound_result_name(binding.job, *binding.sha256, binding.extension)
                          : api_client::unbound_result_name(binding.job, key, binding.extension);
}

/// Records of before did not say how long the last part is.
PartLength read_last_part(JsonObject& fields) {
    const std::string text = fields.optional_string("lastPart", record_bytes_max).value_or("");
    if (text.empty()) return {upload_part_bytes, false};
    const std::optional<PartLength> length = PartLength::parse(text);
    if (!length) fields.reject("lastPart", "a number of bytes, or max- and one");
    return length.value_or(PartLength{});
}

}  // namespace

Upload::Upload(UploadBinding bound, fs::path at)
    : binding(std::move(bound)),
      key(at.filename().string()),
      folder(std::move(at)),
      kind(kind_of(binding)),
      file_name(file_name_of(binding, key)) {}

Payer Upload::payer() const {
    if (kind == ObjectKind::dataset) return {.address = binding.address};
    return {binding.address, binding.job};
}

fs::path Upload::record() const {
    return folder / record_name;
}

fs::path Upload::part(std::uint32_t number) const {
    return folder / fmt::format("{}{}", part_prefix, number);
}

bool Upload::has_parts() const {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
        if (entry.path().filename().string().starts_with(part_prefix)) return true;
    return false;
}

std::int64_t Upload::touched_at_unix_s() const {
    return touched_at_unix_ns() / ns_per_s;
}

std::int64_t Upload::touched_at_unix_ns() const {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) return 0;
    return status.st_mtim.tv_sec * ns_per_s + status.st_mtim.tv_nsec;
}

std::string record_text(const Upload& upload) {
    const UploadBinding& binding = upload.binding;
    boost::json::object record{{"address", binding.address.hex()},
                               {"jobId", binding.job.hex()},
                               {"extension", binding.extension},
                               {"parts", binding.size.parts},
                               {"lastPart", binding.size.last_part.text()}};
    if (binding.sha256) record["sha256"] = binding.sha256->hex();
    if (!upload.s3_upload_id.empty()) record["s3UploadId"] = upload.s3_upload_id;
    if (upload.is_completing) record["completing"] = true;
    if (upload.is_completed) record["completed"] = true;
    return json_text(std::move(record));
}

Result<Upload> read_upload(const fs::path& folder) {
    const fs::path file = folder / record_name;
    const Result<std::string> text = read_file(file, record_bytes_max);
    if (text.has_error()) return text.error();
    const Result<boost::json::value> json = parse_json(*text, record_bytes_max, file.string());
    if (json.has_error()) return json.error();
    JsonObject fields(*json, file.string());
    UploadBinding binding;
    binding.address = fields.fixed<Address>("address");
    binding.job = fields.fixed<JobId>("jobId");
    binding.extension = fields.string("extension", extension_bytes_max);
    binding.size.parts = static_cast<std::uint32_t>(fields.u64("parts", 1, upload_parts_max));
    binding.size.last_part = read_last_part(fields);
    binding.sha256 = fields.optional_fixed<Hash256>("sha256");
    std::string s3_upload_id = fields.optional_string("s3UploadId", s3_upload_id_bytes_max).value_or("");
    const bool is_completing = fields.has("completing") && fields.boolean("completing");
    const bool is_completed = fields.has("completed") && fields.boolean("completed");
    if (const Result<void> check = fields.check(); check.has_error()) return check.error();
    Upload upload(std::move(binding), folder);
    upload.s3_upload_id = std::move(s3_upload_id);
    upload.is_completing = is_completing;
    upload.is_completed = is_completed;
    return upload;
}

}  // namespace emeth::network
