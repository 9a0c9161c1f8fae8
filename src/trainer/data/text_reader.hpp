// A dataset as a stream of lines, whatever its bytes; lines that are too long are cut.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/file_descriptor.hpp"
#include "runtime/result.hpp"

namespace emeth::trainer {

/// A longer line is cut, at a space if there is one near the end, and never inside a character of UTF-8. Below the
/// limit of SentencePiece's trainer.
inline constexpr std::size_t piece_bytes_max = 4'000;

struct TextPiece {
    std::string_view text;  ///< without the newline; not necessarily UTF-8
    bool ends_line = false;
};

/// Removes the first piece from `text`, which must not be empty.
TextPiece take_piece(std::string_view& text);

/// Memory does not grow with the file.
class TextReader {
public:
    static Result<TextReader> open(const std::filesystem::path& path);

    /// The next piece, valid until the next call; none at the end. An Error only if the file cannot be read.
    Result<std::optional<TextPiece>> next();
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    /// The size at open().
    [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }

private:
    Result<void> fill();

    std::filesystem::path path_;
    FileDescriptor descriptor_;
    std::string buffer_;
    std::size_t consumed_ = 0;  // of buffer_
    bool at_end_ = false;
    std::uint64_t bytes_read_ = 0;
    std::uint64_t file_bytes_ = 0;
};

}  // namespace emeth::trainer
