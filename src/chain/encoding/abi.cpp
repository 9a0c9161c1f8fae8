#include "chain/encoding/abi.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/keccak256.hpp"

namespace emeth::chain::abi {
namespace {

constexpr std::array<std::uint8_t, word_bytes> zero_word{};

std::size_t padded(std::size_t bytes) {
    return (bytes + word_bytes - 1) / word_bytes * word_bytes;
}

Hash256 number_word(std::uint64_t value) {
    Hash256 word;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        word.bytes[word_bytes - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return word;
}

bool all_zero(std::span<const std::uint8_t> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

template <class Out>
Out copy_of(std::span<const std::uint8_t> bytes) {
    Out out;
    std::copy_n(bytes.begin(), Out::size_bytes, out.bytes.begin());
    return out;
}

}  // namespace

Selector selector(std::string_view signature) {
    const Hash256 hash = crypto::keccak256(signature);
    return {hash.bytes[0], hash.bytes[1], hash.bytes[2], hash.bytes[3]};
}

Hash256 event_topic(std::string_view signature) {
    return crypto::keccak256(signature);
}

Hash256 word_of(const JobId& id) {
    Hash256 word;
    std::copy(id.bytes.begin(), id.bytes.end(), word.bytes.begin());
    return word;
}

Hash256 word_of(const Address& address) {
    Hash256 word;
    std::copy_backward(address.bytes.begin(), address.bytes.end(), word.bytes.end());
    return word;
}

Encoder::Encoder(std::string_view signature) {
    const Selector bytes = selector(signature);
    prefix_.assign(bytes.begin(), bytes.end());
}

Encoder& Encoder::number(std::uint64_t value) {
    arguments_.push_back({number_word(value), std::nullopt});
    return *this;
}

Encoder& Encoder::amount(const Wei& value) {
    arguments_.push_back({Hash256{value.bytes}, std::nullopt});
    return *this;
}

Encoder& Encoder::address(const Address& value) {
    arguments_.push_back({word_of(value), std::nullopt});
    return *this;
}

Encoder& Encoder::job_id(const JobId& value) {
    arguments_.push_back({word_of(value), std::nullopt});
    return *this;
}

Encoder& Encoder::text(std::string_view value) {
    const Hash256 length = number_word(value.size());
    Bytes tail(length.bytes.begin(), length.bytes.end());
    tail.insert(tail.end(), value.begin(), value.end());
    tail.resize(word_bytes + padded(value.size()));
    arguments_.push_back({{}, std::move(tail)});
    return *this;
}

Bytes Encoder::finish() const {
    Bytes out = prefix_;
    std::size_t tail_offset = arguments_.size() * word_bytes;  // counted from the end of the selector
    for (const Argument& argument : arguments_) {
        const Hash256 head = argument.tail ? number_word(tail_offset) : argument.word;
        out.insert(out.end(), head.bytes.begin(), head.bytes.end());
        if (argument.tail) tail_offset += argument.tail->size();
    }
    for (const Argument& argument : arguments_) {
        if (argument.tail) out.insert(out.end(), argument.tail->begin(), argument.tail->end());
    }
    return out;
}

std::uint64_t Decoder::number(const char* field) {
    return narrow(next_word(field), field);
}

Wei Decoder::amount(const char* field) {
    return copy_of<Wei>(next_word(field));
}

Address Decoder::address(const char* field) {
    const Word word = next_word(field);
    const std::size_t padding = word_bytes - Address::size_bytes;
    require_zeros(word.first(padding), field, "is no address");
    return copy_of<Address>(word.subspan(padding));
}

JobId Decoder::job_id(const char* field) {
    const Word word = next_word(field);
    require_zeros(word.subspan(JobId::size_bytes), field, "is no bytes16");
    return copy_of<JobId>(word);
}

bool Decoder::boolean(const char* field) {
    const Word word = next_word(field);
    if (!all_zero(word.first(word_bytes - 1)) || word.back() > 1) fail(field, "is neither true nor false");
    return word.back() == 1;
}

std::int64_t Decoder::time(const char* field) {
    const Word word = next_word(field);
    const Word low = word.last(sizeof(std::uint64_t));
    if (!all_zero(word.first(word_bytes - low.size()))) return latest_unix_s;
    return static_cast<std::int64_t>(std::min<std::uint64_t>(narrow(word, field), latest_unix_s));
}

std::string Decoder::text(const char* field, std::size_t bytes_max) {
    const std::uint64_t offset = narrow(next_word(field), field);
    if (error_) return {};
    if (offset % word_bytes != 0 || offset > data_.size() || data_.size() - offset < word_bytes) {
        fail(field, fmt::format("begins at byte {} of {}", offset, data_.size()));
        return {};
    }
    const std::uint64_t length = narrow(data_.subspan(offset, word_bytes), field);
    if (length > bytes_max) fail(field, fmt::format("is {} bytes long; at most {} are read", length, bytes_max));
    if (error_) return {};
    const Word rest = data_.subspan(offset + word_bytes);
    if (rest.size() < padded(length)) {
        fail(field, fmt::format("is cut off: {} bytes announced, {} there", length, rest.size()));
        return {};
    }
    require_zeros(rest.subspan(length, padded(length) - length), field, "has padding that is not zero");
    if (error_) return {};
    return {rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length)};
}

Result<void> Decoder::check() const {
    if (error_) return *error_;
    return {};
}

Decoder::Word Decoder::next_word(const char* field) {
    if (error_) return zero_word;
    if (data_.size() - position_ < word_bytes) {
        fail(field, fmt::format("is missing: the answer has {} bytes", data_.size()));
        return zero_word;
    }
    const Word word = data_.subspan(position_, word_bytes);
    position_ += word_bytes;
    return word;
}

std::uint64_t Decoder::narrow(Word word, const char* field) {
    const Word low = word.last(sizeof(std::uint64_t));
    require_zeros(word.first(word_bytes - low.size()), field, "does not fit 64 bits");
    std::uint64_t value = 0;
    for (const std::uint8_t byte : low) value = value << 8 | byte;
    return value;
}

void Decoder::require_zeros(Word bytes, const char* field, const char* rule) {
    if (!all_zero(bytes)) fail(field, rule);
}

void Decoder::fail(const char* field, const std::string& reason) {
    if (!error_) error_ = permanent_error(fmt::format("{} answered wrong data: {} {}", what_, field, reason));
}

}  // namespace emeth::chain::abi
