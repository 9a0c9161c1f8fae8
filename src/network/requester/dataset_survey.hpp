// A look at a dataset before it is paid for: its size, encoding, lines and script. Any bytes can be trained on; what
// this finds tells a requester whether they are the bytes that were meant.
//
//   const Result<DatasetSurvey> seen = survey_dataset("book.txt");
//   if (seen && seen->encoding == Encoding::shift_jis) …
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::network {

/// What the bytes most likely are. Only ascii and utf8 are certain.
enum class Encoding : std::uint8_t {
    ascii,         ///< nothing above 0x7F, and hardly a control character
    utf8,          ///< well-formed, with characters beyond ASCII
    damaged_utf8,  ///< UTF-8 but for a few bytes, as of a file that was cut inside a character
    utf16,         ///< either byte order
    shift_jis,
    eight_bit,  ///< another encoding of text, such as Latin-1 or EUC-JP
    binary,     ///< no text
};

/// For people: "UTF-8", "Shift-JIS".
std::string_view encoding_name(Encoding encoding);
/// Whether the trainer reads it as text; otherwise as bytes, each a token of its own where it is not ASCII.
bool is_utf8_text(Encoding encoding);

struct DatasetSurvey {
    std::uint64_t bytes = 0;
    Encoding encoding = Encoding::ascii;
    std::optional<std::uint64_t> malformed_at;  ///< offset of the first byte that is not UTF-8
    std::uint64_t malformed_bytes = 0;          ///< that are not part of UTF-8
    std::uint64_t lines = 0;                    ///< the last one may lack its newline
    std::uint64_t longest_line_bytes = 0;       ///< without the newline
    std::uint64_t characters = 0;               ///< of UTF-8, without white space
    std::uint64_t japanese_characters = 0;      ///< of those: kana, kanji (all ideographs), Japanese punctuation

    /// From 0 to 1; 0 without characters.
    [[nodiscard]] double japanese_share() const;
    /// Of the dataset, from 0 to 1.
    [[nodiscard]] double longest_line_share() const;
};

/// Takes a dataset part by part; what it finds does not depend on how the dataset is cut. Bounded memory.
class DatasetSurveyor {
public:
    void take(std::string_view part);
    /// Ends the dataset; the surveyor may not be used afterwards.
    DatasetSurvey finish();

private:
    void take_byte(std::uint8_t byte);
    void take_characters(bool at_end);
    void take_character(std::string_view character);
    void end_line();
    [[nodiscard]] Encoding encoding() const;
    [[nodiscard]] bool looks_like_utf16() const;
    [[nodiscard]] bool looks_like_shift_jis() const;

    DatasetSurvey survey_;
    std::string pending_;  ///< not yet read as UTF-8: the last part and what was left of the one before
    std::uint64_t read_as_utf8_ = 0;
    std::uint64_t line_bytes_ = 0;
    std::array<std::uint64_t, 256> counts_{};
    std::array<std::uint64_t, 2> nuls_{};  ///< at even and odd offsets
    std::array<std::uint8_t, 2> first_bytes_{};
    std::uint64_t multibyte_characters_ = 0;
    bool after_lead_ = false;  ///< of Shift-JIS
    std::uint64_t pairs_ = 0, bad_pairs_ = 0;
};

/// Blocks; reads the file once, in pieces. A permanent Error when it cannot be read.
Result<DatasetSurvey> survey_dataset(const std::filesystem::path& path);

}  // namespace emeth::network
