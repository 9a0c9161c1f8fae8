// A file that is being downloaded: "<path>.download", beside a record of what it is a part of, by which a later try, or
// a later process, goes on where this one ended. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.hpp"
#include "http/file_pieces.hpp"

namespace emeth::http {

class PartialFile {
public:
    /// With what an earlier try left for `path`, hashed again on the pool. After a power loss only what had been synced
    /// counts. A transient Error if the disk has no room for the rest of `bytes_total`. `pool` must outlive it.
    static Task<Result<PartialFile>> open(BlockingPool* pool, std::filesystem::path path, std::uint64_t bytes_total);

    /// What is there, from the first byte on.
    [[nodiscard]] std::uint64_t bytes() const { return file_ ? file_->bytes() : 0; }
    [[nodiscard]] bool is_complete() const { return file_ && file_->bytes() == bytes_total_; }
    /// Of what it is a part of; empty: that has none.
    [[nodiscard]] const std::string& etag() const { return etag_; }

    /// Nothing of it is of use.
    void discard();
    /// Begins the file, without what may be there, as one of this ETag.
    Result<void> begin(std::string etag);
    Task<Result<void>> append(std::string_view piece);
    /// Makes the complete file durable under its name.
    Result<Downloaded> publish();

private:
    PartialFile(BlockingPool* pool, std::filesystem::path path, std::uint64_t bytes_total);
    std::uint64_t find_usable();
    Result<void> check_room() const;
    Result<void> write_record();
    Task<Result<void>> sync();

    BlockingPool* pool_;
    std::filesystem::path path_, temporary_, record_;
    std::uint64_t bytes_total_;
    std::string etag_;
    std::uint64_t synced_ = 0;
    std::optional<OutputFile> file_;
};

}  // namespace emeth::http
