// Files of any size, written piece by piece and published when they are complete, with a digest over every byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "crypto/sha256.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/result.hpp"

namespace emeth::trainer {

template <class T>
std::span<const std::uint8_t> bytes_of(const T* values, std::size_t count) {
    return {reinterpret_cast<const std::uint8_t*>(values), count * sizeof(T)};
}

/// Writes "<path>.partial" and renames it in finish(). A folder has one trainer at a time, so one such name is enough;
/// a partial file left by a dead process is overwritten.
class StreamedWriter {
public:
    static Result<StreamedWriter> create(std::filesystem::path path);
    StreamedWriter(StreamedWriter&&) noexcept = default;
    ~StreamedWriter();

    Result<void> write(std::span<const std::uint8_t> bytes);
    /// Appends the SHA-256 of all before it and publishes, synced where the file must outlive a power loss. The digest.
    Result<Hash256> finish(Outlives outlives = Outlives::power_loss);

private:
    StreamedWriter(std::filesystem::path path, std::filesystem::path partial, FileDescriptor descriptor);
    Result<void> write_through(std::span<const std::uint8_t> bytes);

    std::filesystem::path path_;
    std::filesystem::path partial_;  // empty once published
    FileDescriptor descriptor_;
    crypto::Sha256 digest_;
    std::vector<std::uint8_t> buffer_;
};

/// Reads what StreamedWriter wrote. open() has read all of it once and found that the digest matches.
class StreamedReader {
public:
    /// Also an Error when the file is damaged or was changed.
    static Result<StreamedReader> open(const std::filesystem::path& path);

    [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }  ///< without the digest
    [[nodiscard]] const Hash256& digest() const { return digest_; }
    [[nodiscard]] int descriptor() const { return descriptor_.get(); }
    /// The next bytes of the content; an Error when there are fewer.
    Result<void> read(std::span<std::uint8_t> out);

private:
    std::filesystem::path path_;
    FileDescriptor descriptor_;
    std::uint64_t content_bytes_ = 0;
    std::uint64_t position_ = 0;
    Hash256 digest_;
};

}  // namespace emeth::trainer
