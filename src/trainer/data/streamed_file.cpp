#include "trainer/data/streamed_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/errno_error.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t buffer_bytes = 1 << 20;

Result<void> read_at(int descriptor, std::uint64_t offset, std::span<std::uint8_t> out,
                     const std::filesystem::path& path) {
    while (!out.empty()) {
        const ssize_t count = ::pread(descriptor, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read " + path.string(), errno);
        if (count == 0) return transient_error(path.string() + " became shorter while it was read");
        out = out.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<Hash256> digest_of(int descriptor, std::uint64_t bytes, const std::filesystem::path& path) {
    crypto::Sha256 digest;
    std::vector<std::uint8_t> piece(buffer_bytes);
    for (std::uint64_t offset = 0; offset < bytes;) {
        const std::span<std::uint8_t> part =
            std::span(piece).first(std::min<std::size_t>(piece.size(), bytes - offset));
        if (Result<void> read = read_at(descriptor, offset, part, path); read.has_error()) return read.error();
        digest.update(part);
        offset += part.size();
    }
    return digest.finish();
}

}  // namespace

StreamedWriter::StreamedWriter(std::filesystem::path path, std::filesystem::path partial, FileDescriptor descriptor)
    : path_(std::move(path)), partial_(std::move(partial)), descriptor_(std::move(descriptor)) {
    buffer_.reserve(buffer_bytes);
}

StreamedWriter::~StreamedWriter() {
    if (descriptor_.is_open() && !partial_.empty()) ::unlink(partial_.c_str());
}

Result<StreamedWriter> StreamedWriter::create(std::filesystem::path path) {
    std::filesystem::path partial = path;
    partial += ".partial";
    FileDescriptor descriptor(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!descriptor.is_open()) return errno_error("cannot create " + partial.string(), errno);
    return StreamedWriter(std::move(path), std::move(partial), std::move(descriptor));
}

Result<void> StreamedWriter::write(std::span<const std::uint8_t> bytes) {
    digest_.update(bytes);
    if (buffer_.size() + bytes.size() <= buffer_bytes) {
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
        return {};
    }
    if (Result<void> written = write_through(buffer_); !written) return written;
    buffer_.clear();
    if (bytes.size() >= buffer_bytes) return write_through(bytes);
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return {};
}

Result<void> StreamedWriter::write_through(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot write " + partial_.string(), errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<Hash256> StreamedWriter::finish(Outlives outlives) {
    const Hash256 digest = digest_.finish();
    buffer_.insert(buffer_.end(), digest.bytes.begin(), digest.bytes.end());
    if (Result<void> written = write_through(buffer_); written.has_error()) return written.error();
    if (Result<void> published = publish_file(partial_, path_, outlives); published.has_error())
        return published.error();
    partial_.clear();
    return digest;
}

Result<StreamedReader> StreamedReader::open(const std::filesystem::path& path) {
    StreamedReader reader;
    reader.path_ = path;
    reader.descriptor_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!reader.descriptor_.is_open()) return errno_error("cannot open " + path.string(), errno);
    struct stat status{};
    if (::fstat(reader.descriptor_.get(), &status) != 0) return errno_error("cannot examine " + path.string(), errno);
    if (!S_ISREG(status.st_mode)) return permanent_error(path.string() + " is not a regular file");
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (bytes < Hash256::size_bytes) return permanent_error(path.string() + " is too short to hold its digest");
    reader.content_bytes_ = bytes - Hash256::size_bytes;

    const int descriptor = reader.descriptor_.get();
    if (Result<void> read = read_at(descriptor, reader.content_bytes_, reader.digest_.bytes, path); read.has_error())
        return read.error();
    const Result<Hash256> digest = digest_of(descriptor, reader.content_bytes_, path);
    if (digest.has_error()) return digest.error();
    if (*digest != reader.digest_) return permanent_error(path.string() + " is damaged: its digest does not match");
    return reader;
}

Result<void> StreamedReader::read(std::span<std::uint8_t> out) {
    if (out.size() > content_bytes_ - position_)
        return permanent_error(fmt::format("{} holds {} bytes; {} more were expected at {}", path_.string(),
                                           content_bytes_, out.size(), position_));
    if (Result<void> read = read_at(descriptor_.get(), position_, out, path_); !read) return read;
    position_ += out.size();
    return {};
}

}  // namespace emeth::trainer
