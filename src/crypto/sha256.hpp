// SHA-256 using OpenSSL, of memory, of a stream of pieces and of a file; also HMAC-SHA-256.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::crypto {

class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();
    void update(std::span<const std::uint8_t> bytes);
    void update(std::string_view text);
    /// Ends the stream; the object may not be used afterwards.
    Hash256 finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

Hash256 sha256(std::span<const std::uint8_t> bytes);
Hash256 sha256(std::string_view text);
/// Blocks; reads the file in pieces.
Result<Hash256> sha256_of_file(const std::filesystem::path& file);
Hash256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view text);
/// Compares without an early exit.
bool equal_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

}  // namespace emeth::crypto
