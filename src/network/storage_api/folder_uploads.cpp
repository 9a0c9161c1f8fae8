#include "network/storage_api/folder_uploads.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/sha256.hpp"
#include "http/file_pieces.hpp"
#include "network/storage_api/object_names.hpp"
#include "runtime/log.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

std::string FolderUploads::etag(const Hash256& sha256) {
    return fmt::format("\"{}\"", plain_hex(sha256));
}

void FolderUploads::recover() {
    for (const Upload& upload : records_.recover()) {
        std::error_code ignored;
        for (const fs::directory_entry& file : fs::directory_iterator(upload.folder, ignored))
            store_.enter(file.path(), upload.payer());
        if (is_complete(upload)) remove_parts(upload);
    }
}

OrRefusal<void> FolderUploads::make_room(const JobId& job, const std::set<std::string>& keys_in_work) {
    const std::vector<Upload> opened = records_.of_job(job);
    if (opened.size() < UploadRecords::uploads_per_job_max) return {};
    const Upload* oldest = nullptr;
    for (const Upload& upload : opened) {
        if (keys_in_work.contains(upload.key) || is_complete(upload) || upload.has_parts()) continue;
        if (oldest == nullptr || upload.touched_at_unix_ns() < oldest->touched_at_unix_ns()) oldest = &upload;
    }
    if (oldest == nullptr) return too_many_uploads(opened.size());
    records_.remove(*oldest);
    return {};
}

OrRefusal<UploadTicket> FolderUploads::open(const UploadBinding& binding, const std::string& upload_id,
                                            const std::set<std::string>& keys_in_work) {
    OrRefusal<std::optional<Upload>> present = records_.opened_by(upload_id, binding);
    if (present.has_error()) return present.error();
    if (*present) return UploadTicket{upload_id, std::move(**present)};
    const OrRefusal<void> room = make_room(binding.job, keys_in_work);
    if (room.has_error()) return room.error();
    Upload upload = records_.unwritten(upload_id, binding);
    const OrRefusal<void> space = store_.book().check(upload.payer(), binding.size.bytes_max());
    if (space.has_error()) return space.error();
    const OrRefusal<void> written = records_.write(upload);
    if (written.has_error()) return written.error();
    return UploadTicket{upload_id, std::move(upload)};
}

bool FolderUploads::is_complete(const Upload& upload) const {
    return store_.find(ObjectKind::result, upload.file_name).has_value();
}

OrRefusal<void> FolderUploads::put_part(const JobId& job, std::string_view key, std::uint32_t number,
                                        const fs::path& temporary, SpaceBook::Reservation reservation) {
    const OrRefusal<Upload> upload = records_.find(job, key);
    if (upload.has_error()) return upload.error();
    if (number < 1 || number > upload->binding.size.parts)
        return http::not_found(fmt::format("the upload has parts 1 to {}", upload->binding.size.parts));
    if (is_complete(*upload)) {
        if (upload->binding.sha256) return {};
        return http::conflict("the upload is complete and cannot be changed");
    }
    return store_.publish_part(upload->part(number), temporary, std::move(reservation), upload->payer());
}

OrRefusal<std::uint64_t> FolderUploads::bytes_of_all_parts(const Upload& upload) const {
    std::vector<std::optional<StoredPart>> parts(upload.binding.size.parts);
    for (std::uint32_t number = 1; number <= parts.size(); ++number)
        if (const std::optional<std::uint64_t> bytes = file_bytes(upload.part(number)))
            parts[number - 1] = StoredPart{*bytes};
    return check_parts(upload.binding.size, parts);
}

OrRefusal<UploadDigest> FolderUploads::digest(std::string_view upload_id, const JobId& job,
                                              const Address& address) const {
    const OrRefusal<Upload> upload = records_.find_own(upload_id, job, address);
    if (upload.has_error()) return upload.error();
    UploadDigest digest;
    std::vector<fs::path> files;
    if (const std::optional<StoredObject> object = store_.find(ObjectKind::result, upload->file_name)) {
        digest.completed = true;
        digest.bytes = object->bytes;
        files.push_back(store_.path(ObjectKind::result, upload->file_name));
    } else {
        const OrRefusal<std::uint64_t> total = bytes_of_all_parts(*upload);
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
OrRefusal<Hash256> FolderUploads::assemble(const Upload& upload, const std::vector<std::string>& etags,
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
        if (!is_same_etag(etags[number - 1], etag(part_hash.finish()))) return another_part(number);
    }
    return output->finish();
}

OrRefusal<UploadOutlook> FolderUploads::outlook(std::string_view upload_id, const JobId& job, const Address& address,
                                                std::string_view extension) const {
    const OrRefusal<Upload> upload = records_.find_own(upload_id, job, address, extension);
    if (upload.has_error()) return upload.error();
    return UploadOutlook{upload->file_name, is_complete(*upload)};
}

OrRefusal<std::string> FolderUploads::complete(std::string_view upload_id, const JobId& job, const Address& address,
                                               std::string_view extension, const std::vector<std::string>& etags) {
    const OrRefusal<Upload> upload = records_.find_own(upload_id, job, address, extension);
    if (upload.has_error()) return upload.error();
    const OrRefusal<void> listed = check_listed(upload->binding.size, etags.size());
    if (listed.has_error()) return listed.error();
    if (is_complete(*upload)) {
        remove_parts(*upload);
        return upload->file_name;
    }

    const OrRefusal<std::uint64_t> total = bytes_of_all_parts(*upload);
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

void FolderUploads::remove_parts(const Upload& upload) {
    for (std::uint32_t number = 1; number <= upload.binding.size.parts; ++number)
        if (const Result<void> removed = store_.remove(upload.part(number)); removed.has_error())
            spdlog::warn("{}", removed.error().message);
}

}  // namespace emeth::network
