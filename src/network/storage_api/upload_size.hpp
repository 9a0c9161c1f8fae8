// How large a file an upload is for, as far as whoever opened it said so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/json_fields.hpp"

namespace emeth::network {

/// How long the body that puts a part must be. As a text it is a piece of the part's URL: "512", or "max-512".
struct PartLength {
    std::uint64_t bytes_max = 0;
    bool is_exact = false;

    [[nodiscard]] bool allows(std::uint64_t bytes) const { return is_exact ? bytes == bytes_max : bytes <= bytes_max; }
    [[nodiscard]] std::string text() const;
    static std::optional<PartLength> parse(std::string_view text);
    friend bool operator==(const PartLength&, const PartLength&) = default;
};

struct UploadSize {
    std::uint32_t parts = 1;
    PartLength last_part;  ///< every other one is full

    /// `part`: from 1.
    [[nodiscard]] PartLength length_of(std::uint32_t part) const;
    [[nodiscard]] std::uint64_t bytes_max() const;
    friend bool operator==(const UploadSize&, const UploadSize&) = default;
};

/// Of a file of so many bytes, at most what upload_parts_max parts hold.
UploadSize upload_size_of(std::uint64_t bytes);

/// Of a request's `partNum`, the file's size divided by 10,000,000, and the optional `bytes`, its size. Published
/// clients send the first alone and do not round it, so that the size is known but for the precision in which they
/// wrote the number: the last part may be 65,536 bytes longer than follows from it (a float32 is off by 6,000 bytes at
/// most, two decimals by 50,000). A whole number may have been rounded up, and says nothing of the last part.
UploadSize read_upload_size(JsonObject& request);

}  // namespace emeth::network
