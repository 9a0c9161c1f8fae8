// The uploads that the server's folder knows of, whichever store their parts lie in. All calls block; thread-safe as
// long as no two calls write the same upload.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/storage_api/object_store.hpp"
#include "network/storage_api/refusal.hpp"
#include "network/storage_api/upload_record.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

class UploadRecords {
public:
    static constexpr std::size_t uploads_per_job_max = 256;

    explicit UploadRecords(ObjectStore& store) : store_(store) {}

    /// The name of an upload in URLs and paths, which does not reveal its id: the id's SHA-256 in hex.
    static std::string key_of(std::string_view upload_id);

    [[nodiscard]] std::vector<Upload> all() const;
    [[nodiscard]] std::vector<Upload> of_job(const JobId& job) const;
    /// 404 if there is none.
    [[nodiscard]] OrRefusal<Upload> find(const JobId& job, std::string_view key) const;
    /// The same, if it is that address's.
    [[nodiscard]] OrRefusal<Upload> find_own(std::string_view upload_id, const JobId& job,
                                             const Address& address) const;
    /// The same, if it was opened for a file with this extension.
    [[nodiscard]] OrRefusal<Upload> find_own(std::string_view upload_id, const JobId& job, const Address& address,
                                             std::string_view extension) const;
    /// What `upload_id` has opened already; 409 if that is bound to something else.
    [[nodiscard]] OrRefusal<std::optional<Upload>> opened_by(const std::string& upload_id,
                                                             const UploadBinding& binding) const;
    /// An upload that was opened before, which is not abandoned from now on: 404 where this JOB and address have none
    /// of that id, 409 where it was opened with another binding.
    [[nodiscard]] OrRefusal<Upload> resume(const std::string& upload_id, const UploadBinding& binding) const;
    /// An upload that has no record yet.
    [[nodiscard]] Upload unwritten(const std::string& upload_id, const UploadBinding& binding) const;
    /// Durable when it returns. In place of the record that is there.
    OrRefusal<void> write(const Upload& upload);
    /// The record, and the parts in the same folder. What cannot be removed only takes up space.
    void remove(const Upload& upload);
    /// At the start: removes folders without a whole record, and returns the other uploads.
    [[nodiscard]] std::vector<Upload> recover();

private:
    [[nodiscard]] std::vector<std::filesystem::path> folders() const;
    [[nodiscard]] std::filesystem::path folder_of(const JobId& job) const;

    ObjectStore& store_;
};

/// 404.
Refusal unknown_upload();
/// 429: each of the JOB's uploads, as many as there may be, has parts.
Refusal too_many_uploads(std::size_t opened);

}  // namespace emeth::network
