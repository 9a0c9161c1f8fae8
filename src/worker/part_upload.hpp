// Uploads one part of a file to a signed URL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
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

/// ETags of 32 hex digits that were not the MD5 of what was sent. Damage on the way differs from one try to the next: a
/// server that answers the same bytes with the same other digits makes its ETags in another way.
class DoubtedEtags {
public:
    /// Whether `claimed` was noted for the bytes of the MD5 `sent` before; notes it.
    bool again(const std::string& sent, const std::string& claimed) {
        if (pairs_.size() >= pairs_max) pairs_.clear();
        return !pairs_.insert(sent + claimed).second;
    }

private:
    static constexpr std::size_t pairs_max = 10'000;
    std::set<std::string> pairs_;
};

/// What put_part() needs of its caller; all of it must outlive the task.
struct PartPorts {
    BlockingPool& pool;  ///< hashes
    DoubtedEtags& doubted;
};

/// Puts part `part`, counted from 1; returns the ETag from the Storage API's answer. A transient Error if that claims
/// to be the MD5 of other bytes, unless it did so for the same bytes before.
Task<Result<std::string>> put_part(PartPorts ports, PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout);

}  // namespace emeth::worker
