// Uploads one part of a file to a signed URL of an object store.
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

namespace emeth::http {

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
/// server that answers the same bytes with the same other digits makes its ETags in another way. So does one whose
/// ETags have never been the MD5 of anything and are others each time: nothing is damaged `tries_max` times in a row.
class DoubtedEtags {
public:
    static constexpr std::size_t tries_max = 8;

    /// The server's ETag was the MD5 of what was sent, so it makes its ETags by the convention.
    void confirm() { is_md5_ = true; }
    /// Whether `claimed`, which is not the MD5 `sent`, is no MD5 at all; notes the pair.
    bool is_no_md5(const std::string& sent, const std::string& claimed) {
        if (claimed_for_.size() >= parts_max) claimed_for_.clear();
        auto& claims = claimed_for_[sent];
        const bool again = !claims.insert(claimed).second;
        return again || (!is_md5_ && claims.size() >= tries_max);
    }

private:
    static constexpr std::size_t parts_max = 10'000;
    bool is_md5_ = false;
    std::map<std::string, std::set<std::string>> claimed_for_;  ///< by the MD5 of what was sent
};

/// What put_part() needs of its caller; all of it must outlive the task.
struct PartPorts {
    BlockingPool& pool;  ///< hashes
    DoubtedEtags& doubted;
};

/// Puts part `part`, counted from 1; returns the ETag from the Storage API's answer. A transient Error if that claims
/// to be the MD5 of other bytes, unless DoubtedEtags knows better.
Task<Result<std::string>> put_part(PartPorts ports, PartSource source, std::uint32_t part, std::string url_text,
                                   Milliseconds idle_timeout);

}  // namespace emeth::http
