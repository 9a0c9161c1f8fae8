// Client of the Storage API: signed URLs for datasets and results, multipart uploads. Each method is one exchange,
// or one for each page of a large upload's URLs; retries are up to the caller.
//
// api_client/ holds the clients of the network's HTTP servers, and the contracts that both sides share: the paths of
// the endpoints, the file extensions of results, the JSON of a JOB. It knows neither the chain nor the servers.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_client/clock_offset.hpp"
#include "api_client/result_name.hpp"
#include "api_client/verdict_reason.hpp"
#include "crypto/private_key.hpp"
#include "http/client.hpp"
#include "http/part_upload.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/job.hpp"

namespace emeth::api_client {

inline constexpr std::string_view size_of_path = "/api/v1/sizeOf";
inline constexpr std::string_view signed_get_url_path = "/api/v1/node/signed-get-url";
inline constexpr std::string_view open_upload_path = "/api/v1/node/multipartUpload/getPutSignedUrls";
inline constexpr std::string_view complete_upload_path = "/api/v1/node/multipartUpload/completeUpload";
// Only in our own Storage API:
inline constexpr std::string_view signed_put_url_path = "/api/v1/requester/signed-put-url";
inline constexpr std::string_view signed_result_url_path = "/api/v1/node/signed-result-url";
inline constexpr std::string_view upload_state_path = "/api/v1/node/multipartUpload/state";

/// What our own Storage API takes and our verifier checks.
inline constexpr std::uint64_t dataset_bytes_max = std::uint64_t{64} << 30;

struct OpenedUpload {
    std::string upload_id;
    std::string file_name;
    std::vector<std::string> urls;  ///< by part, from 0; signed, so never logged
};

/// The port the node's pipelines see.
class ArtifactStore {
public:
    virtual ~ArtifactStore() = default;
    /// Size in bytes of "dataset/<name>". Permanent Error if the server says that the object does not exist.
    virtual Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) = 0;
    /// A signed URL for GETting the dataset of a JOB that is assigned to this node.
    virtual Task<Result<std::string>> dataset_url(JobId job) = 0;
    /// Opens an upload of `file`, or gives the URLs of the one that is named by `upload_id`. Calling it without an id
    /// again opens a new one, and other people's servers do so in any case: the id in the answer tells. A permanent
    /// Error about an upload that was named says that it cannot be gone on with. For an artifact our own server gives a
    /// name that holds its digest (result_name.hpp), and takes nothing else under it; other servers ignore the digest.
    virtual Task<Result<OpenedUpload>> open_upload(JobId job, statemachine::WorkerFile file, std::string extension,
                                                   std::optional<std::string> upload_id) = 0;
    /// Idempotent: completing a completed upload again succeeds. `etags`: by part number, from 1. A permanent Error
    /// ends the upload: the server says that there is no such upload, or that its parts do not make a result.
    virtual Task<Result<void>> complete_upload(JobId job, std::string upload_id,
                                               std::map<std::uint32_t, std::string> etags, std::string extension) = 0;
    /// What the store holds of an upload that has all its parts: the master compares it with the worker's report before
    /// completing the upload. None from a server without this extension of ours. A permanent Error, as above.
    struct UploadState {
        std::uint64_t bytes = 0;
        std::optional<Hash256> sha256;  ///< none of a server whose object store takes the parts itself
        bool completed = false;
    };
    virtual Task<Result<std::optional<UploadState>>> upload_state(JobId job, std::string upload_id) = 0;
    /// Why the verifier rejected the JOB's result. None if it has not said so, or by a server without this extension of
    /// ours.
    virtual Task<Result<std::optional<VerdictReason>>> verdict_reason(JobId job) = 0;
};

class StorageApiClient : public ArtifactStore {
public:
    /// `base_url`: "http://127.0.0.1:4000". `key` signs the requests; it and `clock` must outlive the client. The time
    /// that is signed is corrected by what the server says (clock_offset.hpp).
    StorageApiClient(http::Url base_url, const crypto::PrivateKey& key, Clock& clock);
    /// Shares `time`, which must outlive the client, with others.
    StorageApiClient(http::Url base_url, const crypto::PrivateKey& key, NetworkClock& time);
    StorageApiClient(const StorageApiClient&) = delete;
    StorageApiClient& operator=(const StorageApiClient&) = delete;

    Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) override;
    Task<Result<std::string>> dataset_url(JobId job) override;
    Task<Result<OpenedUpload>> open_upload(JobId job, statemachine::WorkerFile file, std::string extension,
                                           std::optional<std::string> upload_id) override;
    Task<Result<void>> complete_upload(JobId job, std::string upload_id, std::map<std::uint32_t, std::string> etags,
                                       std::string extension) override;
    Task<Result<std::optional<UploadState>>> upload_state(JobId job, std::string upload_id) override;
    Task<Result<std::optional<VerdictReason>>> verdict_reason(JobId job) override;

    struct ResultLocation {
        std::string url;  ///< signed, for GET
        std::uint64_t bytes = 0;
        std::optional<std::int64_t> stored_at_unix_s{};  ///< since when its content is fixed; older servers do not say
    };
    /// For the verifier and, once the JOB is VERIFIED, its requester: what was submitted, or the newest evidence that
    /// was shown. None if nothing is there.
    Task<Result<std::optional<ResultLocation>>> result_url(JobId job, std::string extension);
    /// For the verifier, before it rejects a result. `reason` must be one (is_verdict_reason).
    Task<Result<void>> put_verdict_reason(JobId job, VerdictReason reason);
    /// For the requester: uploads `file` as the dataset of `job`, to one URL or in parts, as the server wants it, and
    /// returns the name for request().
    Task<Result<std::string>> upload_dataset(JobId job, std::filesystem::path file);

private:
    /// {sig, address, jobId, signedtime}, with a signature of our own endpoints' digest, or of the published one.
    [[nodiscard]] boost::json::object signed_body(const JobId& job, const Hash256& digest,
                                                  std::int64_t signed_at_ms) const;
    [[nodiscard]] boost::json::object signed_body(const JobId& job, std::int64_t now_ms) const;
    Task<Result<http::ClientResponse>> exchange(http::ClientRequest request);
    Task<Result<http::ClientResponse>> send(std::string_view path, boost::json::object body, Milliseconds timeout);
    Task<Result<boost::json::value>> post(std::string_view path, boost::json::object body);
    /// The URLs of the parts from index `first` on, as many as the server gives at once.
    Task<Result<OpenedUpload>> upload_page(JobId job, statemachine::WorkerFile file, std::string extension,
                                           std::optional<std::string> upload_id, std::uint32_t first);
    /// `upload` with the URLs of all its parts.
    Task<Result<OpenedUpload>> other_pages(JobId job, statemachine::WorkerFile file, std::string extension,
                                           OpenedUpload upload);
    Task<Result<std::string>> put_in_parts(JobId job, statemachine::WorkerFile file, std::filesystem::path path,
                                           OpenedUpload upload);

    http::Url base_url_;
    const crypto::PrivateKey& key_;
    std::optional<NetworkClock> own_time_;
    NetworkClock& time_;
    http::DoubtedEtags doubted_etags_;
};

}  // namespace emeth::api_client
