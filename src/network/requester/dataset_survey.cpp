#include "network/requester/dataset_survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <numeric>
#include <system_error>
#include <vector>

#include "runtime/utf8.hpp"
#include "runtime/waiting.hpp"

namespace emeth::network {

namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t character_bytes_max = 4;

// Shares of bytes or characters that tell one encoding from another.
constexpr double control_share_max = 0.01;    // of text: form feeds, escape sequences
constexpr double damage_share_max = 0.01;     // malformed bytes per character beyond ASCII
constexpr double nul_share_min = 0.2;         // at one parity: UTF-16 of a text that is partly Latin
constexpr double bad_pair_share_max = 0.02;   // of Shift-JIS
constexpr double lead_bytes_share_min = 0.2;  // of the bytes above 0x7F: 0x80 to 0x9F, which Latin-1 and EUC-JP lack

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool is_control(std::size_t byte) {
    const bool layout = byte >= '\t' && byte <= '\r';
    return (byte < ' ' && !layout) || byte == 0x7F;
}

bool is_shift_jis_lead(std::uint8_t byte) {
    return (byte >= 0x81 && byte <= 0x9F) || (byte >= 0xE0 && byte <= 0xFC);
}

bool is_shift_jis_trail(std::uint8_t byte) {
    return byte >= 0x40 && byte <= 0xFC && byte != 0x7F;
}

/// `character` is well-formed.
std::uint32_t code_point(std::string_view character) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(character[i]));
    };
    if (character.size() == 1) return byte(0);
    std::uint32_t point = byte(0) & (0x7FU >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i) point = point << 6 | (byte(i) & 0x3FU);
    return point;
}

bool is_japanese(std::uint32_t point) {
    const auto among = [point](std::uint32_t first, std::uint32_t last) { return point >= first && point <= last; };
    const bool punctuation = among(0x3001, 0x303F), kana = among(0x3040, 0x30FF) || among(0xFF66, 0xFF9F);
    const bool ideograph = among(0x3400, 0x4DBF) || among(0x4E00, 0x9FFF) || among(0xF900, 0xFAFF);
    return punctuation || kana || ideograph || among(0x20000, 0x3FFFF);
}

bool is_white_space(std::uint32_t point) {
    return point == ' ' || (point >= '\t' && point <= '\r') || point == 0xA0 || point == 0x3000 || point == 0xFEFF;
}

}  // namespace

std::string_view encoding_name(Encoding encoding) {
    switch (encoding) {
        case Encoding::ascii:
            return "ASCII";
        case Encoding::utf8:
            return "UTF-8";
        case Encoding::damaged_utf8:
            return "damaged UTF-8";
        case Encoding::utf16:
            return "UTF-16";
        case Encoding::shift_jis:
            return "Shift-JIS";
        case Encoding::eight_bit:
            return "an 8-bit encoding";
        case Encoding::binary:
            return "binary";
    }
    return "";
}

bool is_utf8_text(Encoding encoding) {
    return encoding == Encoding::ascii || encoding == Encoding::utf8 || encoding == Encoding::damaged_utf8;
}

double DatasetSurvey::japanese_share() const {
    return share(japanese_characters, characters);
}

double DatasetSurvey::longest_line_share() const {
    return share(longest_line_bytes, bytes);
}

void DatasetSurveyor::take(std::string_view part) {
    for (const char byte : part) take_byte(static_cast<std::uint8_t>(byte));
    pending_ += part;
    take_characters(false);
}

void DatasetSurveyor::take_byte(std::uint8_t byte) {
    if (survey_.bytes < first_bytes_.size()) first_bytes_[survey_.bytes] = byte;
    ++counts_[byte];
    if (byte == 0) ++nuls_[survey_.bytes % 2];
    ++survey_.bytes;
    if (byte == '\n') {
        end_line();
        line_bytes_ = 0;
    } else {
        ++line_bytes_;
    }
    if (after_lead_) {
        ++pairs_;
        if (!is_shift_jis_trail(byte)) ++bad_pairs_;
        after_lead_ = false;
    } else {
        after_lead_ = is_shift_jis_lead(byte);
    }
}

void DatasetSurveyor::end_line() {
    ++survey_.lines;
    survey_.longest_line_bytes = std::max(survey_.longest_line_bytes, line_bytes_);
}

void DatasetSurveyor::take_characters(bool at_end) {
    std::string_view rest = pending_;
    while (rest.size() >= (at_end ? 1 : character_bytes_max)) {
        const std::size_t length = utf8_character(rest);
        if (length == 0) {
            if (!survey_.malformed_at) survey_.malformed_at = read_as_utf8_;
            ++survey_.malformed_bytes;
        } else {
            take_character(rest.substr(0, length));
        }
        rest.remove_prefix(std::max<std::size_t>(length, 1));
        read_as_utf8_ += std::max<std::size_t>(length, 1);
    }
    pending_.erase(0, pending_.size() - rest.size());
}

void DatasetSurveyor::take_character(std::string_view character) {
    const std::uint32_t point = code_point(character);
    if (character.size() > 1) ++multibyte_characters_;
    if (is_white_space(point)) return;
    ++survey_.characters;
    if (is_japanese(point)) ++survey_.japanese_characters;
}

bool DatasetSurveyor::looks_like_utf16() const {
    const bool marked =
        (first_bytes_[0] == 0xFF && first_bytes_[1] == 0xFE) || (first_bytes_[0] == 0xFE && first_bytes_[1] == 0xFF);
    if (survey_.bytes >= 2 && marked) return true;
    const auto [fewer, more] = std::minmax(nuls_[0], nuls_[1]);
    return share(more, survey_.bytes / 2) >= nul_share_min && share(fewer, survey_.bytes / 2) <= control_share_max;
}

bool DatasetSurveyor::looks_like_shift_jis() const {
    const auto sum = [this](std::size_t first, std::size_t last) {
        return std::accumulate(counts_.begin() + static_cast<std::ptrdiff_t>(first),
                               counts_.begin() + static_cast<std::ptrdiff_t>(last) + 1, std::uint64_t{0});
    };
    return pairs_ > 0 && share(bad_pairs_, pairs_) <= bad_pair_share_max &&
           share(sum(0x80, 0x9F), sum(0x80, 0xFF)) >= lead_bytes_share_min;
}

Encoding DatasetSurveyor::encoding() const {
    if (looks_like_utf16()) return Encoding::utf16;
    std::uint64_t controls = 0;
    for (std::size_t byte = 0; byte < counts_.size(); ++byte)
        if (is_control(byte)) controls += counts_[byte];
    if (share(controls, survey_.bytes) > control_share_max) return Encoding::binary;
    if (survey_.malformed_bytes == 0) return multibyte_characters_ == 0 ? Encoding::ascii : Encoding::utf8;
    if (share(survey_.malformed_bytes, multibyte_characters_) <= damage_share_max && multibyte_characters_ > 0)
        return Encoding::damaged_utf8;
    return looks_like_shift_jis() ? Encoding::shift_jis : Encoding::eight_bit;
}

DatasetSurvey DatasetSurveyor::finish() {
    take_characters(true);
    if (line_bytes_ > 0) end_line();
    survey_.encoding = encoding();
    return survey_;
}

Result<DatasetSurvey> survey_dataset(const std::filesystem::path& path) {
    std::error_code error;
    const bool regular = std::filesystem::is_regular_file(path, error);
    if (error) return permanent_error(fmt::format("dataset {}: {}", path.string(), error.message()));
    if (!regular) return permanent_error(fmt::format("dataset {} is not a regular file", path.string()));
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return permanent_error(fmt::format("dataset {}: {}", path.string(), std::generic_category().message(errno)));
    const Waiting waiting(fmt::format("the look at {}", path.string()));
    DatasetSurveyor surveyor;
    std::vector<char> part(read_bytes);
    while (file) {
        file.read(part.data(), static_cast<std::streamsize>(part.size()));
        surveyor.take({part.data(), static_cast<std::size_t>(file.gcount())});
    }
    if (file.bad()) return permanent_error(fmt::format("dataset {} cannot be read", path.string()));
    return surveyor.finish();
}

}  // namespace emeth::network
