// Uploads in parts: they are opened, their parts put, joined and completed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/storage_api/object_store.hpp"
#include "network/storage_api/refusal.hpp"
#include "network/storage_api/upload_record.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

struct UploadTicket {
    std::string upload_id;  ///< secret: whoever has it may complete the upload. 64 hex digits
    std::string key;        ///< names the upload in URLs and paths without revealing upload_id: its SHA-256 in hex
    std::string file_name;  ///< of the result object; see api_client/result_name.hpp
};

struct UploadOutlook {
    std::string file_name;
    bool completed = false;
};

struct UploadDigest {
    std::uint64_t bytes = 0;
    Hash256 sha256;
    bool completed = false;
};

/// All calls block; thread-safe.
class MultipartUploads {
public:
    static constexpr std::size_t uploads_per_job_max = 256;

    explicit MultipartUploads(ObjectStore& store) : store_(store) {}

    /// Called at start: removes what a crash left unfinished and the parts of completed uploads, and enters the others
    /// into the store's book.
    void recover();
    /// Removes uploads that nobody came back to, but none of `keys_in_work`.
    void remove_abandoned(std::int64_t now_unix_s, const std::set<std::string>& keys_in_work);

    [[nodiscard]] std::vector<Upload> all() const;
    /// Uploads that have been opened and not completed.
    [[nodiscard]] std::size_t open_uploads() const;

    /// Idempotent; 409 where `upload_id` was opened with another binding. A JOB that has as many uploads as it may
    /// gives up the oldest one without a part, but none of `keys_in_work`; 429 if each has parts.
    OrRefusal<UploadTicket> open(const UploadBinding& binding, const std::string& upload_id,
                                 const std::set<std::string>& keys_in_work);
    /// Takes a temporary file of the store's incoming folder as a part, replacing any earlier one. Where an object of
    /// the bound digest is complete (another upload brought it), the part is not needed, which is no error.
    OrRefusal<void> put_part(const JobId& job, std::string_view key, std::uint32_t number,
                             const std::filesystem::path& temporary, SpaceBook::Reservation reservation);
    /// Size and digest of the whole file, once all parts are there.
    OrRefusal<UploadDigest> digest(std::string_view upload_id, const JobId& job, const Address& address);
    /// What complete() would make.
    OrRefusal<UploadOutlook> outlook(std::string_view upload_id, const JobId& job, const Address& address,
                                     std::string_view extension) const;
    /// Idempotent. `etags` are in the order of the parts; 409 when a part is missing, has the wrong size, or does not
    /// match its ETag, or when the whole is not what the upload is bound to.
    OrRefusal<std::string> complete(std::string_view upload_id, const JobId& job, const Address& address,
                                    std::string_view extension, const std::vector<std::string>& etags);

    static std::string key_of(std::string_view upload_id);
    /// ETag of a part: its SHA-256 in hex, in quotes.
    static std::string etag(const Hash256& sha256);

private:
    [[nodiscard]] std::vector<std::filesystem::path> folders() const;
    OrRefusal<void> make_room(const std::filesystem::path& job_folder, const std::set<std::string>& keys_in_work);
    [[nodiscard]] OrRefusal<Upload> find(const JobId& job, std::string_view key) const;
    [[nodiscard]] OrRefusal<Upload> find_own(std::string_view upload_id, const JobId& job,
                                             const Address& address) const;
    [[nodiscard]] bool is_complete(const Upload& upload) const;
    [[nodiscard]] OrRefusal<std::uint64_t> check_parts(const Upload& upload) const;
    OrRefusal<Hash256> assemble(const Upload& upload, const std::vector<std::string>& etags,
                                const std::filesystem::path& temporary);
    void remove_parts(const Upload& upload);
    /// What cannot be removed only takes up space.
    void remove(const std::filesystem::path& path);

    ObjectStore& store_;
};

}  // namespace emeth::network
