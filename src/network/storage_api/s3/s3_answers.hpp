// Answers of S3 as values, and the one body that is written to it. Pure. Sources, in the Amazon S3 API Reference:
// "ListObjectsV2", "ListParts", "CreateMultipartUpload", "CompleteMultipartUpload", "REST error responses".
//
// An answer is refused (a transient Error, since the next one may be whole) if it is longer than answer_bytes_max,
// no XML or none of the kind that was asked for, has a DOCTYPE, or if a field in it is missing, too long or no number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"

namespace emeth::network::s3 {

/// Of a page of 1,000 objects, whose keys have at most 1,024 bytes each.
inline constexpr std::size_t answer_bytes_max = 4 << 20;
inline constexpr std::size_t key_bytes_max = 1'024;
inline constexpr std::size_t upload_id_bytes_max = 1'024;
/// Objects or parts; S3 has no longer pages.
inline constexpr std::uint32_t page_entries_max = 1'000;
/// Parts of an upload are numbered from 1 to this.
inline constexpr std::uint32_t part_number_max = 10'000;

struct S3Object {
    std::string key;
    std::uint64_t bytes = 0;
    std::int64_t last_modified_unix_s = 0;
    std::string etag;  ///< without quotes; of an object of several parts it is no digest of the content

    friend bool operator==(const S3Object&, const S3Object&) = default;
};

struct ObjectPage {
    std::vector<S3Object> objects;  ///< by key, in ascending order of its bytes
    bool is_truncated = false;      ///< there are more, after the last of these

    friend bool operator==(const ObjectPage&, const ObjectPage&) = default;
};

struct S3Part {
    std::uint32_t number = 0;
    std::uint64_t bytes = 0;
    std::string etag;  ///< without quotes

    friend bool operator==(const S3Part&, const S3Part&) = default;
};

struct PartPage {
    std::vector<S3Part> parts;  ///< by number, ascending
    bool is_truncated = false;

    friend bool operator==(const PartPage&, const PartPage&) = default;
};

/// "NoSuchUpload" and so on. Both are one line of printable text, and short.
struct S3Failure {
    std::string code;
    std::string message;

    friend bool operator==(const S3Failure&, const S3Failure&) = default;
};

/// None if the answer is anything else than an <Error> with a code.
std::optional<S3Failure> read_failure(std::string_view answer);

Result<ObjectPage> read_object_page(std::string_view answer);
Result<PartPage> read_part_page(std::string_view answer);
/// The UploadId.
Result<std::string> read_initiated_upload(std::string_view answer);
/// The object's ETag, without quotes. S3 begins to answer a CompleteMultipartUpload with 200 before it knows whether it
/// will succeed: such an answer may be a failure, so look for that first.
Result<std::string> read_completed_upload(std::string_view answer);

struct CompletedPart {
    std::uint32_t number = 0;
    std::string etag;  ///< with or without quotes
};
/// The body of CompleteMultipartUpload.
std::string completion_body(const std::vector<CompletedPart>& parts);

/// An ETag without its quotes, and whether it is one that S3 may have given: up to upload_etag_bytes_max printable
/// characters of ASCII other than quotes and blanks.
std::string unquoted_etag(std::string_view etag);
bool is_etag(std::string_view unquoted);
/// 1 to upload_id_bytes_max printable characters of ASCII other than blanks.
bool is_upload_id(std::string_view text);

}  // namespace emeth::network::s3
