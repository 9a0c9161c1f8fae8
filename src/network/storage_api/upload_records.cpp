#include "network/storage_api/upload_records.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "crypto/sha256.hpp"
#include "network/storage_api/object_names.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr mode_t private_folder = 0700;

std::vector<Upload> read_all(const std::vector<fs::path>& folders) {
    std::vector<Upload> uploads;
    for (const fs::path& folder : folders)
        if (Result<Upload> upload = read_upload(folder)) uploads.push_back(std::move(*upload));
    return uploads;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) found.push_back(entry.path());
    return found;
}

}  // namespace

Refusal unknown_upload() {
    return http::not_found("there is no such upload of this JOB and address");
}

Refusal too_many_uploads(std::size_t opened) {
    return {429, fmt::format("{} uploads of this JOB have parts; complete one of them", opened)};
}

std::string UploadRecords::key_of(std::string_view upload_id) {
    return plain_hex(crypto::sha256(upload_id));
}

fs::path UploadRecords::folder_of(const JobId& job) const {
    return store_.uploads() / plain_hex(job);
}

std::vector<fs::path> UploadRecords::folders() const {
    std::vector<fs::path> found;
    for (const fs::path& job : entries_of(store_.uploads()))
        for (fs::path& folder : entries_of(job)) found.push_back(std::move(folder));
    return found;
}

std::vector<Upload> UploadRecords::all() const {
    return read_all(folders());
}

std::vector<Upload> UploadRecords::of_job(const JobId& job) const {
    return read_all(entries_of(folder_of(job)));
}

OrRefusal<Upload> UploadRecords::find(const JobId& job, std::string_view key) const {
    Result<Upload> upload = read_upload(folder_of(job) / key);
    if (upload.has_error()) return unknown_upload();
    return std::move(*upload);
}

OrRefusal<Upload> UploadRecords::find_own(std::string_view upload_id, const JobId& job, const Address& address) const {
    OrRefusal<Upload> upload = find(job, key_of(upload_id));
    if (upload && upload->binding.address != address) return unknown_upload();
    return upload;
}

OrRefusal<Upload> UploadRecords::find_own(std::string_view upload_id, const JobId& job, const Address& address,
                                          std::string_view extension) const {
    OrRefusal<Upload> upload = find_own(upload_id, job, address);
    if (upload && upload->binding.extension != extension) return unknown_upload();
    return upload;
}

Upload UploadRecords::unwritten(const std::string& upload_id, const UploadBinding& binding) const {
    return {binding, folder_of(binding.job) / key_of(upload_id)};
}

OrRefusal<std::optional<Upload>> UploadRecords::opened_by(const std::string& upload_id,
                                                          const UploadBinding& binding) const {
    const OrRefusal<Upload> present = find(binding.job, key_of(upload_id));
    if (present.has_error()) return std::optional<Upload>();
    if (present->binding == binding) return std::optional(*present);
    return http::conflict("the signature has opened another upload of this JOB; sign the request again");
}

OrRefusal<Upload> UploadRecords::resume(const std::string& upload_id, const UploadBinding& binding) const {
    OrRefusal<Upload> upload = find_own(upload_id, binding.job, binding.address);
    if (upload.has_error()) return upload;
    if (upload->binding != binding)
        return http::conflict("the upload was opened with another partNum, bytes, extension or sha256");
    ::utimensat(AT_FDCWD, upload->folder.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
    return upload;
}

OrRefusal<void> UploadRecords::write(const Upload& upload) {
    for (const fs::path& folder : {upload.folder.parent_path(), upload.folder})
        if (const Result<void> made = create_folder(folder, private_folder); made.has_error())
            return disk_refusal(made.error());
    return store_.write_small(upload.record(), record_text(upload), upload.payer());
}

void UploadRecords::remove(const Upload& upload) {
    if (const Result<void> removed = store_.remove(upload.folder); removed.has_error())
        spdlog::warn("{}", removed.error().message);
}

std::vector<Upload> UploadRecords::recover() {
    std::vector<Upload> uploads;
    for (const fs::path& folder : folders()) {
        Result<Upload> upload = read_upload(folder);
        if (upload.has_value()) {
            store_.enter(upload->record(), upload->payer());
            uploads.push_back(std::move(*upload));
        } else if (const Result<void> removed = store_.remove(folder); removed.has_error()) {
            spdlog::warn("{}", removed.error().message);
        }
    }
    return uploads;
}

}  // namespace emeth::network
