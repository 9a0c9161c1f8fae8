#include "network/storage_api/object_store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <limits>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr mode_t private_folder = 0700;
constexpr mode_t private_file = 0600;
constexpr std::size_t secret_file_bytes_max = 128;

/// In nanoseconds, so that two uploads in quick succession can be ordered.
std::pair<std::int64_t, std::int64_t> modified_at(const fs::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return {0, 0};
    return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

Result<void> remove_contents(const fs::path& folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        fs::remove_all(entry.path(), error);
        if (error) break;
    }
    if (error) return permanent_error(fmt::format("cannot clear {}: {}", folder.string(), error.message()));
    return {};
}

std::uint64_t bytes_below(const fs::path& folder) {
    std::uint64_t bytes = 0;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, ignored))
        bytes += file_bytes(entry.path()).value_or(0);
    return bytes;
}

}  // namespace

std::optional<std::uint64_t> file_bytes(const fs::path& file) {
    struct stat status {};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> ObjectStore::open() {
    for (const fs::path& folder : {folder_, folder_ / "dataset", folder_ / "result", incoming(), uploads(), verdicts()})
        if (Result<void> made = create_folder(folder, private_folder); !made) return made;
    if (Result<void> swept = remove_contents(incoming()); !swept) return swept;
    bytes_used_ = bytes_below(folder_);
    return {};
}

Result<std::array<std::uint8_t, 32>> ObjectStore::secret(Random& random) {
    const fs::path file = folder_ / "secret";
    std::array<std::uint8_t, 32> bytes{};
    if (!fs::exists(file)) {
        random.fill(bytes);
        const Result<void> written = write_file_durably(file, to_hex(bytes), private_file);
        if (written.has_error()) return written.error();
        return bytes;
    }
    const Result<std::string> text = read_file(file, secret_file_bytes_max);
    if (text.has_error()) return text.error();
    if (!from_hex(*text, bytes))
        return permanent_error(fmt::format(
            "{} does not hold 32 bytes of hex; remove it: clients then ask for new signed URLs", file.string()));
    return bytes;
}

fs::path ObjectStore::path(ObjectKind kind, std::string_view object) const {
    return folder_ / name(kind) / object;
}

std::optional<std::uint64_t> ObjectStore::bytes_of(ObjectKind kind, std::string_view object) const {
    if (!is_object_name(object)) return std::nullopt;
    return file_bytes(path(kind, object));
}

std::int64_t ObjectStore::stored_at_unix_s(ObjectKind kind, std::string_view object) const {
    struct stat status {};
    return ::stat(path(kind, object).c_str(), &status) == 0 ? status.st_mtim.tv_sec
                                                            : std::numeric_limits<std::int64_t>::max();
}

std::size_t ObjectStore::count(ObjectKind kind) const {
    std::error_code ignored;
    const fs::directory_iterator objects(folder_ / name(kind), ignored);
    return static_cast<std::size_t>(std::distance(begin(objects), end(objects)));
}

Result<std::uint64_t> ObjectStore::disk_free_bytes() const {
    return free_bytes(folder_);
}

OrRefusal<void> ObjectStore::check_space(std::uint64_t bytes) const {
    const std::uint64_t used = bytes_used_;
    if (used >= limits_.total_bytes_max || bytes > limits_.total_bytes_max - used)
        return Refusal{507, fmt::format("the store is full: {} of {} bytes are in use, {} more were asked for", used,
                                        limits_.total_bytes_max, bytes)};
    const Result<std::uint64_t> free = disk_free_bytes();
    if (free.has_error()) return disk_refusal(free.error());
    if (*free < limits_.disk_free_bytes_min || bytes > *free - limits_.disk_free_bytes_min)
        return Refusal{
            507, fmt::format("the server's disk is full: {} bytes are free, {} more were asked for", *free, bytes)};
    return {};
}

OrRefusal<void> ObjectStore::publish(ObjectKind kind, std::string_view object, const fs::path& temporary,
                                     const Hash256& sha256) {
    const fs::path target = path(kind, object);
    if (file_bytes(target)) {
        const Result<Hash256> present = crypto::sha256_of_file(target);
        if (present.has_error()) return disk_refusal(present.error());
        if (*present == sha256) return {};
        return http::conflict(fmt::format("{}/{} is complete and cannot be replaced", name(kind), object));
    }
    const std::uint64_t bytes = file_bytes(temporary).value_or(0);
    const Result<void> published = publish_file(temporary, target);
    if (published.has_error()) return disk_refusal(published.error());
    add_bytes(bytes);
    return {};
}

std::optional<std::string> ObjectStore::newest_result(const JobId& job, std::string_view extension) const {
    std::optional<std::string> newest;
    std::pair<std::int64_t, std::int64_t> newest_time;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "result", ignored)) {
        const std::string object = entry.path().filename().string();
        if (!api_client::is_result_name(object, job, extension)) continue;
        const auto time = modified_at(entry.path());
        if (newest && time < newest_time) continue;
        newest = object;
        newest_time = time;
    }
    return newest;
}

}  // namespace emeth::network
