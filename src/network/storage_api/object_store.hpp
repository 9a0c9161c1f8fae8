// The folder behind the Storage API: complete objects and their creation. Objects are whole or absent, never replaced.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "api_client/storage_api_client.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/refusal.hpp"
#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

struct StorageLimits {
    std::uint64_t dataset_bytes_max = api_client::dataset_bytes_max;
    std::uint64_t total_bytes_max = std::uint64_t{4} << 40;        ///< of all objects and open uploads together
    std::uint64_t disk_free_bytes_min = std::uint64_t{256} << 20;  ///< uploads must leave this much free
};

/// Layout: dataset/<name>, result/<name>, incoming/ (temporaries), uploads/ (see MultipartUploads), verdict/ (see
/// VerdictReasons), secret. All calls block. May be used from several threads as long as each touches different files;
/// callers must keep two calls from publishing the same name at once.
class ObjectStore {
public:
    ObjectStore(std::filesystem::path folder, StorageLimits limits) : folder_(std::move(folder)), limits_(limits) {}

    /// Makes the folders (0700), removes temporary files left by a crash, and counts the bytes in use.
    Result<void> open();
    /// The key that signs URLs: generated at first use and kept, so that URLs outlive a restart.
    Result<std::array<std::uint8_t, 32>> secret(Random& random);

    [[nodiscard]] std::filesystem::path incoming() const { return folder_ / "incoming"; }
    [[nodiscard]] std::filesystem::path uploads() const { return folder_ / "uploads"; }
    [[nodiscard]] std::filesystem::path verdicts() const { return folder_ / "verdict"; }
    /// `object` must be an object name.
    [[nodiscard]] std::filesystem::path path(ObjectKind kind, std::string_view object) const;
    /// Size of a complete object; none when there is no such object or the name is not an object name.
    [[nodiscard]] std::optional<std::uint64_t> bytes_of(ObjectKind kind, std::string_view object) const;
    /// Since when its content is fixed; `object` must be an object name. Later than any time if there is no such
    /// object.
    [[nodiscard]] std::int64_t stored_at_unix_s(ObjectKind kind, std::string_view object) const;

    /// Whether `bytes` more may be stored; 413 or 507 when not.
    [[nodiscard]] OrRefusal<void> check_space(std::uint64_t bytes) const;
    [[nodiscard]] const StorageLimits& limits() const { return limits_; }
    /// Of all objects and open uploads together.
    [[nodiscard]] std::uint64_t bytes_used() const { return bytes_used_; }
    /// Complete objects of this kind.
    [[nodiscard]] std::size_t count(ObjectKind kind) const;
    [[nodiscard]] Result<std::uint64_t> disk_free_bytes() const;

    /// Moves a temporary file from incoming() into place. Publishing the same content again is not an error; different
    /// content is 409.
    OrRefusal<void> publish(ObjectKind kind, std::string_view object, const std::filesystem::path& temporary,
                            const Hash256& sha256);
    /// The newest result object of a JOB with this extension.
    [[nodiscard]] std::optional<std::string> newest_result(const JobId& job, std::string_view extension) const;

    /// Adjusts the count of bytes in use for what others store below uploads() and verdicts().
    void add_bytes(std::uint64_t bytes) { bytes_used_ += bytes; }
    void remove_bytes(std::uint64_t bytes) { bytes_used_ -= bytes; }

private:
    std::filesystem::path folder_;
    StorageLimits limits_;
    std::atomic<std::uint64_t> bytes_used_ = 0;
};

/// Size of a regular file; none for anything else.
std::optional<std::uint64_t> file_bytes(const std::filesystem::path& file);

}  // namespace emeth::network
