// Files that are read and written piece by piece alongside a socket. Each piece blocks.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "crypto/sha256.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::http {

inline constexpr std::size_t piece_bytes = 256 << 10;
/// Beast reads as much at once as its buffer has room for, and no more than 512 bytes into one without room: whoever
/// receives a file makes that much room.
inline constexpr std::size_t receive_buffer_bytes = 64 << 10;

class InputFile {
public:
    /// Error if `path` is not a regular file.
    static Result<InputFile> open(const std::filesystem::path& path);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// Fills `out`; an Error if the file ends first.
    Result<void> read_at(std::uint64_t offset, std::span<char> out) const;
    /// A hint to the kernel: these bytes will be wanted soon.
    void read_ahead(std::uint64_t offset, std::uint64_t bytes) const;
    /// Sends what fits into `socket` at once, `bytes_max` at most, without copying it through memory; returns how much
    /// that was. An Error if the file ends first or the socket is broken.
    Result<std::uint64_t> send_at(std::uint64_t offset, std::uint64_t bytes_max, int socket) const;
    /// Strong: every replacement of the file and every write to it changes it.
    [[nodiscard]] std::string etag() const;
    [[nodiscard]] std::int64_t modified_at_unix_s() const { return modified_at_.tv_sec; }

private:
    FileDescriptor descriptor_;
    std::filesystem::path path_;
    std::uint64_t bytes_ = 0;
    std::uint64_t inode_ = 0;
    timespec modified_at_{};
};

/// The hash of the first `bytes` of a file, to be continued. Both must outlive the task, which reads on the pool, a few
/// MiB at a time: others use it in between.
Task<Result<crypto::Sha256>> hash_begin(BlockingPool* pool, const InputFile* file, std::uint64_t bytes);

/// A file (0600) that is hashed while it is being written.
class OutputFile {
public:
    /// A new one (O_EXCL).
    static Result<OutputFile> create(const std::filesystem::path& path);
    /// One that is there, cut to its first `bytes`, whose hash `hash` is.
    static Result<OutputFile> reopen(const std::filesystem::path& path, std::uint64_t bytes, crypto::Sha256 hash);
    /// A transient Error if the disk is full.
    Result<void> append(std::string_view piece);
    // The two halves of append(), for two threads at once: each piece must come to both, in the same order.
    void hash(std::string_view piece) { hash_.update(piece); }
    Result<void> write(std::string_view piece);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// What was appended outlives a power loss then.
    Result<void> sync() const;
    /// Closes the file; nothing may be appended afterwards.
    Hash256 finish();

private:
    void write_back();

    FileDescriptor descriptor_;
    std::filesystem::path path_;
    std::uint64_t bytes_ = 0;
    std::uint64_t flushed_ = 0;  // bytes for which write-back has been started
    crypto::Sha256 hash_;
};

/// Removes `path` when destroyed, unless it is already gone (renamed into place).
class RemoveAtEnd {
public:
    explicit RemoveAtEnd(std::filesystem::path path) : path_(std::move(path)) {}
    RemoveAtEnd(const RemoveAtEnd&) = delete;
    RemoveAtEnd& operator=(const RemoveAtEnd&) = delete;
    ~RemoveAtEnd() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

private:
    std::filesystem::path path_;
};

}  // namespace emeth::http
