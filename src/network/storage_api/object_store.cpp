#include "network/storage_api/object_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "api_client/dataset_name.hpp"
#include "crypto/sha256.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/private_folder.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;

constexpr mode_t private_file = 0600;
constexpr std::size_t secret_file_bytes_max = 128;
constexpr std::int64_t ns_per_s = 1'000'000'000;

Result<void> remove_contents(const fs::path& folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        fs::remove_all(entry.path(), error);
        if (error) break;
    }
    if (error) return permanent_error(fmt::format("cannot clear {}: {}", folder.string(), error.message()));
    return {};
}

}  // namespace

std::string book_key(ObjectKind kind, std::string_view object) {
    return fmt::format("{}/{}", name(kind), object);
}

Payer payer_of(ObjectKind kind, std::string_view object) {
    if (kind == ObjectKind::dataset) return {.address = api_client::uploader_of(object)};
    return {.job = job_of_object(object)};
}

std::optional<std::uint64_t> file_bytes(const fs::path& file) {
    struct stat status{};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> ObjectStore::open() {
    for (const fs::path& folder : {folder_, folder_ / "dataset", folder_ / "result", incoming(), uploads(), verdicts()})
        if (Result<void> made = open_private_folder(folder); !made) return made;
    if (Result<void> swept = remove_contents(incoming()); !swept) return swept;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(verdicts(), error)) enter(entry.path(), {});
    if (error) return permanent_error(fmt::format("cannot list {}: {}", folder_.string(), error.message()));
    return {};
}

Result<void> ObjectStore::enter_objects() {
    std::error_code error;
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result})
        for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / name(kind), error))
            enter(entry.path(), payer_of(kind, entry.path().filename().string()));
    if (error) return permanent_error(fmt::format("cannot list {}: {}", folder_.string(), error.message()));
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

std::optional<StoredObject> ObjectStore::find(ObjectKind kind, std::string_view object) const {
    struct stat status{};
    if (!is_object_name(object) || ::lstat(path(kind, object).c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    return StoredObject{std::string(object), static_cast<std::uint64_t>(status.st_size),
                        status.st_mtim.tv_sec * ns_per_s + status.st_mtim.tv_nsec};
}

std::vector<StoredObject> ObjectStore::list(ObjectKind kind, std::string_view prefix) const {
    std::vector<StoredObject> all;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / name(kind), ignored)) {
        const std::string object = entry.path().filename().string();
        if (!object.starts_with(prefix)) continue;
        if (std::optional<StoredObject> found = find(kind, object)) all.push_back(std::move(*found));
    }
    return all;
}

Result<std::uint64_t> ObjectStore::disk_free_bytes() const {
    return free_bytes(folder_);
}

OrRefusal<SpaceBook::Reservation> ObjectStore::reserve(const Payer& payer, std::uint64_t bytes) {
    OrRefusal<SpaceBook::Reservation> reserved = book_.reserve(payer, bytes);
    if (reserved.has_error()) return reserved;
    // Read before the disk: what is stored in between is then counted twice rather than not at all.
    const std::uint64_t promised = book_.total().reserved;
    const Result<std::uint64_t> free = disk_free_bytes();
    if (free.has_error()) return disk_refusal(free.error());
    if (*free < limits_.disk_free_bytes_min || promised > *free - limits_.disk_free_bytes_min)
        return Refusal{507,
                       fmt::format("the server's disk is full: {} bytes are free, of which {} are kept free and {} "
                                   "are promised to uploads that run, {} more were asked for; try again later",
                                   *free, limits_.disk_free_bytes_min, promised - bytes, bytes)};
    return reserved;
}

OrRefusal<void> ObjectStore::check_space(const Payer& payer, std::uint64_t bytes) {
    const OrRefusal<SpaceBook::Reservation> reserved = reserve(payer, bytes);
    if (reserved.has_error()) return reserved.error();
    return {};
}

std::string ObjectStore::book_key_of(const fs::path& path) const {
    return path.lexically_relative(folder_).string();
}

void ObjectStore::enter(const fs::path& file, const Payer& payer) {
    if (const std::optional<std::uint64_t> bytes = file_bytes(file)) book_.found(book_key_of(file), payer, *bytes);
}

/// The file lies in place. Whoever has removed it since may have found nothing in the book yet.
void ObjectStore::store(SpaceBook::Reservation reservation, const fs::path& file, const Payer& payer) {
    book_.store(std::move(reservation), book_key_of(file), payer, file_bytes(file).value_or(0));
    if (!file_bytes(file)) book_.erase(book_key_of(file));
}

OrRefusal<void> ObjectStore::publish(ObjectKind kind, std::string_view object, const fs::path& temporary,
                                     const Hash256& sha256, SpaceBook::Reservation reservation) {
    const fs::path target = path(kind, object);
    if (file_bytes(target)) {
        const Result<Hash256> present = crypto::sha256_of_file(target);
        if (present.has_error()) return disk_refusal(present.error());
        if (*present == sha256 && kind == ObjectKind::dataset)
            ::utimensat(AT_FDCWD, target.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
        if (*present == sha256) return {};
        return cannot_be_replaced(book_key(kind, object));
    }
    const Result<void> published = publish_file(temporary, target);
    if (published.has_error()) return disk_refusal(published.error());
    store(std::move(reservation), target, payer_of(kind, object));
    return {};
}

OrRefusal<void> ObjectStore::publish_part(const fs::path& part, const fs::path& temporary,
                                          SpaceBook::Reservation reservation, const Payer& payer) {
    const Result<void> published = publish_file(temporary, part);
    if (published.has_error()) return disk_refusal(published.error());
    store(std::move(reservation), part, payer);
    return {};
}

OrRefusal<void> ObjectStore::write_small(const fs::path& file, std::string_view text, const Payer& payer) {
    OrRefusal<SpaceBook::Reservation> space = reserve(payer, text.size());
    if (space.has_error()) return space.error();
    const Result<void> written = write_file_durably(file, text, private_file);
    if (written.has_error()) return disk_refusal(written.error());
    store(std::move(*space), file, payer);
    return {};
}

Result<void> ObjectStore::remove(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return permanent_error(fmt::format("cannot remove {}: {}", path.string(), error.message()));
    book_.erase(book_key_of(path));
    book_.erase_below(book_key_of(path) + "/");
    return {};
}

}  // namespace emeth::network
