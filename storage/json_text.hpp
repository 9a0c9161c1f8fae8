// The text of a dump: JSON appended piece by piece to memory that is used again. A dump of a million JOBs has tens of
// millions of lines of a hundred pieces each, for which std::string's checks at each piece are most of the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace emeth::storage {

/// Not thread-safe. Strings come out as json_text() (runtime/json_fields.hpp) would write them.
class JsonText {
public:
    void raw(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(room(text.size()), text.data(), text.size());
        size_ += text.size();
    }
    void raw(char c) {
        *room(1) = c;
        ++size_;
    }
    /// In quotes. What is not UTF-8 becomes U+FFFD.
    void string(std::string_view text);
    /// "0x…" in quotes.
    void hex(std::string_view bytes);
    /// The shortest digits that give the same number again; null for one that is not a number, and "Infinity" or
    /// "-Infinity" in quotes.
    void number(double value);
    void number(std::uint64_t value);
    void number(std::int64_t value);

    [[nodiscard]] std::string_view text() const { return {memory_.get(), size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Forgets what follows the first `size` characters.
    void shorten(std::size_t size) { size_ = size; }
    void clear() { size_ = 0; }
    /// `position` < size().
    void replace(std::size_t position, char c) { memory_[position] = c; }

private:
    /// Where `bytes` more characters have room.
    char* room(std::size_t bytes) {
        if (capacity_ - size_ < bytes) grow(bytes);
        return memory_.get() + size_;
    }
    void grow(std::size_t bytes);
    template <class Number>
    void digits(Number value);

    std::unique_ptr<char[]> memory_;
    std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace emeth::storage
