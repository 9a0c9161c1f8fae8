#include "http/file_pieces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "runtime/errno_error.hpp"

namespace emeth::http {
namespace {

// Early write-back keeps the final fsync short; it would otherwise take as long as gigabytes take at once.
constexpr std::uint64_t flush_bytes = 16 << 20;
/// Of a larger file, only so much stays in the page cache, and its end for as long as a disk may need to have it: the
/// rest would push out what others read.
constexpr std::uint64_t cached_bytes = std::uint64_t{1} << 30;
constexpr std::uint64_t behind_bytes = 64 << 20;
constexpr std::uint64_t hashed_bytes = 4 << 20;

}  // namespace

Result<InputFile> InputFile::open(const std::filesystem::path& path) {
    InputFile file;
    file.path_ = path;
    file.descriptor_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.descriptor_.is_open()) return errno_error(fmt::format("cannot open {}", path.string()), errno);
    struct stat status{};
    if (::fstat(file.descriptor_.get(), &status) != 0)
        return errno_error(fmt::format("cannot inspect {}", path.string()), errno);
    if (!S_ISREG(status.st_mode)) return permanent_error(fmt::format("{} is no regular file", path.string()));
    file.bytes_ = static_cast<std::uint64_t>(status.st_size);
    file.inode_ = status.st_ino;
    file.modified_at_ = status.st_mtim;
    return file;
}

Result<void> InputFile::read_at(std::uint64_t offset, std::span<char> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t count =
            ::pread(descriptor_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error(fmt::format("cannot read {}", path_.string()), errno);
        if (count == 0)
            return permanent_error(fmt::format("{} ends at byte {}; more was expected", path_.string(), offset + done));
        done += static_cast<std::size_t>(count);
    }
    return {};
}

void InputFile::read_ahead(std::uint64_t offset, std::uint64_t bytes) const {
    ::posix_fadvise(descriptor_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

Result<std::uint64_t> InputFile::send_at(std::uint64_t offset, std::uint64_t bytes_max, int socket) const {
    std::uint64_t sent = 0;
    while (sent < bytes_max) {
        auto at = static_cast<off_t>(offset + sent);
        const ssize_t count = ::sendfile(socket, descriptor_.get(), &at, static_cast<std::size_t>(bytes_max - sent));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) return errno_error(fmt::format("cannot send {}", path_.string()), errno);
        if (count == 0)
            return permanent_error(fmt::format("{} ends at byte {}; more was expected", path_.string(), offset + sent));
        sent += static_cast<std::uint64_t>(count);
    }
    return sent;
}

std::string InputFile::etag() const {
    return fmt::format("\"{:x}-{:x}-{:x}{:08x}\"", bytes_, inode_, modified_at_.tv_sec, modified_at_.tv_nsec);
}

Task<Result<crypto::Sha256>> hash_begin(BlockingPool* pool, const InputFile* file, std::uint64_t bytes) {
    crypto::Sha256 hash;
    std::vector<char> piece(static_cast<std::size_t>(std::min(hashed_bytes, bytes)));
    for (std::uint64_t offset = 0; offset < bytes;) {
        const std::span<char> part =
            std::span(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), bytes - offset)));
        auto work = [&] {
            Result<void> read = file->read_at(offset, part);
            if (read.has_value()) hash.update(std::string_view(part.data(), part.size()));
            return read;
        };
        auto reading = pool->run(std::move(work));
        const Result<void> read = co_await std::move(reading);
        if (read.has_error()) co_return read.error();
        offset += part.size();
    }
    co_return hash;
}

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
    OutputFile file;
    file.path_ = path;
    file.descriptor_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.descriptor_.is_open()) return errno_error(fmt::format("cannot create {}", path.string()), errno);
    return file;
}

Result<OutputFile> OutputFile::reopen(const std::filesystem::path& path, std::uint64_t bytes, crypto::Sha256 hash) {
    OutputFile file;
    file.path_ = path;
    file.descriptor_.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
    if (!file.descriptor_.is_open()) return errno_error(fmt::format("cannot open {}", path.string()), errno);
    if (::ftruncate(file.descriptor_.get(), static_cast<off_t>(bytes)) != 0)
        return errno_error(fmt::format("cannot cut {} to {} bytes", path.string(), bytes), errno);
    file.bytes_ = file.flushed_ = bytes;
    file.hash_ = std::move(hash);
    return file;
}

Result<void> OutputFile::append(std::string_view piece) {
    hash(piece);
    return write(piece);
}

Result<void> OutputFile::write(std::string_view piece) {
    while (!piece.empty()) {
        const ssize_t count = ::write(descriptor_.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error(fmt::format("cannot write {}", path_.string()), errno);
        piece.remove_prefix(static_cast<std::size_t>(count));
        bytes_ += static_cast<std::uint64_t>(count);
    }
    if (bytes_ - flushed_ >= flush_bytes) write_back();
    return {};
}

/// Hints alone: the fsync of whoever publishes the file decides, and checks, whether the bytes are durable.
void OutputFile::write_back() {
    ::sync_file_range(descriptor_.get(), static_cast<off64_t>(flushed_), static_cast<off64_t>(bytes_ - flushed_),
                      SYNC_FILE_RANGE_WRITE);
    flushed_ = bytes_;
    // From the same byte every time: what has not been written yet stays until a later call.
    if (bytes_ > cached_bytes + behind_bytes)
        ::posix_fadvise(descriptor_.get(), static_cast<off_t>(cached_bytes),
                        static_cast<off_t>(bytes_ - behind_bytes - cached_bytes), POSIX_FADV_DONTNEED);
}

Result<void> OutputFile::sync() const {
    if (::fdatasync(descriptor_.get()) == 0) return {};
    return errno_error(fmt::format("cannot sync {}", path_.string()), errno);
}

Hash256 OutputFile::finish() {
    descriptor_.reset();
    return hash_.finish();
}

}  // namespace emeth::http
