// Client of the Storage API: signed URLs for datasets and results, multipart uploads. Each method is one exchange;
// retries belong to the caller.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/private_key.hpp"
#include "http/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::api_client {

/// Fixed by the protocol: part i of a result is the bytes [i*10,000,000, (i+1)*10,000,000).
inline constexpr std::uint64_t part_bytes = 10'000'000;
inline constexpr std::uint32_t parts_max = 10'000;

/// Parts of a file of this size: at least 1.
std::uint32_t parts_of(std::uint64_t bytes);

struct OpenedUpload {
    std::string upload_id;
    std::string file_name;
    std::vector<std::string> urls;  ///< by part, from 0; signed, so never logged
};

/// The port the node's pipelines see.
class ArtifactStore {
public:
    virtual ~ArtifactStore() = default;
    /// Bytes of "dataset/<name>". permanent Error when the server says that there is no such object.
    virtual Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) = 0;
    /// A signed URL to GET the dataset of a JOB that is assigned to this node.
    virtual Task<Result<std::string>> dataset_url(JobId job) = 0;
    /// Opens an upload of `bytes` with `extension` (".tar"). Calling it again before complete gives a new upload.
    virtual Task<Result<OpenedUpload>> open_upload(JobId job, std::uint64_t bytes, std::string extension) = 0;
    /// Idempotent: completing a completed upload again succeeds. `etags` by part number, from 1.
    virtual Task<Result<void>> complete_upload(JobId job, std::string upload_id,
                                               std::map<std::uint32_t, std::string> etags, std::string extension) = 0;
    /// Size and digest of what lies in the store for an open upload are known to the server alone; the master compares
    /// them with the worker's report: bytes and SHA-256 of the assembled file, of an upload that has all its parts.
    struct UploadState {
        std::uint64_t bytes = 0;
        Hash256 sha256;
        bool completed = false;
    };
    virtual Task<Result<UploadState>> upload_state(JobId job, std::string upload_id) = 0;
};

class StorageApiClient : public ArtifactStore {
public:
    /// `base_url`: "http://127.0.0.1:4000". `key` signs the requests and must outlive the client.
    StorageApiClient(http::Url base_url, const crypto::PrivateKey& key, Clock& clock);

    Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) override;
    Task<Result<std::string>> dataset_url(JobId job) override;
    Task<Result<OpenedUpload>> open_upload(JobId job, std::uint64_t bytes, std::string extension) override;
    Task<Result<void>> complete_upload(JobId job, std::string upload_id, std::map<std::uint32_t, std::string> etags,
                                       std::string extension) override;
    Task<Result<UploadState>> upload_state(JobId job, std::string upload_id) override;

    /// For the verifier and, once VERIFIED, the requester (an endpoint of ours): a signed URL to GET the result, with
    /// its size.
    struct ResultLocation {
        std::string url;
        std::uint64_t bytes = 0;
    };
    /// `extension` ".tar": what was submitted; ".evidence": the newest that was shown. None: nothing lies there.
    Task<Result<std::optional<ResultLocation>>> result_url(JobId job, std::string extension);
    /// For the requester (an endpoint of ours): uploads `file` as the dataset of `job` and returns the name for
    /// request().
    Task<Result<std::string>> upload_dataset(JobId job, std::filesystem::path file);

private:
    http::Url base_url_;
    const crypto::PrivateKey& key_;
    Clock& clock_;
};

}  // namespace emeth::api_client
