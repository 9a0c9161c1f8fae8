// The folder behind the Storage API: complete objects and their creation. Objects are whole or absent, never replaced.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/storage_api/object_backend.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/refusal.hpp"
#include "network/storage_api/space_book.hpp"
#include "network/storage_api/storage_limits.hpp"
#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// Layout: dataset/<name>, result/<name>, incoming/ (temporaries), uploads/ (see upload_record.hpp), verdict/ (see
/// VerdictReasons), secret. All calls block. May be used from several threads as long as each touches different files;
/// callers must keep two calls from publishing the same name at once.
class ObjectStore {
public:
    ObjectStore(std::filesystem::path folder, StorageLimits limits)
        : folder_(std::move(folder)), limits_(limits), book_(limits) {}

    /// Makes the folders (0700), removes temporary files left by a crash, and enters reasons into the book.
    Result<void> open();
    /// Enters the complete objects of this folder into the book.
    Result<void> enter_objects();
    /// The key that signs URLs: generated at first use and kept, so that URLs outlive a restart.
    Result<std::array<std::uint8_t, 32>> secret(Random& random);

    [[nodiscard]] std::filesystem::path incoming() const { return folder_ / "incoming"; }
    [[nodiscard]] std::filesystem::path uploads() const { return folder_ / "uploads"; }
    [[nodiscard]] std::filesystem::path verdicts() const { return folder_ / "verdict"; }
    /// `object` must be an object name.
    [[nodiscard]] std::filesystem::path path(ObjectKind kind, std::string_view object) const;
    /// A complete object; none when there is no such object or the name is not an object name.
    [[nodiscard]] std::optional<StoredObject> find(ObjectKind kind, std::string_view object) const;
    /// Those whose names begin with `prefix`.
    [[nodiscard]] std::vector<StoredObject> list(ObjectKind kind, std::string_view prefix) const;

    /// Sets space aside; 507 when there is none, on the disk or within the quotas of the payer.
    [[nodiscard]] OrRefusal<SpaceBook::Reservation> reserve(const Payer& payer, std::uint64_t bytes);
    /// Whether reserve() would do it now.
    [[nodiscard]] OrRefusal<void> check_space(const Payer& payer, std::uint64_t bytes);
    [[nodiscard]] const StorageLimits& limits() const { return limits_; }
    [[nodiscard]] SpaceBook& book() { return book_; }
    [[nodiscard]] const SpaceBook& book() const { return book_; }
    [[nodiscard]] Result<std::uint64_t> disk_free_bytes() const;

    /// Moves a temporary file from incoming() into place. Publishing the same content again is not an error, and makes
    /// a dataset as young as a new one; different content is 409.
    OrRefusal<void> publish(ObjectKind kind, std::string_view object, const std::filesystem::path& temporary,
                            const Hash256& sha256, SpaceBook::Reservation reservation);
    /// The same for a part below uploads(), which replaces the one that is there.
    OrRefusal<void> publish_part(const std::filesystem::path& part, const std::filesystem::path& temporary,
                                 SpaceBook::Reservation reservation, const Payer& payer);
    /// Writes a small file below uploads() or verdicts() in place of the one that is there.
    OrRefusal<void> write_small(const std::filesystem::path& file, std::string_view text, const Payer& payer);
    /// A file, or a folder with all that is in it.
    Result<void> remove(const std::filesystem::path& path);
    /// The name of a file in the book: its path below the folder.
    [[nodiscard]] std::string book_key_of(const std::filesystem::path& path) const;
    /// Enters a file that was found at the start.
    void enter(const std::filesystem::path& file, const Payer& payer);

private:
    void store(SpaceBook::Reservation reservation, const std::filesystem::path& file, const Payer& payer);

    std::filesystem::path folder_;
    StorageLimits limits_;
    SpaceBook book_;
};

/// The name of an object in the book, wherever it lies: "dataset/<name>" or "result/<name>".
std::string book_key(ObjectKind kind, std::string_view object);
/// Datasets count for whoever uploaded them, results for their JOB.
Payer payer_of(ObjectKind kind, std::string_view object);

/// Size of a regular file; none for anything else.
std::optional<std::uint64_t> file_bytes(const std::filesystem::path& file);

}  // namespace emeth::network
