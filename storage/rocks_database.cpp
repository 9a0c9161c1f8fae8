#include "storage/rocks_database.hpp"

#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <thread>

#include "storage/envelope.hpp"
#include "storage/keys.hpp"
#include "storage/rocks_options.hpp"

namespace emeth::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t space_probe_bytes = 1 << 20;
constexpr std::uint64_t log_replay_factor = 2;
constexpr int read_only_attempts = 5;
constexpr int recovery_attempts = 1'000;
constexpr std::chrono::milliseconds recovery_pause{2};

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& text) {
    return {text.data(), text.size()};
}

/// The first key after all those that begin with `prefix`; empty if there is none.
std::string end_of_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty()) {
        const auto last = static_cast<unsigned char>(end.back());
        if (last != 0xff) {
            end.back() = static_cast<char>(last + 1);
            return end;
        }
        end.pop_back();
    }
    return end;
}

/// RocksDB has no error code for a lock that another process holds.
bool is_lock_held(const rocksdb::Status& status) {
    const std::string text = status.ToString();
    return status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                                  text.find("lock hold by current process") != std::string::npos);
}

Result<void> make_private_folder(const fs::path& folder) {
    std::error_code failed;
    if (fs::create_directories(folder, failed)) fs::permissions(folder, fs::perms::owner_all, failed);
    if (!failed) return {};
    const std::string message =
        fmt::format("cannot make the folder {}: {}: make it, owned by this user", folder.string(), failed.message());
    return failed == std::errc::no_space_on_device ? transient_error(message) : permanent_error(message);
}

/// Shows what `entry` leads to, but for the key `skipped`, until `visit` has seen enough. What is wrong with the entry
/// at which it stopped, if that is why.
template <class Step>
std::optional<Error> visit_from(rocksdb::Iterator& entry, const Step& step, std::string_view skipped,
                                const RocksDatabase::Visit& visit) {
    for (; entry.Valid(); step()) {
        if (!skipped.empty() && view(entry.key()) == skipped) continue;
        const Result<std::string_view> payload = unseal(view(entry.key()), view(entry.value()));
        if (payload.has_error()) return payload.error();
        const Result<bool> go_on = visit(view(entry.key()), *payload);
        if (go_on.has_error()) return go_on.error();
        if (!*go_on) break;
    }
    return std::nullopt;
}

}  // namespace

std::string_view name(Family family) {
    switch (family) {
        case Family::jobs:
            return "jobs";
        case Family::history:
            return "history";
        case Family::outbox:
            return "outbox";
        case Family::cursors:
            return "cursors";
        case Family::meta:
            return "meta";
    }
    return "unknown";
}

void Batch::put(Family family, std::string_view key, std::string_view payload) {
    changes_.push_back({family, std::string(key), seal(key, payload)});
    bytes_ += key.size() + changes_.back().value->size();
}

void Batch::erase(Family family, std::string_view key) {
    changes_.push_back({family, std::string(key), std::nullopt});
    bytes_ += key.size();
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const fs::path& folder, OpenMode mode,
                                                           const Platform& platform) {
    const bool read_only = mode == OpenMode::read_only;
    const bool on_disk = platform.environment == rocksdb::Env::Default();
    if (std::error_code unreadable; read_only && !fs::exists(folder / "CURRENT", unreadable)) {
        return permanent_error(fmt::format("there is no store in {}: check the data folder", folder.string()));
    }
    if (!read_only && on_disk) {
        if (const Result<void> made = make_private_folder(folder); made.has_error()) return made.error();
    }
    if (!read_only) {
        if (const Result<void> room = check_room(folder, platform); room.has_error()) return room.error();
    }
    std::unique_ptr<RocksDatabase> database(new RocksDatabase(folder, mode, platform));
    // When a daemon is running alongside, compaction may replace a file between listing and opening.
    Result<std::shared_ptr<Opened>> opened = database->use();
    for (int attempt = 1; read_only && !opened && attempt < read_only_attempts; ++attempt) opened = database->use();
    if (opened.has_error()) return opened.error();
    return database;
}

rocksdb::Status RocksDatabase::open_once(std::shared_ptr<Opened>& opened) const {
    const auto fresh = std::make_shared<Opened>();
    const rocksdb::DBOptions options = database_options(mode_, platform_);
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status status =
        mode_ == OpenMode::read_only
            ? rocksdb::DB::OpenForReadOnly(options, folder_.string(), family_descriptors(mode_, platform_),
                                           &fresh->handles, &raw)
            : rocksdb::DB::Open(options, folder_.string(), family_descriptors(mode_, platform_), &fresh->handles, &raw);
    fresh->database.reset(raw);
    if (status.ok()) opened = fresh;
    return status;
}

/// Closing writes nothing that a SIGKILL would lose: every synced batch is already in the log.
RocksDatabase::Opened::~Opened() {
    if (!database) return;
    for (rocksdb::ColumnFamilyHandle* each : handles) database->DestroyColumnFamilyHandle(each);
}

rocksdb::ColumnFamilyHandle* RocksDatabase::Opened::handle(Family family) const {
    return handles.at(static_cast<std::size_t>(family) + 1);
}

Result<std::shared_ptr<RocksDatabase::Opened>> RocksDatabase::use() {
    const std::lock_guard lock(mutex_);
    if (!opened_) {
        if (const rocksdb::Status status = open_once(opened_); !status.ok()) return error(status);
    }
    return opened_;
}

Result<std::optional<std::string>> RocksDatabase::get(Family family, std::string_view key) {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = (*opened)->database->Get({}, (*opened)->handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>{};
    if (!status.ok()) return error(status);
    const Result<std::string_view> payload = unseal(key, view(value));
    if (payload.has_error()) return value_error(family, key, payload.error());
    return std::optional<std::string>{*payload};
}

Result<void> RocksDatabase::write(const Batch& batch, Durability durability) {
    if (mode_ == OpenMode::read_only) {
        return permanent_error(fmt::format("store {} is open for reading only", folder_.string()));
    }
    if (const Result<void> ready = make_writable(); ready.has_error()) return ready.error();
    const Result<void> written = try_write(batch, durability);
    if (!written) {
        write_failed_ = true;
        ++failed_writes_;
    } else if (durability == Durability::synced) {
        ++synced_writes_;
    }
    return written;
}

Result<void> RocksDatabase::try_write(const Batch& batch, Durability durability) {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    rocksdb::WriteBatch changes;
    for (const Batch::Change& change : batch.changes_) {
        rocksdb::ColumnFamilyHandle* family = (*opened)->handle(change.family);
        const rocksdb::Status added =
            change.value ? changes.Put(family, change.key, *change.value) : changes.Delete(family, change.key);
        if (!added.ok()) return error(added);
    }
    rocksdb::WriteOptions options;
    options.sync = durability == Durability::synced;
    const rocksdb::Status status = (*opened)->database->Write(options, &changes);
    if (!status.ok()) return error(status);
    return {};
}

Result<void> RocksDatabase::flush() {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    const rocksdb::Status status = (*opened)->database->Flush({}, (*opened)->handles);
    if (!status.ok()) return error(status);
    return {};
}

/// After a full disk or a failed sync RocksDB refuses all writes. Its own remedy, Resume(), is not used: when there is
/// nothing to flush, it appends to the log that failed, which aborts the process; otherwise it may wait for a flush
/// that never comes (the simulation found both). Closing and reopening always works, but the failed write may then turn
/// out to be durable. It is therefore not repeated here, since it was decided from what had been read before (the
/// simulation found that such a repetition lost a deposit's record).
Result<void> RocksDatabase::make_writable() {
    if (!write_failed_) return {};
    const std::lock_guard one_at_a_time(recovery_);
    if (!write_failed_) return {};
    if (!has_space()) return error(rocksdb::Status::NoSpace("nothing can be written and synced"));
    const rocksdb::Status opened = open_again();
    if (!opened.ok()) return error(opened);
    write_failed_ = false;
    return {};
}

rocksdb::Status RocksDatabase::open_again() {
    for (int attempt = 0; attempt < recovery_attempts; ++attempt) {
        {
            const std::lock_guard lock(mutex_);
            if (opened_.use_count() <= 1) {
                opened_.reset();
                return open_once(opened_);
            }
        }
        std::this_thread::sleep_for(recovery_pause);  // somebody is still reading
    }
    return rocksdb::Status::Busy("it is being read without a pause");
}

Result<void> RocksDatabase::check_room(const fs::path& folder, const Platform& platform) {
    RocksDatabase unopened(folder, OpenMode::read_write, platform);
    rocksdb::Env& environment = *platform.environment;
    std::uint64_t free = 0;
    std::vector<std::string> names;
    const bool is_new = !environment.FileExists((folder / "CURRENT").string()).ok();
    if (is_new || !environment.GetFreeSpace(folder.string(), &free).ok() ||
        !environment.GetChildren(folder.string(), &names).ok())
        return {};
    std::uint64_t needed = space_probe_bytes;
    for (const std::string& file : names) {
        std::uint64_t bytes = 0;
        if (file.ends_with(".log") && environment.GetFileSize((folder / file).string(), &bytes).ok())
            needed += log_replay_factor * bytes;
    }
    if (free >= needed) return {};
    const std::string numbers = fmt::format("{} bytes are free, opening it may need {}", free, needed);
    return unopened.error(rocksdb::Status::NoSpace(numbers));
}

/// Whether a small file can be written and synced.
bool RocksDatabase::has_space() const {
    const std::string path = (folder_ / "space.probe").string();
    std::unique_ptr<rocksdb::WritableFile> probe;
    if (!platform_.environment->NewWritableFile(path, &probe, {}).ok()) return false;
    const bool written =
        probe->Append(std::string(space_probe_bytes, '\0')).ok() && probe->Sync().ok() && probe->Close().ok();
    return platform_.environment->DeleteFile(path).ok() && written;
}

Result<void> RocksDatabase::scan(Family family, std::string_view prefix, const Visit& visit) {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    const std::string end = end_of_prefix(prefix);
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    if (!end.empty()) options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> entry(
        (*opened)->database->NewIterator(options, (*opened)->handle(family)));
    entry->Seek(slice(prefix));
    const auto step = [&] { entry->Next(); };
    const auto visited = visit_from(*entry, step, {}, visit);
    if (visited) return value_error(family, view(entry->key()), *visited);
    if (!entry->status().ok()) return error(entry->status());
    return {};
}

Result<void> RocksDatabase::scan_from(Family family, std::string_view prefix, std::string_view begin,
                                      Direction direction, const Visit& visit) {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    const bool forward = direction == Direction::forward;
    const std::string end = end_of_prefix(prefix);
    const rocksdb::Slice lower = slice(prefix), upper(end);
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower;
    if (!end.empty()) options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> entry(
        (*opened)->database->NewIterator(options, (*opened)->handle(family)));
    if (begin.empty())
        forward ? entry->SeekToFirst() : entry->SeekToLast();
    else
        forward ? entry->Seek(slice(begin)) : entry->SeekForPrev(slice(begin));
    const auto step = [&] { forward ? entry->Next() : entry->Prev(); };
    const auto visited = visit_from(*entry, step, begin, visit);
    if (visited) return value_error(family, view(entry->key()), *visited);
    if (!entry->status().ok()) return error(entry->status());
    return {};
}

Result<std::optional<std::string>> RocksDatabase::last_key(Family family, std::string_view prefix) {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    const std::string end = end_of_prefix(prefix);
    const std::unique_ptr<rocksdb::Iterator> entry((*opened)->database->NewIterator({}, (*opened)->handle(family)));
    if (end.empty()) {
        entry->SeekToLast();
    } else {
        entry->SeekForPrev(end);
        if (entry->Valid() && view(entry->key()) == end) entry->Prev();
    }
    if (!entry->status().ok()) return error(entry->status());
    if (!entry->Valid() || !view(entry->key()).starts_with(prefix)) return std::optional<std::string>{};
    return std::optional<std::string>{view(entry->key())};
}

Result<std::uint64_t> RocksDatabase::estimated_keys(Family family) {
    const auto opened = use();
    if (opened.has_error()) return opened.error();
    std::uint64_t keys = 0;
    (*opened)->database->GetIntProperty((*opened)->handle(family), rocksdb::DB::Properties::kEstimateNumKeys, &keys);
    return keys;
}

Error RocksDatabase::error(const rocksdb::Status& status) const {
    const std::string folder = folder_.string();
    if (status.IsNoSpace()) {
        return transient_error(fmt::format("store {}: the disk is full ({}): free space there; nothing was lost",
                                           folder, status.ToString()));
    }
    if (is_lock_held(status)) {
        return transient_error(fmt::format(
            "store {} is in use by another process: stop that one, or look at the store read-only (emeth state)",
            folder));
    }
    if (status.IsCorruption()) {
        return permanent_error(fmt::format("store {} is damaged ({}): restore it from a copy of the data folder",
                                           folder, status.ToString()));
    }
    return transient_error(
        fmt::format("store {}: {}: check the disk and the folder's owner", folder, status.ToString()));
}

Error RocksDatabase::value_error(Family family, std::string_view key, const Error& damage) const {
    return in_context(fmt::format("store {}, {} {}", folder_.string(), name(family), printable_key(key)), damage);
}

}  // namespace emeth::storage
