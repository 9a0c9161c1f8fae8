// The room of the chain's byte formats: ABI, RLP, transactions, and the calls and events of EmethCore. Pure functions
// from values to bytes and back belong here; nothing that waits, queries or stores does.
//
// This header: the contract ABI (Solidity documentation, "Contract ABI Specification"), to the extent that the
// network's calls use it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain::abi {

using Bytes = std::vector<std::uint8_t>;
using Selector = std::array<std::uint8_t, 4>;

inline constexpr std::size_t word_bytes = 32;
inline constexpr std::size_t text_bytes_max = 64 * 1024;
/// Later times are clamped to this one (the end of the year 9999), so that sums with them cannot overflow.
inline constexpr std::int64_t latest_unix_s = 253'402'300'799;

/// The first 4 bytes of the Keccak-256 of "name(type,type)".
Selector selector(std::string_view signature);
/// topics[0] of the logs of "Name(type,type)".
Hash256 event_topic(std::string_view signature);
/// A value as a word, in the form in which indexed arguments are logged: bytes16 left-aligned, addresses right-aligned.
Hash256 word_of(const JobId& id);
Hash256 word_of(const Address& address);

/// Arguments in the order of the signature.
class Encoder {
public:
    /// Arguments alone, as for a constructor.
    Encoder() = default;
    /// A call of "name(type,type)".
    explicit Encoder(std::string_view signature);

    Encoder& number(std::uint64_t value);
    Encoder& amount(const Wei& value);
    Encoder& address(const Address& value);
    Encoder& job_id(const JobId& value);
    Encoder& text(std::string_view value);
    [[nodiscard]] Bytes finish() const;

private:
    struct Argument {
        Hash256 word;               // of a static argument
        std::optional<Bytes> tail;  // of a dynamic argument
    };
    Bytes prefix_;
    std::vector<Argument> arguments_;
};

/// Values in the order of the tuple. A getter that fails records the first error and returns an empty value, so nothing
/// may be acted upon before check() has passed. Trailing bytes are ignored, since contracts may return more one day.
/// Refers to `data`.
class Decoder {
public:
    /// `what` is the prefix of the error: "jobs(0x…)".
    Decoder(std::span<const std::uint8_t> data, std::string what) : data_(data), what_(std::move(what)) {}

    std::uint64_t number(const char* field);
    Wei amount(const char* field);
    Address address(const char* field);
    JobId job_id(const char* field);
    bool boolean(const char* field);
    /// Unix seconds, at most latest_unix_s.
    std::int64_t time(const char* field);
    std::string text(const char* field, std::size_t bytes_max = text_bytes_max);

    /// Permanent Error.
    [[nodiscard]] Result<void> check() const;

private:
    using Word = std::span<const std::uint8_t>;
    Word next_word(const char* field);
    std::uint64_t narrow(Word word, const char* field);
    void require_zeros(Word bytes, const char* field, const char* rule);
    void fail(const char* field, const std::string& reason);

    std::span<const std::uint8_t> data_;
    std::string what_;
    std::size_t position_ = 0;
    std::optional<Error> error_;
};

}  // namespace emeth::chain::abi
