// A file system for RocksDB that runs full on demand and remembers what was synced, so that a test can cut the power.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace emeth::storage {

class UnreliableFileSystem : public rocksdb::FileSystemWrapper {
public:
    UnreliableFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

    const char* Name() const override { return "UnreliableFileSystem"; }
    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* bytes,
                                   rocksdb::IODebugContext* debug) override;

    /// Copies `from` as a power cut would leave it: every file as long as it was at its last sync.
    void copy_synced(const std::filesystem::path& from, const std::filesystem::path& to);

    std::atomic<bool> full = false;        ///< every new file and every append ends with "no space"
    std::atomic<bool> logs_full = false;   ///< as `full`, for write-ahead logs alone
    std::atomic<bool> sync_fails = false;  ///< every sync ends with "no space"
    std::atomic<std::uint64_t> syncs = 0;  ///< of files

    [[nodiscard]] bool is_full_for(const std::string& path) const {
        return full || (logs_full && path.ends_with(".log"));
    }

    /// Called by the files.
    void synced(const std::string& path, std::uint64_t bytes);

private:
    std::mutex mutex_;
    std::map<std::string, std::uint64_t> synced_bytes_;
};

}  // namespace emeth::storage
