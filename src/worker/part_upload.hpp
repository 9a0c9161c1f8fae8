// Uploads one part of a file to a signed URL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::worker {

/// The file to put, and the name of this effect among the failpoints (runtime/failpoint.hpp).
struct PartSource {
    std::filesystem::path file;
    std::uint64_t bytes = 0;
    std::string_view effect;
};

/// The MD5 that an answer to a part claims to have received, by S3's convention: an ETag of 32 hex digits, quoted or
/// not, is the MD5 of the part's bytes, unless S3 says that the part was encrypted with a key of a key service or of
/// the customer. In lower case; none if the ETag says nothing about the bytes.
std::optional<std::string> claimed_md5(const std::map<std::string, std::string>& answer_headers);

/// Puts part `part`, counted from 1; returns the ETag from the Storage API's answer. A transient Error if that claims
/// to be the MD5 of other bytes. `pool` hashes, and must outlive the task.
Task<Result<std::string>> put_part(BlockingPool& pool, PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout);

}  // namespace emeth::worker
