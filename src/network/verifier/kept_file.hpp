// A file that was fetched from the Storage API, kept beside a record of what it is a copy of: a verifier that was
// restarted, or whose check was killed, fetches nothing again that is whole and still what the Storage API has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/blocking_pool.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// What is fetched. A complete object is never replaced, so that equal sources have equal contents.
struct Source {
    std::string object;  ///< which one; any text, as names of datasets are
    std::uint64_t bytes = 0;
    std::optional<std::int64_t> stored_at_unix_s{};
};

/// The text of the record. It holds a digest of the source, and so nothing that a stranger wrote.
std::string fetch_record(const Source& source, const Hash256& sha256);
/// The digest of the file that the record was written for; none if it is damaged or of another source.
std::optional<Hash256> recorded_digest(std::string_view record, const Source& source);

/// The digest of `file`, read again in full, if it is a whole and unchanged copy of `source`.
Task<std::optional<Hash256>> find_kept(BlockingPool& pool, std::filesystem::path file, Source source);
/// Writes the record of a complete file, durably.
Result<void> keep(const std::filesystem::path& file, const Source& source, const Hash256& sha256);
/// The file is fetched again when it is wanted next.
void forget(const std::filesystem::path& file);

}  // namespace emeth::network
