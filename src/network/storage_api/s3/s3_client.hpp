// Client of an object store that speaks S3: Amazon's, Ceph's, MinIO's, Swift's and others. It lists, opens, completes
// and removes objects, and signs the URLs by which others get and put their bytes: none of these go through it. Each
// method is one exchange, or one for each page; retries are up to the caller. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.hpp"
#include "network/storage_api/s3/s3_answers.hpp"
#include "network/storage_api/s3/sigv4.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network::s3 {

struct S3Settings {
    http::Url
        endpoint;  ///< "https://s3.eu-central-1.amazonaws.com"; the bucket follows as the first segment of the path
    std::string region;  ///< "us-east-1" where the store has none
    std::string bucket;
    std::string prefix;  ///< of all keys; empty, or ends in '/'
    Credentials credentials;
};

/// A permanent Error says what is wrong; it never repeats a credential.
Result<void> check(const S3Settings& settings);

/// Keys are without the prefix. An Error of an exchange is a transient one if the store cannot be reached, or as
/// s3_error.hpp says. No secret is in any of them.
class S3Client {
public:
    /// `settings` have passed check(). The clock, which must outlive the client, dates our own requests.
    S3Client(S3Settings settings, Clock& clock);

    /// The objects whose keys begin with `under`, after the key `after` (both may be empty): a page of at most 1,000 of
    /// them. A bucket that does not exist is an Error here, while head() cannot tell it from a missing object.
    Task<Result<ObjectPage>> list(std::string under, std::string after);
    /// None if there is no such object.
    Task<Result<std::optional<S3Object>>> head(std::string key);
    /// Opens a multipart upload and returns its UploadId. Until it is completed or aborted, the store keeps its parts.
    Task<Result<std::string>> open_upload(std::string key);
    /// The parts that the store has, at most 10,000. None if there is no such upload: it was aborted, or completed
    /// (Swift goes on to list the parts of a completed one).
    Task<Result<std::optional<std::vector<S3Part>>>> parts(std::string key, std::string upload_id);
    /// Makes the object out of these parts, given in ascending order, and returns its ETag. Each but the last must have
    /// 5 MiB (EntityTooSmall otherwise). After a transient Error it may have been done: then a second call succeeds, or
    /// fails with NoSuchUpload, and head() shows the object. Takes minutes at times.
    Task<Result<std::string>> complete(std::string key, std::string upload_id, std::vector<CompletedPart> parts);
    /// Done as well if there is no such upload (any more).
    Task<Result<void>> abort(std::string key, std::string upload_id);
    /// Done as well if there is no such object.
    Task<Result<void>> remove(std::string key);

    /// For anybody who has the URL, also with a Range. `valid_s`: 1 to url_valid_max_s. Not to be logged.
    [[nodiscard]] std::string presigned_get(std::string_view key, std::int64_t now_unix_s, std::int64_t valid_s) const;
    /// For PUT of part `number` (1 to part_number_max); the answer's ETag is the part's. With `bytes` the store takes a
    /// body of that length only.
    [[nodiscard]] std::string presigned_put_part(std::string_view key, std::string_view upload_id, std::uint32_t number,
                                                 std::optional<std::uint64_t> bytes, std::int64_t now_unix_s,
                                                 std::int64_t valid_s) const;

private:
    struct Operation;
    Task<Result<http::ClientResponse>> exchange(Operation operation);
    [[nodiscard]] http::Url url_of(std::string_view key) const;
    [[nodiscard]] Error to_error(std::string_view name, const http::ClientResponse& response) const;

    S3Settings settings_;
    Clock& clock_;
};

}  // namespace emeth::network::s3
