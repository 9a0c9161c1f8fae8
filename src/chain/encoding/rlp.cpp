#include "chain/encoding/rlp.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace emeth::chain::rlp {
namespace {

constexpr std::uint8_t string_base = 0x80;
constexpr std::uint8_t list_base = 0xc0;
constexpr std::size_t short_length_max = 55;  // a longer payload has its length encoded separately

std::span<const std::uint8_t> without_leading_zeros(std::span<const std::uint8_t> number) {
    const auto first = std::find_if(number.begin(), number.end(), [](std::uint8_t byte) { return byte != 0; });
    return {first, number.end()};
}

std::array<std::uint8_t, 8> big_endian_of(std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[7 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return bytes;
}

void append_header(Bytes& out, std::uint8_t base, std::size_t length) {
    if (length <= short_length_max) {
        out.push_back(static_cast<std::uint8_t>(base + length));
        return;
    }
    const std::array<std::uint8_t, 8> bytes = big_endian_of(length);
    const std::span<const std::uint8_t> digits = without_leading_zeros(bytes);
    out.push_back(static_cast<std::uint8_t>(base + short_length_max + digits.size()));
    out.insert(out.end(), digits.begin(), digits.end());
}

/// Reads items from front to back; the position advances only over what has been checked.
class Reader {
public:
    Reader(std::span<const std::uint8_t> encoded, const Limits& limits) : encoded_(encoded), limits_(limits) {}

    Result<Item> whole() {
        if (encoded_.size() > limits_.bytes_max) {
            return broken(fmt::format("{} bytes are more than the {} allowed", encoded_.size(), limits_.bytes_max));
        }
        Result<Item> item = next(encoded_.size(), 0);
        if (item && position_ != encoded_.size()) {
            return broken(fmt::format("{} bytes follow the item", encoded_.size() - position_));
        }
        return item;
    }

private:
    struct Header {
        bool is_list = false;
        std::size_t length = 0;
    };

    Result<Item> next(std::size_t end, std::size_t depth) {
        if (++items_ > limits_.items_max) return broken(fmt::format("more than {} items", limits_.items_max));
        const Result<Header> header = read_header(end);
        if (header.has_error()) return header.error();
        Item item;
        item.is_list = header->is_list;
        const std::size_t item_end = position_ + header->length;
        if (!item.is_list) {
            const auto begin = encoded_.begin() + static_cast<std::ptrdiff_t>(position_);
            item.bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(header->length));
            position_ = item_end;
            return item;
        }
        if (depth >= limits_.depth_max) return broken(fmt::format("lists nest deeper than {}", limits_.depth_max));
        while (position_ < item_end) {
            Result<Item> element = next(item_end, depth + 1);
            if (element.has_error()) return element.error();
            item.items.push_back(std::move(*element));
        }
        return item;
    }

    /// Leaves the position at the payload, which lies before `end`. A byte below 0x80 is its own payload.
    Result<Header> read_header(std::size_t end) {
        if (position_ >= end) return broken("an item is missing");
        const std::uint8_t first = encoded_[position_];
        if (first < string_base) return Header{false, 1};
        ++position_;
        Header header{first >= list_base, 0};
        const std::size_t code = first - (header.is_list ? list_base : string_base);
        if (code <= short_length_max) {
            header.length = code;
        } else if (const Result<std::size_t> length = read_long_length(code - short_length_max, end); !length) {
            return length.error();
        } else {
            header.length = *length;
        }
        if (header.length > end - position_) {
            return broken(fmt::format("an item of {} bytes does not fit", header.length));
        }
        if (!header.is_list && header.length == 1 && encoded_[position_] < string_base) {
            return broken("a single byte below 0x80 has a needless prefix");
        }
        return header;
    }

    Result<std::size_t> read_long_length(std::size_t digits, std::size_t end) {
        if (digits > end - position_) return broken("the length of an item is cut off");
        if (encoded_[position_] == 0) return broken("the length of an item begins with a zero byte");
        std::uint64_t length = 0;  // at most 8 digits
        for (std::size_t i = 0; i < digits; ++i) length = length << 8 | encoded_[position_++];
        if (length <= short_length_max) return broken("a short item has the form of a long one");
        return static_cast<std::size_t>(length);
    }

    [[nodiscard]] Error broken(const std::string& rule) const {
        return permanent_error(fmt::format("malformed RLP at byte {}: {}", position_, rule));
    }

    std::span<const std::uint8_t> encoded_;
    Limits limits_;
    std::size_t position_ = 0;
    std::size_t items_ = 0;
};

Result<std::span<const std::uint8_t>> number_bytes(const Item& item, std::size_t bytes_max, const char* what) {
    if (item.is_list) return permanent_error(fmt::format("{} is a list; expected a number", what));
    if (item.bytes.size() > bytes_max) {
        return permanent_error(fmt::format("{} has {} bytes; expected at most {}", what, item.bytes.size(), bytes_max));
    }
    if (!item.bytes.empty() && item.bytes.front() == 0) {
        return permanent_error(fmt::format("{} is a number with leading zeros", what));
    }
    return std::span<const std::uint8_t>(item.bytes);
}

}  // namespace

Bytes encode_bytes(std::span<const std::uint8_t> bytes) {
    Bytes out;
    out.reserve(bytes.size() + 9);
    if (bytes.size() != 1 || bytes[0] >= string_base) append_header(out, string_base, bytes.size());
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
}

Bytes encode_number(std::uint64_t value) {
    return encode_number(big_endian_of(value));
}

Bytes encode_number(std::span<const std::uint8_t> big_endian) {
    return encode_bytes(without_leading_zeros(big_endian));
}

Bytes encode_list(const std::vector<Bytes>& items) {
    std::size_t length = 0;
    for (const Bytes& item : items) length += item.size();
    Bytes out;
    out.reserve(length + 9);
    append_header(out, list_base, length);
    for (const Bytes& item : items) out.insert(out.end(), item.begin(), item.end());
    return out;
}

Result<Item> decode(std::span<const std::uint8_t> encoded, const Limits& limits) {
    return Reader(encoded, limits).whole();
}

Result<std::uint64_t> number(const Item& item, const char* what) {
    const Result<std::span<const std::uint8_t>> bytes = number_bytes(item, sizeof(std::uint64_t), what);
    if (bytes.has_error()) return bytes.error();
    std::uint64_t value = 0;
    for (const std::uint8_t byte : *bytes) value = value << 8 | byte;
    return value;
}

Result<Wei> number_256(const Item& item, const char* what) {
    const Result<std::span<const std::uint8_t>> bytes = number_bytes(item, Wei::size_bytes, what);
    if (bytes.has_error()) return bytes.error();
    Wei value;
    std::copy_backward(bytes->begin(), bytes->end(), value.bytes.end());
    return value;
}

}  // namespace emeth::chain::rlp
