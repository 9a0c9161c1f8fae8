#include "simulation/volatile_file_system.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace emeth::simulation {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using File = VolatileFileSystem::File;
using FilePtr = VolatileFileSystem::FilePtr;

IOStatus read_at(File& file, std::uint64_t offset, std::size_t count, Slice* result, char* scratch) {
    const std::lock_guard lock(file.mutex);
    const std::size_t begin = std::min<std::size_t>(offset, file.bytes.size());
    const std::size_t length = std::min(count, file.bytes.size() - begin);
    file.bytes.copy(scratch, length, begin);
    *result = Slice(scratch, length);
    return IOStatus::OK();
}

class SequentialFile final : public rocksdb::FSSequentialFile {
public:
    explicit SequentialFile(FilePtr file) : file_(std::move(file)) {}
    IOStatus Read(std::size_t count, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
        const IOStatus status = read_at(*file_, position_, count, result, scratch);
        position_ += result->size();
        return status;
    }
    IOStatus Skip(std::uint64_t count) override {
        position_ += count;
        return IOStatus::OK();
    }

private:
    FilePtr file_;
    std::uint64_t position_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
public:
    explicit RandomAccessFile(FilePtr file) : file_(std::move(file)) {}
    IOStatus Read(std::uint64_t offset, std::size_t count, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) const override {
        return read_at(*file_, offset, count, result, scratch);
    }

private:
    FilePtr file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
public:
    WritableFile(VolatileFileSystem& system, FilePtr file) : system_(system), file_(std::move(file)) {}
    using FSWritableFile::Append;
    IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
        if (system_.is_dark()) return IOStatus::OK();
        const std::lock_guard lock(file_->mutex);
        const bool full = system_.full;
        file_->bytes.append(data.data(), full ? data.size() / 2 : data.size());
        return full ? IOStatus::NoSpace("No space left on device") : IOStatus::OK();
    }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        if (system_.is_dark()) return IOStatus::OK();
        if (system_.sync_fails) return IOStatus::NoSpace("No space left on device");
        const std::lock_guard lock(file_->mutex);
        file_->synced = file_->bytes.size();
        return IOStatus::OK();
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        if (system_.is_dark()) return IOStatus::OK();
        const std::lock_guard lock(file_->mutex);
        file_->bytes.resize(size);
        file_->synced = std::min<std::size_t>(file_->synced, size);
        return IOStatus::OK();
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
        const std::lock_guard lock(file_->mutex);
        return file_->bytes.size();
    }

private:
    VolatileFileSystem& system_;
    FilePtr file_;
};

class Directory final : public rocksdb::FSDirectory {
public:
    IOStatus Fsync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
};

struct HeldLock final : rocksdb::FileLock {};

IOStatus missing(const std::string& path) {
    return IOStatus::NotFound(path);
}

/// RocksDB's record of its settings is for people, and is written, read back and compared at every opening, which would
/// take an eighth of a life's time. RocksDB works without it.
bool is_options_file(std::string_view path) {
    return path.find("/OPTIONS-") != std::string_view::npos;
}

}  // namespace

FilePtr VolatileFileSystem::find(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second;
}

void VolatileFileSystem::restore_power(std::uint64_t torn_bytes) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, file] : files_) {
        const std::size_t kept = std::min<std::size_t>(file->bytes.size(), file->synced + torn_bytes);
        file->bytes.resize(kept);
        file->synced = kept;
    }
    dark_ = false;
}

std::uint64_t VolatileFileSystem::bytes() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [path, file] : files_) sum += file->bytes.size();
    return sum;
}

IOStatus VolatileFileSystem::NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                               std::unique_ptr<rocksdb::FSSequentialFile>* file, IODebugContext*) {
    const FilePtr found = find(path);
    if (!found) return missing(path);
    *file = std::make_unique<SequentialFile>(found);
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file, IODebugContext*) {
    const FilePtr found = find(path);
    if (!found) return missing(path);
    *file = std::make_unique<RandomAccessFile>(found);
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext*) {
    if (full && !dark_) return IOStatus::NoSpace("No space left on device");
    if (is_options_file(path)) return IOStatus::NotSupported(path);
    const auto fresh = std::make_shared<File>();
    if (!dark_) {
        const std::lock_guard lock(mutex_);
        files_[path] = fresh;
    }
    *file = std::make_unique<WritableFile>(*this, fresh);
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::NewDirectory(const std::string&, const IOOptions&,
                                          std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext*) {
    *directory = std::make_unique<Directory>();
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::FileExists(const std::string& path, const IOOptions&, IODebugContext*) {
    return find(path) ? IOStatus::OK() : missing(path);
}

IOStatus VolatileFileSystem::GetChildren(const std::string& folder, const IOOptions&, std::vector<std::string>* names,
                                         IODebugContext*) {
    const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
    const std::lock_guard lock(mutex_);
    names->clear();
    for (const auto& [path, file] : files_)
        if (path.starts_with(prefix)) names->push_back(path.substr(prefix.size()));
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) {
    if (dark_) return IOStatus::OK();
    const std::lock_guard lock(mutex_);
    return files_.erase(path) == 1 ? IOStatus::OK() : missing(path);
}

IOStatus VolatileFileSystem::GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                                         IODebugContext*) {
    const FilePtr found = find(path);
    if (!found) return missing(path);
    const std::lock_guard lock(found->mutex);
    *bytes = found->bytes.size();
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::GetFileModificationTime(const std::string& path, const IOOptions&, std::uint64_t* unix_s,
                                                     IODebugContext*) {
    *unix_s = 0;
    return find(path) ? IOStatus::OK() : missing(path);
}

IOStatus VolatileFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                                        IODebugContext*) {
    if (dark_) return IOStatus::OK();
    const std::lock_guard lock(mutex_);
    auto moved = files_.extract(from);
    if (moved.empty()) return missing(from);
    files_[to] = std::move(moved.mapped());
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::LockFile(const std::string&, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) {
    *lock = new HeldLock;
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) {
    delete lock;
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) {
    *path = std::string(1, '/');
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                                             IODebugContext*) {
    *absolute = path;
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* is_directory,
                                         IODebugContext*) {
    *is_directory = find(path) == nullptr;
    return IOStatus::OK();
}

IOStatus VolatileFileSystem::GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* bytes, IODebugContext*) {
    *bytes = full ? 0 : std::numeric_limits<std::uint32_t>::max();
    return IOStatus::OK();
}

}  // namespace emeth::simulation
