// The backend for a network that outgrows one machine: objects lie in a store that speaks S3, and bulk data goes from
// clients to it and back by presigned URLs, never through this process. What is small stays in the server's folder:
// the records of uploads, verdict reasons and the secret.
//
// Everything is put as parts of S3's own multipart uploads, which nobody sees before this server completes them: so
// an object is never replaced, although S3 itself would do so. What the bytes are this server does not read: a
// result's name holds the digest that its verifier checks, and each part's ETag tells whoever puts it that it arrived.
//
// Nobody asks before a PUT. So space is booked when a node opens an upload, for the largest file that its URLs take;
// but for datasets, whose uploads anybody may open, when they are completed, and what lies in open ones is counted
// every hour.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "network/storage_api/object_backend.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/part_checks.hpp"
#include "network/storage_api/s3/s3_client.hpp"
#include "network/storage_api/upload_records.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/brief_cache.hpp"
#include "runtime/clock.hpp"
#include "runtime/reminder.hpp"

namespace emeth::network {

/// All must outlive the backend.
struct S3BackendPorts {
    ObjectStore& store;  ///< its folder, and its book
    BlockingPool& pool;
    Clock& clock;
};

class S3Backend final : public ObjectBackend {
public:
    S3Backend(S3BackendPorts ports, s3::S3Settings settings);

    /// Enters the open uploads into the book.
    Result<void> open() override;
    /// Enters all objects into the book, trying again for as long as the store does not answer. Nothing is taken in
    /// before: no quota could be kept.
    Task<> run() override;
    Task<std::vector<std::string>> why_not_ready() override;

    Task<OrRefusal<std::optional<StoredObject>>> find(ObjectKind kind, std::string name) override;
    Task<OrRefusal<std::vector<StoredObject>>> list(ObjectKind kind, std::string prefix) override;
    std::string get_url(ObjectKind kind, const std::string& name) override;
    Task<OrRefusal<void>> remove(ObjectKind kind, std::string name) override;
    Task<OrRefusal<DatasetPut>> put_dataset(std::string upload_id, NewDataset dataset,
                                            std::set<std::string> keys_in_work) override;
    Task<std::vector<Upload>> uploads() override;
    Task<OrRefusal<UploadTicket>> open_upload(std::string upload_id, UploadBinding binding,
                                              std::set<std::string> keys_in_work) override;
    std::string put_part_url(const Upload& upload, std::uint32_t number) override;
    Task<OrRefusal<UploadDigest>> digest(std::string upload_id, JobId job, Address address) override;
    Task<OrRefusal<UploadOutlook>> outlook(std::string upload_id, JobId job, Address address,
                                           std::string extension) override;
    Task<OrRefusal<std::string>> complete(std::string upload_id, JobId job, Address address, std::string extension,
                                          std::vector<std::string> etags) override;
    Task<OrRefusal<void>> remove_upload(Upload upload) override;

private:
    using Parts = std::optional<std::vector<std::optional<StoredPart>>>;  ///< none: S3 has no such upload (any more)

    [[nodiscard]] std::int64_t now_unix_s() const { return ports_.clock.unix_ms() / 1'000; }
    [[nodiscard]] Refusal unavailable(const Error& error);
    [[nodiscard]] std::string space_key(const Upload& upload) const;
    /// How many objects have been entered into the book.
    Task<std::uint64_t> take_stock(ObjectKind kind);
    Task<bool> answers();
    Task<std::vector<Upload>> uploads_of(JobId job);
    /// `extension`: that of the file for which it must have been opened.
    Task<OrRefusal<Upload>> find_own(std::string upload_id, JobId job, Address address,
                                     std::optional<std::string> extension);
    Task<OrRefusal<Upload>> find_again(Upload upload);
    Task<OrRefusal<void>> write(Upload upload);
    Task<OrRefusal<Parts>> parts_of(Upload upload);
    /// The object that `upload` has made, or that serves in its place; none: it is still to be completed.
    Task<OrRefusal<std::optional<StoredObject>>> made_of(Upload upload);
    Task<> count_open_datasets();
    /// Whether one of them without a part gave way: the oldest, if that is found in so many tries.
    Task<bool> give_way(std::vector<Upload> candidates, std::set<std::string> keys_in_work, std::size_t tries_max);
    Task<OrRefusal<void>> admit_dataset(Upload upload, std::set<std::string> keys_in_work);
    /// Whether an upload of the JOB gave way.
    Task<bool> make_room(JobId job, std::set<std::string> keys_in_work);
    Task<OrRefusal<SpaceBook::Reservation>> reserve(Upload upload, std::set<std::string> keys_in_work);
    Task<OrRefusal<void>> prepare(Upload upload);
    Task<OrRefusal<void>> join(Upload upload, std::vector<std::string> etags);
    Task<OrRefusal<void>> note_completed(Upload upload);

    S3BackendPorts ports_;
    s3::S3Client client_;
    UploadRecords records_;
    Reminder trouble_;
    BriefCache<bool> answers_;
    bool stock_is_taken_ = false;
};

}  // namespace emeth::network
