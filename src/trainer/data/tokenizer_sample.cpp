#include "trainer/data/tokenizer_sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "runtime/utf8.hpp"
#include "runtime/whole_characters.hpp"
#include "trainer/data/byte_runs.hpp"
#include "trainer/data/seed.hpp"
#include "trainer/data/text_reader.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::Preset;

/// The sample comes from at least so many places: a dataset may change its language on the way.
constexpr std::uint64_t blocks_min = 8;
constexpr std::uint64_t block_bytes_max = 64 * 1024;
/// Characters beyond this share of the vocabulary are left to byte fallback (Japanese has too many for a small one).
constexpr double characters_share_max = 0.4;
/// A piece that is not all UTF-8 gives its runs of text of at least this length. Between other bytes there are many
/// shorter ones, which teach nothing and would cost much memory.
constexpr std::size_t run_bytes_min = 4;
/// SentencePiece's trainer skips every sentence with this character (U+2585), which stands for unknown ones inside it.
constexpr std::string_view reserved_character = "▅";
/// The sample of a dataset without any text. Its tokenizer is as good as any: all tokens will be bytes.
constexpr std::string_view sentence_without_text = "no text";

/// Tabs are the trainer's separator, and it takes NUL for a sign that the text is no text.
void append_sentence(std::string_view text, std::vector<std::string>& sentences) {
    std::string& sentence = sentences.emplace_back(text);
    std::replace(sentence.begin(), sentence.end(), '\t', ' ');
    std::replace(sentence.begin(), sentence.end(), '\0', ' ');
}

void append_sentences(std::string_view block, std::vector<std::string>& sentences) {
    block = whole_characters(block);
    while (!block.empty()) {
        std::string_view rest = take_piece(block).text;
        const std::size_t bytes = rest.size();
        while (!rest.empty()) {
            const ByteRun run = take_run(rest);
            const bool whole_piece = run.bytes.size() == bytes;
            if (run.is_text && (whole_piece || run.bytes.size() >= run_bytes_min))
                append_sentence(run.bytes, sentences);
        }
    }
}

/// Removes the first character from `sentence`, which is UTF-8 and not empty.
std::string_view take_character(std::string_view& sentence) {
    const std::string_view character = sentence.substr(0, utf8_character(sentence));
    sentence.remove_prefix(character.size());
    return character;
}

using CharacterCounts = std::map<std::string_view, std::uint64_t>;

CharacterCounts count_characters(const std::vector<std::string>& sentences) {
    CharacterCounts counts;
    for (std::string_view rest : sentences)
        while (!rest.empty()) ++counts[take_character(rest)];
    return counts;
}

std::size_t characters_max(const Preset& preset) {
    return static_cast<std::size_t>(characters_share_max * static_cast<double>(preset.vocabulary));
}

/// As many as the vocabulary has room for, the most common ones; of equally common ones those that sort first.
std::unordered_set<std::string_view> common_characters(const std::vector<std::string>& sentences,
                                                       const Preset& preset) {
    CharacterCounts counts = count_characters(sentences);
    counts.erase(reserved_character);
    std::vector<std::pair<std::string_view, std::uint64_t>> ranked(counts.begin(), counts.end());
    std::ranges::stable_sort(ranked, [](const auto& a, const auto& b) { return a.second > b.second; });
    ranked.resize(std::min(ranked.size(), characters_max(preset)));
    std::unordered_set<std::string_view> common;
    for (const auto& [character, count] : ranked) common.insert(character);
    return common;
}

}  // namespace

/// The whole text if it is small; else one block from each of as many equal parts as fit, at a place drawn by the seed.
Result<std::vector<std::string>> draw_sample(const std::filesystem::path& dataset, const JobId& job,
                                             const Preset& preset) {
    std::ifstream file(dataset, std::ios::binary);
    if (!file) return permanent_error("cannot open dataset " + dataset.string());
    const std::uint64_t size = std::filesystem::file_size(dataset);
    const bool is_small = size <= preset.tokenizer_sample_bytes;
    const std::uint64_t length =
        is_small ? size : std::min(block_bytes_max, preset.tokenizer_sample_bytes / blocks_min);
    const std::uint64_t blocks = is_small ? 1 : preset.tokenizer_sample_bytes / length;
    const std::uint64_t part = size / blocks;
    SeededStream random(derive_seed(job, "tokenizer"));

    std::vector<std::string> sentences;
    std::string block;
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const std::uint64_t offset = i * part + random.below(part - length + 1);
        block.resize(length);
        file.seekg(static_cast<std::streamoff>(offset));
        file.read(block.data(), static_cast<std::streamsize>(length));
        if (!file) return transient_error(fmt::format("cannot read {} bytes of dataset {}", length, dataset.string()));
        append_sentences(block, sentences);
    }
    if (sentences.empty()) sentences.emplace_back(sentence_without_text);
    return sentences;
}

double character_coverage(const std::vector<std::string>& sentences, const Preset& preset) {
    const CharacterCounts counts = count_characters(sentences);
    const std::size_t kept_max = characters_max(preset);
    if (counts.size() <= kept_max) return 1.0;
    std::vector<std::uint64_t> frequencies;
    std::uint64_t total = 0;
    for (const auto& [character, count] : counts) {
        frequencies.push_back(count);
        total += count;
    }
    std::sort(frequencies.rbegin(), frequencies.rend());
    std::uint64_t kept = 0;
    for (std::size_t i = 0; i < kept_max; ++i) kept += frequencies[i];
    return static_cast<double>(kept) / static_cast<double>(total);
}

std::vector<std::string> parts_of_common_characters(const std::vector<std::string>& sentences, const Preset& preset) {
    const std::unordered_set<std::string_view> common = common_characters(sentences, preset);
    std::vector<std::string> parts;
    std::string part;
    const auto end_part = [&] {
        if (!part.empty()) parts.push_back(std::exchange(part, {}));
    };
    for (std::string_view rest : sentences) {
        while (!rest.empty()) {
            const std::string_view character = take_character(rest);
            if (common.contains(character))
                part += character;
            else
                end_part();
        }
        end_part();
    }
    if (parts.empty()) parts.emplace_back(sentence_without_text);
    return parts;
}

}  // namespace emeth::trainer
