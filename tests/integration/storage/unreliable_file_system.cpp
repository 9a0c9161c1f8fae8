#include "integration/storage/unreliable_file_system.hpp"

namespace emeth::storage {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class UnreliableFile : public rocksdb::FSWritableFileOwnerWrapper {
public:
    UnreliableFile(UnreliableFileSystem& system, std::string path, std::unique_ptr<rocksdb::FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        if (system_.is_full_for(path_)) return no_space();
        bytes_ += data.size();
        return target()->Append(data, options, debug);
    }
    IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& verification,
                    IODebugContext* debug) override {
        if (system_.is_full_for(path_)) return no_space();
        bytes_ += data.size();
        return target()->Append(data, options, verification, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        if (system_.sync_fails) return no_space();
        const IOStatus status = target()->Sync(options, debug);
        if (status.ok()) system_.synced(path_, bytes_);
        return status;
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        if (system_.sync_fails) return no_space();
        const IOStatus status = target()->Fsync(options, debug);
        if (status.ok()) system_.synced(path_, bytes_);
        return status;
    }

private:
    static IOStatus no_space() { return IOStatus::NoSpace("No space left on device"); }

    UnreliableFileSystem& system_;
    std::string path_;
    std::uint64_t bytes_ = 0;
};

}  // namespace

IOStatus UnreliableFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    if (is_full_for(path)) return IOStatus::NoSpace("No space left on device");
    std::unique_ptr<rocksdb::FSWritableFile> real;
    const IOStatus status = target()->NewWritableFile(path, options, &real, debug);
    if (!status.ok()) return status;
    {
        const std::lock_guard lock(mutex_);
        synced_bytes_[path] = 0;
    }
    *file = std::make_unique<UnreliableFile>(*this, path, std::move(real));
    return status;
}

IOStatus UnreliableFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                          IODebugContext* debug) {
    const IOStatus status = target()->RenameFile(from, to, options, debug);
    const std::lock_guard lock(mutex_);
    if (auto moved = synced_bytes_.extract(from); status.ok() && !moved.empty()) synced_bytes_[to] = moved.mapped();
    return status;
}

IOStatus UnreliableFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options, std::uint64_t* bytes,
                                            IODebugContext* debug) {
    const IOStatus status = target()->GetFreeSpace(path, options, bytes, debug);
    if (full) *bytes = 0;
    return status;
}

void UnreliableFileSystem::synced(const std::string& path, std::uint64_t bytes) {
    ++syncs;
    const std::lock_guard lock(mutex_);
    synced_bytes_[path] = bytes;
}

void UnreliableFileSystem::copy_synced(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    const std::lock_guard lock(mutex_);
    for (const auto& [path, bytes] : synced_bytes_) {
        const auto copy = to / std::filesystem::path(path).lexically_relative(from);
        if (std::filesystem::exists(copy) && std::filesystem::file_size(copy) > bytes) {
            std::filesystem::resize_file(copy, bytes);
        }
    }
}

}  // namespace emeth::storage
