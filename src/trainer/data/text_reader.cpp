#include "trainer/data/text_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/errno_error.hpp"
#include "runtime/whole_characters.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t space_search_bytes = 1'000;

/// Where to cut a line that is longer than a piece may be.
std::size_t cut_position(std::string_view line) {
    const std::size_t space = line.rfind(' ', piece_bytes_max - 1);
    if (space != std::string_view::npos && space + space_search_bytes > piece_bytes_max) return space + 1;
    std::size_t cut = piece_bytes_max;
    while (cut > piece_bytes_max - 4 && continues_character(line[cut])) --cut;
    return cut;
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

Result<TextReader> TextReader::open(const std::filesystem::path& path) {
    TextReader reader;
    reader.path_ = path;
    reader.descriptor_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!reader.descriptor_.is_open()) return errno_error("cannot open dataset " + path.string(), errno);
    struct stat status{};
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
    const TextPiece piece = take_piece(rest);
    consumed_ = buffer_.size() - rest.size();
    return std::optional<TextPiece>(piece);
}

}  // namespace emeth::trainer
