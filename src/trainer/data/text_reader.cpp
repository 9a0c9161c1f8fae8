#include "trainer/data/text_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/errno_error.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t space_search_bytes = 1'000;

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Where to cut a line that is longer than a piece may be.
std::size_t cut_position(std::string_view line) {
    const std::size_t space = line.rfind(' ', piece_bytes_max - 1);
    if (space != std::string_view::npos && space + space_search_bytes > piece_bytes_max) return space + 1;
    std::size_t cut = piece_bytes_max;
    while (cut > piece_bytes_max - 4 && is_continuation(line[cut])) --cut;
    return cut;
}

/// How many whole words of ASCII come first.
std::size_t ascii_bytes(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t bytes = 0;
    for (std::uint64_t word = 0; bytes + sizeof word <= text.size(); bytes += sizeof word) {
        std::memcpy(&word, text.data() + bytes, sizeof word);
        if ((word & high_bits) != 0) break;
    }
    return bytes;
}

/// The length of the first character if it is well-formed, else 0.
std::size_t character_bytes(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i])) return 0;
    }
    const auto second = static_cast<unsigned char>(text[1]);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second > 0x9F;
    const bool beyond_unicode = lead == 0xF4 && second > 0x8F;
    return overlong || surrogate || beyond_unicode ? 0 : length;
}

}  // namespace

TextPiece take_piece(std::string_view& text) {
    const std::size_t newline = text.substr(0, piece_bytes_max + 1).find('\n');
    if (newline != std::string_view::npos) {
        const TextPiece piece{text.substr(0, newline), true};
        text.remove_prefix(newline + 1);
        return piece;
    }
    const std::size_t length = text.size() <= piece_bytes_max ? text.size() : cut_position(text);
    const TextPiece piece{text.substr(0, length), false};
    text.remove_prefix(length);
    return piece;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        text.remove_prefix(ascii_bytes(text));
        if (text.empty()) return true;
        const std::size_t length = character_bytes(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

Result<TextReader> TextReader::open(const std::filesystem::path& path) {
    TextReader reader;
    reader.path_ = path;
    reader.descriptor_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!reader.descriptor_.is_open()) return errno_error("cannot open dataset " + path.string(), errno);
    struct stat status {};
    if (::fstat(reader.descriptor_.get(), &status) != 0)
        return errno_error("cannot examine dataset " + path.string(), errno);
    if (!S_ISREG(status.st_mode)) return permanent_error("dataset " + path.string() + " is not a regular file");
    reader.file_bytes_ = static_cast<std::uint64_t>(status.st_size);
    return reader;
}

Result<void> TextReader::fill() {
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + read_bytes);
    ssize_t count = 0;
    do {
        count = ::read(descriptor_.get(), buffer_.data() + kept, read_bytes);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return errno_error("cannot read dataset " + path_.string(), errno);
    const auto bytes = static_cast<std::size_t>(count);
    buffer_.resize(kept + bytes);
    bytes_read_ += bytes;
    at_end_ = bytes == 0;
    return {};
}

Result<std::optional<TextPiece>> TextReader::next() {
    // A piece ends at the end of the buffer only at the end of the file: pieces do not depend on the sizes of reads.
    while (!at_end_ && buffer_.size() - consumed_ <= piece_bytes_max) {
        if (Result<void> filled = fill(); filled.has_error()) return filled.error();
    }
    std::string_view rest = std::string_view(buffer_).substr(consumed_);
    if (rest.empty()) return std::optional<TextPiece>();
    const std::uint64_t offset = bytes_read_ - rest.size();
    const TextPiece piece = take_piece(rest);
    consumed_ = buffer_.size() - rest.size();
    if (!is_utf8(piece.text))
        return permanent_error(fmt::format("dataset {} is not UTF-8 text in the line or part of a line at byte {}",
                                           path_.string(), offset));
    return std::optional<TextPiece>(piece);
}

}  // namespace emeth::trainer
