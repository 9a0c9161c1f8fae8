// How a Storage API divides a file: into parts of one size, on which client, server, node and worker must agree.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace emeth {

/// Fixed by the protocol: part n, counted from 1, holds the bytes [(n-1)*10,000,000, n*10,000,000) of the file.
inline constexpr std::uint64_t upload_part_bytes = 10'000'000;
/// 100 GB.
inline constexpr std::uint32_t upload_parts_max = 10'000;
/// What a store answers to a part, and completing the upload names.
inline constexpr std::size_t upload_etag_bytes_max = 256;

/// Parts of a file of `bytes`: at least 1 and at most upload_parts_max; a longer file does not fit.
constexpr std::uint32_t upload_parts_of(std::uint64_t bytes) {
    const std::uint64_t parts = (bytes + upload_part_bytes - 1) / upload_part_bytes;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(parts, 1, upload_parts_max));
}

}  // namespace emeth
