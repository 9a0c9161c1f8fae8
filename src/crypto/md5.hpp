// MD5 using OpenSSL: only to recognise what other people's servers received (S3's ETags), never for security.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "runtime/result.hpp"

namespace emeth::crypto {

/// MD5 of bytes [offset, offset+length) of `file`: 32 lower-case hex digits. Blocks; reads the file in pieces. An Error
/// if the file ends first or cannot be read, and where OpenSSL is configured without MD5.
Result<std::string> md5_of_range(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t length);

}  // namespace emeth::crypto
