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

Refusal unknown_upload() {
    return http::not_found("there is no such upload of this JOB and address");
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

std::string MultipartUploads::key_of(std::string_view upload_id) {
    return plain_hex(crypto::sha256(upload_id));
}

std::string MultipartUploads::etag(const Hash256& sha256) {
    return fmt::format("\"{}\"", plain_hex(sha256));
}

std::vector<fs::path> MultipartUploads::folders() const {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const fs::directory_entry& job : fs::directory_iterator(store_.uploads(), ignored))
        for (const fs::directory_entry& entry : fs::directory_iterator(job.path(), ignored))
            found.push_back(entry.path());
    return found;
}

void MultipartUploads::recover() {
    for (const fs::path& folder : folders()) {
        const Result<Upload> upload = read_upload(folder);
        if (upload.has_error()) {
            remove(folder);
            continue;
        }
        std::error_code ignored;
        for (const fs::directory_entry& file : fs::directory_iterator(folder, ignored))
            store_.enter(file.path(), upload->payer());
        if (is_complete(*upload)) remove_parts(*upload);
    }
}

std::vector<Upload> MultipartUploads::all() const {
    std::vector<Upload> uploads;
    for (const fs::path& folder : folders())
        if (Result<Upload> upload = read_upload(folder)) uploads.push_back(std::move(*upload));
    return uploads;
}

void MultipartUploads::remove_abandoned(std::int64_t now_unix_s, const std::set<std::string>& keys_in_work) {
    const std::int64_t patience_s = store_.limits().abandoned_upload_days * 86'400;
    for (const Upload& upload : all())
        if (now_unix_s - upload.touched_at_unix_s() > patience_s && !keys_in_work.contains(upload.key))
            remove(upload.folder);
}

std::size_t MultipartUploads::open_uploads() const {
    const std::vector<Upload> uploads = all();
    return static_cast<std::size_t>(
        std::count_if(uploads.begin(), uploads.end(), [this](const Upload& upload) { return !is_complete(upload); }));
}

OrRefusal<void> MultipartUploads::make_room(const fs::path& job_folder, const std::set<std::string>& keys_in_work) {
    std::size_t opened = 0;
    std::optional<Upload> oldest;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(job_folder, ignored)) {
        ++opened;
        const Result<Upload> upload = read_upload(entry.path());
        if (upload.has_error() || keys_in_work.contains(upload->key) || is_complete(*upload) || upload->has_parts())
            continue;
        if (!oldest || upload->touched_at_unix_ns() < oldest->touched_at_unix_ns()) oldest = *upload;
    }
    if (opened < uploads_per_job_max) return {};
    if (!oldest) return Refusal{429, fmt::format("{} uploads of this JOB have parts; complete one of them", opened)};
    const Result<void> removed = store_.remove(oldest->folder);
    if (removed.has_error()) return disk_refusal(removed.error());
    return {};
}

OrRefusal<UploadTicket> MultipartUploads::open(const UploadBinding& binding, const std::string& upload_id,
                                               const std::set<std::string>& keys_in_work) {
    const fs::path job_folder = store_.uploads() / plain_hex(binding.job);
    if (const Result<void> made = create_folder(job_folder, private_folder); made.has_error())
        return disk_refusal(made.error());
    const Upload upload(binding, job_folder / key_of(upload_id));
    const UploadTicket ticket{upload_id, upload.key, upload.file_name};
    if (const Result<Upload> present = read_upload(upload.folder)) {
        if (present->binding == binding) return ticket;
        return http::conflict("the signature has opened another upload of this JOB; sign the request again");
    }
    const OrRefusal<void> room = make_room(job_folder, keys_in_work);
    if (room.has_error()) return room.error();
    const OrRefusal<void> space = store_.book().check(upload.payer(), binding.size.bytes_max());
    if (space.has_error()) return space.error();
    if (const Result<void> made = create_folder(upload.folder, private_folder); made.has_error())
        return disk_refusal(made.error());
    const OrRefusal<void> written = store_.write_small(upload.record(), record_text(binding), upload.payer());
    if (written.has_error()) return written.error();
    return ticket;
}

OrRefusal<Upload> MultipartUploads::find(const JobId& job, std::string_view key) const {
    Result<Upload> upload = read_upload(store_.uploads() / plain_hex(job) / key);
    if (upload.has_error()) return unknown_upload();
    return std::move(*upload);
}

bool MultipartUploads::is_complete(const Upload& upload) const {
    return store_.bytes_of(ObjectKind::result, upload.file_name).has_value();
}

OrRefusal<Upload> MultipartUploads::find_own(std::string_view upload_id, const JobId& job,
                                             const Address& address) const {
    OrRefusal<Upload> upload = find(job, key_of(upload_id));
    if (upload && upload->binding.address != address) return unknown_upload();
    return upload;
}

OrRefusal<void> MultipartUploads::put_part(const JobId& job, std::string_view key, std::uint32_t number,
                                           const fs::path& temporary, SpaceBook::Reservation reservation) {
    const OrRefusal<Upload> upload = find(job, key);
    if (upload.has_error()) return upload.error();
    if (number < 1 || number > upload->binding.size.parts)
        return http::not_found(fmt::format("the upload has parts 1 to {}", upload->binding.size.parts));
    if (is_complete(*upload)) {
        if (upload->binding.sha256) return {};
        return http::conflict("the upload is complete and cannot be changed");
    }
    return store_.publish_part(upload->part(number), temporary, std::move(reservation), upload->payer());
}

/// The total size. Every part but the last must be full, and the last may be empty only when it is the only one.
OrRefusal<std::uint64_t> MultipartUploads::check_parts(const Upload& upload) const {
    std::uint64_t total = 0;
    for (std::uint32_t number = 1; number <= upload.binding.size.parts; ++number) {
        const std::optional<std::uint64_t> bytes = file_bytes(upload.part(number));
        if (!bytes) return http::conflict(fmt::format("part {} of {} is missing", number, upload.binding.size.parts));
        const PartLength length = upload.binding.size.length_of(number);
        if (!length.allows(*bytes))
            return http::conflict(fmt::format("part {} has {} bytes, but must have {}{}", number, *bytes,
                                              length.is_exact ? "" : "at most ", length.bytes_max));
        if (*bytes == 0 && number > 1) return http::conflict(fmt::format("part {}, the last one, is empty", number));
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
        for (std::uint32_t number = 1; number <= upload->binding.size.parts; ++number)
            files.push_back(upload->part(number));
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
    for (std::uint32_t number = 1; number <= upload.binding.size.parts; ++number) {
        crypto::Sha256 part_hash;
        const OrRefusal<void> copied = read_pieces(upload.part(number), [&](std::string_view piece) -> OrRefusal<void> {
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
    if (etags.size() != upload->binding.size.parts)
        return http::malformed(
            fmt::format("{} parts are listed; the upload has {}", etags.size(), upload->binding.size.parts));
    if (is_complete(*upload)) {
        remove_parts(*upload);
        return upload->file_name;
    }

    const OrRefusal<std::uint64_t> total = check_parts(*upload);
    if (total.has_error()) return total.error();
    // Beside the parts, which are removed at once: the quotas have room for one of the two.
    OrRefusal<SpaceBook::Reservation> space = store_.reserve({}, *total);
    if (space.has_error()) return space.error();
    const fs::path temporary = store_.incoming() / fmt::format("assembled-{}.tmp", upload->key);
    const http::RemoveAtEnd remove_at_end(temporary);
    const OrRefusal<Hash256> assembled = assemble(*upload, etags, temporary);
    if (assembled.has_error()) return assembled.error();
    if (upload->binding.sha256 && *assembled != *upload->binding.sha256)
        return http::conflict(fmt::format("the parts make a file with sha256 {}; the upload was opened for {}",
                                          assembled->hex(), upload->binding.sha256->hex()));
    const OrRefusal<void> published =
        store_.publish(ObjectKind::result, upload->file_name, temporary, *assembled, std::move(*space));
    if (published.has_error()) return published.error();
    remove_parts(*upload);
    return upload->file_name;
}

void MultipartUploads::remove_parts(const Upload& upload) {
    for (std::uint32_t number = 1; number <= upload.binding.size.parts; ++number) remove(upload.part(number));
}

void MultipartUploads::remove(const fs::path& path) {
    if (const Result<void> removed = store_.remove(path); removed.has_error())
        spdlog::warn("{}", removed.error().message);
}

}  // namespace emeth::network
