// The text of a dump: JSON appended piece by piece to memory that is used again. A dump of a million JOBs has tens of
// millions of lines of a hundred pieces each, for which std::string's checks at each piece are most of the work.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace emeth::storage {

/// A word or two that are appended often, and so are copied without looking at their length.
class ShortText {
public:
    static constexpr std::size_t characters_max = 32;

    /// Throws std::length_error when `text` is longer.
    explicit ShortText(std::string_view text);
    [[nodiscard]] std::string_view text() const { return {characters_.data(), size_}; }

private:
    friend class JsonText;
    std::array<char, characters_max> characters_{};
    std::size_t size_ = 0;
};

/// Not thread-safe. Strings come out as json_text() (runtime/json_fields.hpp) would write them.
class JsonText {
public:
    void raw(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(room(text.size()), text.data(), text.size());
        end_ += text.size();
    }
    void raw(const ShortText& text) {
        std::memcpy(room(ShortText::characters_max), text.characters_.data(), ShortText::characters_max);
        end_ += text.size_;
    }
    void raw(char c) {
        *room(1) = c;
        ++end_;
    }
    /// In quotes. What is not UTF-8 becomes U+FFFD: the answer is then `false`.
    bool string(std::string_view text);
    /// "0x…" in quotes.
    void hex(std::string_view bytes);
    /// The shortest digits that give the same number again; null for one that is not a number, and "Infinity" or
    /// "-Infinity" in quotes.
    void number(double value);
    void number(std::uint64_t value) {
        if (value < 10)
            raw(static_cast<char>('0' + value));
        else
            digits(value);
    }
    void number(std::int64_t value) { digits(value); }

    [[nodiscard]] std::string_view text() const { return {memory_.get(), size()}; }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - memory_.get()); }
    /// Forgets what follows the first `size` characters.
    void shorten(std::size_t size) { end_ = memory_.get() + size; }
    void clear() { end_ = memory_.get(); }
    /// `position` < size().
    void replace(std::size_t position, char c) { memory_[position] = c; }

private:
    /// Where `characters` more have room.
    char* room(std::size_t characters) {
        if (static_cast<std::size_t>(limit_ - end_) < characters) grow(characters);
        return end_;
    }
    void grow(std::size_t characters);
    bool escaped_string(std::string_view text, std::size_t plain);
    template <class Number>
    void digits(Number value);

    std::unique_ptr<char[]> memory_;
    char* end_ = nullptr;    ///< of the text
    char* limit_ = nullptr;  ///< of the memory
};

}  // namespace emeth::storage
