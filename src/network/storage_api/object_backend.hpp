// Where the Storage API keeps objects and the parts of uploads: the server's own folder, or a store that speaks S3. It
// keeps them and gives URLs for them; who may have what is decided before it is asked (authorisation.hpp).
//
// Whatever the backend: an object is whole or absent and never replaced, and what is put under an upload's URLs is
// seen by nobody before complete().
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/storage_api/object_names.hpp"
#include "network/storage_api/refusal.hpp"
#include "network/storage_api/upload_record.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

struct StoredObject {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t stored_at_unix_ns = 0;  ///< since when its content is fixed

    [[nodiscard]] std::int64_t stored_at_unix_s() const { return stored_at_unix_ns / 1'000'000'000; }
};

struct UploadTicket {
    std::string upload_id;  ///< secret: whoever has it may complete the upload. 64 hex digits
    Upload upload;
};

struct UploadOutlook {
    std::string file_name;
    bool completed = false;
};

struct UploadDigest {
    std::uint64_t bytes = 0;
    std::optional<Hash256> sha256{};  ///< none: a store to which clients put directly has not read the bytes
    bool completed = false;
};

struct NewDataset {
    Address address;  ///< who uploads it
    JobId job;
    Hash256 sha256;
    std::uint64_t bytes = 0;
};

/// How a dataset is put: to one URL, or as an upload in parts; or that it is there already.
struct DatasetPut {
    std::string url{};
    std::optional<UploadTicket> upload{};
    bool is_stored = false;
};

/// Io thread only. Names are object names, `upload_id`s those that open() was given; callers keep two calls from
/// changing the same upload or object at once. A store that does not answer is a Refusal of 503.
class ObjectBackend {
public:
    virtual ~ObjectBackend() = default;

    /// At the start, before anything is asked: prepares what lies on this machine.
    virtual Result<void> open() = 0;
    /// For as long as the server runs: reads what is stored already, where open() has not.
    virtual Task<> run() = 0;
    /// Sentences for /readyz.
    virtual Task<std::vector<std::string>> why_not_ready() = 0;

    virtual Task<OrRefusal<std::optional<StoredObject>>> find(ObjectKind kind, std::string name) = 0;
    /// Those whose names begin with `prefix`.
    virtual Task<OrRefusal<std::vector<StoredObject>>> list(ObjectKind kind, std::string prefix) = 0;
    /// A URL, valid for 12 hours, by which whoever has it may GET the object.
    virtual std::string get_url(ObjectKind kind, const std::string& name) = 0;
    virtual Task<OrRefusal<void>> remove(ObjectKind kind, std::string name) = 0;

    /// 507 when there is no space for it. `upload_id`: as for open_upload().
    virtual Task<OrRefusal<DatasetPut>> put_dataset(std::string upload_id, NewDataset dataset,
                                                    std::set<std::string> keys_in_work) = 0;

    /// Uploads that have a record, also completed ones.
    virtual Task<std::vector<Upload>> uploads() = 0;
    /// Idempotent; 409 where `upload_id` was opened with another binding. A JOB that has as many uploads as it may
    /// gives up the oldest one without a part, but none of `keys_in_work`; 429 if each has parts.
    virtual Task<OrRefusal<UploadTicket>> open_upload(std::string upload_id, UploadBinding binding,
                                                      std::set<std::string> keys_in_work) = 0;
    /// A URL, valid for 12 hours, by which whoever has it may PUT this part. `number`: from 1.
    virtual std::string put_part_url(const Upload& upload, std::uint32_t number) = 0;
    /// What has been put, once all parts are there (409).
    virtual Task<OrRefusal<UploadDigest>> digest(std::string upload_id, JobId job, Address address) = 0;
    /// What complete() would make.
    virtual Task<OrRefusal<UploadOutlook>> outlook(std::string upload_id, JobId job, Address address,
                                                   std::string extension) = 0;
    /// Idempotent: makes the object and returns its name. `etags` are in the order of the parts; 409 when a part is
    /// missing, has the wrong size, or does not match its ETag, and as far as the backend reads what was put, when the
    /// whole is not what the upload is bound to.
    virtual Task<OrRefusal<std::string>> complete(std::string upload_id, JobId job, Address address,
                                                  std::string extension, std::vector<std::string> etags) = 0;
    virtual Task<OrRefusal<void>> remove_upload(Upload upload) = 0;
};

}  // namespace emeth::network
