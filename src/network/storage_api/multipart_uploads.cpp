#include "network/storage_api/multipart_uploads.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "api_client/result_name.hpp"
#include "crypto/sha256.hpp"
#include "http/file_pieces.hpp"
#include "network/storage_api/object_names.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr mode_t private_folder = 0700;
constexpr mode_t private_file = 0600;
constexpr std::size_t record_bytes_max = 4'096;
constexpr std::string_view record_name = "upload.json";

Refusal unknown_upload() {
    return http::not_found("there is no such upload of this JOB and address");
}

fs::path part_path(const fs::path& folder, std::uint32_t number) {
    return folder / fmt::format("part-{}", number);
}

Result<UploadBinding> read_record(const fs::path& folder) {
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
    binding.parts = static_cast<std::uint32_t>(fields.u64("parts", 1, upload_parts_max));
    if (fields.has("sha256")) binding.sha256 = fields.fixed<Hash256>("sha256");
    if (const Result<void> check = fields.check(); check.has_error()) return check.error();
    return binding;
}

std::string file_name_of(const UploadBinding& binding, std::string_view key) {
    return binding.sha256 ? api_client::bound_result_name(binding.job, *binding.sha256, binding.extension)
                          : api_client::unbound_result_name(binding.job, key, binding.extension);
}

std::int64_t age_s(const fs::path& file, std::int64_t now_unix_s) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? now_unix_s - status.st_mtim.tv_sec : 0;
}

/// Calls take(bytes) for the whole file, piece by piece.
template <class Take>
OrRefusal<void> read_pieces(const fs::path& file, Take take) {
    const Result<http::InputFile> input = http::InputFile::open(file);
    if (input.has_error()) return disk_refusal(input.error());
    std::string piece(http::piece_bytes, '\0');
    for (std::uint64_t offset = 0; offset < input->bytes(); offset += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(http::piece_bytes, input->bytes() - offset)));
        const Result<void> read = input->read_at(offset, piece);
        if (read.has_error()) return disk_refusal(read.error());
        const OrRefusal<void> taken = take(piece);
        if (!taken) return taken;
    }
    return {};
}

/// An ETag's quotes are optional, because clients pass on whatever their HTTP library gave them.
std::string_view unquoted(std::string_view etag) {
    const bool is_quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
    return is_quoted ? etag.substr(1, etag.size() - 2) : etag;
}

}  // namespace

struct MultipartUploads::Upload {
    UploadBinding binding;
    std::string key;
    fs::path folder;
    std::string file_name;
};

std::string MultipartUploads::key_of(std::string_view upload_id) {
    return plain_hex(crypto::sha256(upload_id));
}

std::string MultipartUploads::etag(const Hash256& sha256) {
    return fmt::format("\"{}\"", plain_hex(sha256));
}

fs::path MultipartUploads::folder_of(const JobId& job, std::string_view key) const {
    return store_.uploads() / plain_hex(job) / key;
}

void MultipartUploads::sweep(std::int64_t now_unix_s) {
    std::error_code ignored;
    for (const fs::directory_entry& job : fs::directory_iterator(store_.uploads(), ignored)) {
        for (const fs::directory_entry& entry : fs::directory_iterator(job.path(), ignored)) {
            const Result<UploadBinding> binding = read_record(entry.path());
            if (!binding || age_s(entry.path(), now_unix_s) > abandoned_after_s) {
                fs::remove_all(entry.path(), ignored);
                continue;
            }
            const std::string key = entry.path().filename().string();
            const Upload upload{*binding, key, entry.path(), file_name_of(*binding, key)};
            if (is_complete(upload)) remove_parts(upload);
        }
    }
}

std::size_t MultipartUploads::open_uploads() const {
    std::size_t count = 0;
    std::error_code ignored;
    for (const fs::directory_entry& job : fs::directory_iterator(store_.uploads(), ignored)) {
        for (const fs::directory_entry& entry : fs::directory_iterator(job.path(), ignored)) {
            const Result<UploadBinding> binding = read_record(entry.path());
            if (!binding) continue;
            const std::string key = entry.path().filename().string();
            if (!is_complete({*binding, key, entry.path(), file_name_of(*binding, key)})) ++count;
        }
    }
    return count;
}

OrRefusal<UploadTicket> MultipartUploads::open(const UploadBinding& binding, Random& random) {
    const fs::path job_folder = store_.uploads() / plain_hex(binding.job);
    if (const Result<void> made = create_folder(job_folder, private_folder); made.has_error())
        return disk_refusal(made.error());
    const auto opened =
        static_cast<std::size_t>(std::distance(fs::directory_iterator(job_folder), fs::directory_iterator()));
    if (opened >= uploads_per_job_max)
        return Refusal{429, fmt::format("{} uploads were opened for this JOB; continue one of them", opened)};

    std::array<std::uint8_t, 32> secret{};
    random.fill(secret);
    UploadTicket ticket;
    ticket.upload_id = to_hex(secret).substr(2);
    ticket.key = key_of(ticket.upload_id);
    ticket.file_name = file_name_of(binding, ticket.key);

    const fs::path folder = folder_of(binding.job, ticket.key);
    if (const Result<void> made = create_folder(folder, private_folder); made.has_error())
        return disk_refusal(made.error());
    boost::json::object record{{"address", binding.address.hex()},
                               {"jobId", binding.job.hex()},
                               {"extension", binding.extension},
                               {"parts", binding.parts}};
    if (binding.sha256) record["sha256"] = binding.sha256->hex();
    const Result<void> written = write_file_durably(folder / record_name, json_text(std::move(record)), private_file);
    if (written.has_error()) return disk_refusal(written.error());
    return ticket;
}

OrRefusal<MultipartUploads::Upload> MultipartUploads::find(const JobId& job, std::string_view key) const {
    Upload upload;
    upload.key = key;
    upload.folder = folder_of(job, key);
    const Result<UploadBinding> binding = read_record(upload.folder);
    if (!binding) return unknown_upload();
    upload.binding = *binding;
    upload.file_name = file_name_of(*binding, key);
    return upload;
}

bool MultipartUploads::is_complete(const Upload& upload) const {
    return store_.bytes_of(ObjectKind::result, upload.file_name).has_value();
}

OrRefusal<MultipartUploads::Upload> MultipartUploads::find_own(std::string_view upload_id, const JobId& job,
                                                               const Address& address) const {
    OrRefusal<Upload> upload = find(job, key_of(upload_id));
    if (upload && upload->binding.address != address) return unknown_upload();
    return upload;
}

OrRefusal<void> MultipartUploads::put_part(const JobId& job, std::string_view key, std::uint32_t number,
                                           const fs::path& temporary) {
    const OrRefusal<Upload> upload = find(job, key);
    if (upload.has_error()) return upload.error();
    if (number < 1 || number > upload->binding.parts)
        return http::not_found(fmt::format("the upload has parts 1 to {}", upload->binding.parts));
    if (is_complete(*upload)) {
        if (upload->binding.sha256) return {};
        return http::conflict("the upload is complete and cannot be changed");
    }
    const fs::path target = part_path(upload->folder, number);
    const std::uint64_t replaced = file_bytes(target).value_or(0);
    const std::uint64_t bytes = file_bytes(temporary).value_or(0);
    const Result<void> published = publish_file(temporary, target);
    if (published.has_error()) return disk_refusal(published.error());
    store_.add_bytes(bytes);
    store_.remove_bytes(replaced);
    return {};
}

/// The total size. Every part but the last must be full, and the last may be empty only when it is the only one.
OrRefusal<std::uint64_t> MultipartUploads::check_parts(const Upload& upload) const {
    std::uint64_t total = 0;
    for (std::uint32_t number = 1; number <= upload.binding.parts; ++number) {
        const std::optional<std::uint64_t> bytes = file_bytes(part_path(upload.folder, number));
        if (!bytes) return http::conflict(fmt::format("part {} of {} is missing", number, upload.binding.parts));
        const bool is_last = number == upload.binding.parts;
        if (!is_last && *bytes != upload_part_bytes)
            return http::conflict(
                fmt::format("part {} has {} bytes; every part but the last has {}", number, *bytes, upload_part_bytes));
        if (is_last && *bytes == 0 && number > 1)
            return http::conflict(fmt::format("part {}, the last one, is empty", number));
        total += *bytes;
    }
    return total;
}

OrRefusal<UploadDigest> MultipartUploads::digest(std::string_view upload_id, const JobId& job, const Address& address) {
    const OrRefusal<Upload> upload = find_own(upload_id, job, address);
    if (upload.has_error()) return upload.error();
    UploadDigest digest;
    std::vector<fs::path> files;
    if (const std::optional<std::uint64_t> bytes = store_.bytes_of(ObjectKind::result, upload->file_name)) {
        digest.completed = true;
        digest.bytes = *bytes;
        files.push_back(store_.path(ObjectKind::result, upload->file_name));
    } else {
        const OrRefusal<std::uint64_t> total = check_parts(*upload);
        if (total.has_error()) return total.error();
        digest.bytes = *total;
        for (std::uint32_t number = 1; number <= upload->binding.parts; ++number)
            files.push_back(part_path(upload->folder, number));
    }
    crypto::Sha256 hash;
    for (const fs::path& file : files) {
        const OrRefusal<void> read = read_pieces(file, [&](std::string_view piece) -> OrRefusal<void> {
            hash.update(piece);
            return {};
        });
        if (read.has_error()) return read.error();
    }
    digest.sha256 = hash.finish();
    return digest;
}

/// Joins the parts, checking that each matches its ETag.
OrRefusal<Hash256> MultipartUploads::assemble(const Upload& upload, const std::vector<std::string>& etags,
                                              const fs::path& temporary) {
    Result<http::OutputFile> output = http::OutputFile::create(temporary);
    if (output.has_error()) return disk_refusal(output.error());
    for (std::uint32_t number = 1; number <= upload.binding.parts; ++number) {
        crypto::Sha256 part_hash;
        const OrRefusal<void> copied =
            read_pieces(part_path(upload.folder, number), [&](std::string_view piece) -> OrRefusal<void> {
                part_hash.update(piece);
                const Result<void> written = output->append(piece);
                if (written.has_error()) return disk_refusal(written.error());
                return {};
            });
        if (copied.has_error()) return copied.error();
        if (unquoted(etags[number - 1]) != unquoted(etag(part_hash.finish())))
            return http::conflict(fmt::format("part {} is another than its ETag says; upload it again", number));
    }
    return output->finish();
}

OrRefusal<UploadOutlook> MultipartUploads::outlook(std::string_view upload_id, const JobId& job, const Address& address,
                                                   std::string_view extension) const {
    const OrRefusal<Upload> upload = find_own(upload_id, job, address);
    if (upload.has_error()) return upload.error();
    if (upload->binding.extension != extension) return unknown_upload();
    return UploadOutlook{upload->file_name, is_complete(*upload)};
}

OrRefusal<std::string> MultipartUploads::complete(std::string_view upload_id, const JobId& job, const Address& address,
                                                  std::string_view extension, const std::vector<std::string>& etags) {
    const OrRefusal<Upload> upload = find_own(upload_id, job, address);
    if (upload.has_error()) return upload.error();
    if (upload->binding.extension != extension) return unknown_upload();
    if (etags.size() != upload->binding.parts)
        return http::malformed(
            fmt::format("{} parts are listed; the upload has {}", etags.size(), upload->binding.parts));
    if (is_complete(*upload)) {
        remove_parts(*upload);
        return upload->file_name;
    }

    const OrRefusal<std::uint64_t> total = check_parts(*upload);
    if (total.has_error()) return total.error();
    if (const OrRefusal<void> space = store_.check_space(*total); space.has_error()) return space.error();
    const fs::path temporary = store_.incoming() / fmt::format("assembled-{}.tmp", upload->key);
    const http::RemoveAtEnd remove_at_end(temporary);
    const OrRefusal<Hash256> assembled = assemble(*upload, etags, temporary);
    if (assembled.has_error()) return assembled.error();
    if (upload->binding.sha256 && *assembled != *upload->binding.sha256)
        return http::conflict(fmt::format("the parts make a file with sha256 {}; the upload was opened for {}",
                                          assembled->hex(), upload->binding.sha256->hex()));
    const OrRefusal<void> published = store_.publish(ObjectKind::result, upload->file_name, temporary, *assembled);
    if (published.has_error()) return published.error();
    remove_parts(*upload);
    return upload->file_name;
}

void MultipartUploads::remove_parts(const Upload& upload) {
    for (std::uint32_t number = 1; number <= upload.binding.parts; ++number) {
        const fs::path part = part_path(upload.folder, number);
        const std::uint64_t bytes = file_bytes(part).value_or(0);
        std::error_code error;
        if (fs::remove(part, error)) store_.remove_bytes(bytes);
        if (error) spdlog::warn("cannot remove {}: {}", part.string(), error.message());
    }
}

}  // namespace emeth::network
