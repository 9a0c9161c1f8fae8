// A file system in memory for RocksDB that loses at a power cut what was not synced, and is full on demand.
// Thread-safe, as RocksDB requires.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace emeth::simulation {

class VolatileFileSystem final : public rocksdb::FileSystem {
public:
    struct File {
        std::mutex mutex;
        std::string bytes;
        std::size_t synced = 0;
    };
    using FilePtr = std::shared_ptr<File>;

    std::atomic<bool> full = false;        ///< every new file ends with "no space", and every append half way
    std::atomic<bool> sync_fails = false;  ///< every sync ends with "no space"

    /// From here on writes have no effect. Close the store, then call restore_power().
    void cut_power() { dark_ = true; }
    /// Every file is cut to what was synced of it, plus at most `torn_bytes` of what was not: a torn tail.
    void restore_power(std::uint64_t torn_bytes);
    [[nodiscard]] bool is_dark() const { return dark_; }
    [[nodiscard]] std::uint64_t bytes() const;

    const char* Name() const override { return "VolatileFileSystem"; }
    rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                        rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                          rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions&,
                                   std::unique_ptr<rocksdb::FSDirectory>* directory, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetChildren(const std::string& folder, const rocksdb::IOOptions&, std::vector<std::string>* names,
                                  rocksdb::IODebugContext*) override;
    rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus CreateDir(const std::string&, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus CreateDirIfMissing(const std::string&, const rocksdb::IOOptions&,
                                         rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus DeleteDir(const std::string&, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions&, std::uint64_t* bytes,
                                  rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetFileModificationTime(const std::string& path, const rocksdb::IOOptions&, std::uint64_t* unix_s,
                                              rocksdb::IODebugContext*) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions&,
                                 rocksdb::IODebugContext*) override;
    rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions&, rocksdb::FileLock** lock,
                               rocksdb::IODebugContext*) override;
    rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions&, std::string* path, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetAbsolutePath(const std::string& path, const rocksdb::IOOptions&, std::string* absolute,
                                      rocksdb::IODebugContext*) override;
    rocksdb::IOStatus IsDirectory(const std::string& path, const rocksdb::IOOptions&, bool* is_directory,
                                  rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions&, std::uint64_t* bytes,
                                   rocksdb::IODebugContext*) override;

private:
    FilePtr find(const std::string& path) const;

    mutable std::mutex mutex_;
    std::map<std::string, FilePtr> files_;
    std::atomic<bool> dark_ = false;
};

}  // namespace emeth::simulation
