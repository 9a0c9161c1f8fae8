#include "trainer/data/tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <unordered_map>
#include <utility>

#include "runtime/utf8.hpp"
#include "trainer/data/seed.hpp"
#include "trainer/data/sentencepiece_library.hpp"

namespace emeth::trainer {
namespace {

constexpr std::uint64_t block_bytes = 64 * 1024;
constexpr std::string_view newline_piece = "<0x0A>";
/// Characters beyond this share of the vocabulary are left to byte fallback (Japanese has too many for a small one).
constexpr double characters_share_max = 0.4;

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// The whole characters of a block that was cut out of the middle of the text.
std::string_view whole_characters(std::string_view block) {
    for (int i = 0; i < 3 && !block.empty() && continues_character(block.front()); ++i) block.remove_prefix(1);
    for (std::size_t back = 1; back <= std::min<std::size_t>(4, block.size()); ++back) {
        const std::string_view tail = block.substr(block.size() - back);
        if (continues_character(tail.front())) continue;
        if (!is_utf8(tail)) block.remove_suffix(back);
        break;
    }
    return block;
}

/// Appends one block of the sample in SentencePiece's format. Tabs are its separator; a sentence with one is dropped.
void append_sentences(std::string_view block, std::vector<std::string>& sentences) {
    block = whole_characters(block);
    while (!block.empty()) {
        const TextPiece piece = take_piece(block);
        if (piece.text.empty() || !is_utf8(piece.text)) continue;
        std::string& sentence = sentences.emplace_back(piece.text);
        std::replace(sentence.begin(), sentence.end(), '\t', ' ');
        std::replace(sentence.begin(), sentence.end(), '\0', ' ');
    }
}

/// The whole text if it is small; else one block from each of as many equal parts as fit, at a place drawn by the seed.
Result<std::vector<std::string>> draw_sample(const std::filesystem::path& dataset, const JobId& job,
                                             std::uint64_t sample_bytes) {
    std::ifstream file(dataset, std::ios::binary);
    if (!file) return permanent_error("cannot open dataset " + dataset.string());
    const std::uint64_t size = std::filesystem::file_size(dataset);
    const std::uint64_t blocks = size <= sample_bytes ? 1 : sample_bytes / block_bytes;
    const std::uint64_t part = size / blocks;
    SeededStream random(derive_seed(job, "tokenizer"));

    std::vector<std::string> sentences;
    std::string block;
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const std::uint64_t length = blocks == 1 ? size : block_bytes;
        const std::uint64_t offset = i * part + random.below(part - length + 1);
        block.resize(length);
        file.seekg(static_cast<std::streamoff>(offset));
        file.read(block.data(), static_cast<std::streamsize>(length));
        if (!file) return transient_error(fmt::format("cannot read {} bytes of dataset {}", length, dataset.string()));
        append_sentences(block, sentences);
    }
    if (sentences.empty()) return permanent_error(fmt::format("dataset {} holds no UTF-8 text", dataset.string()));
    return sentences;
}

/// The share of the sample's characters that get their own piece: all, or as many of the most common ones as the
/// vocabulary can hold.
double character_coverage(const std::vector<std::string>& sentences, const Preset& preset) {
    std::map<std::string_view, std::uint64_t> counts;
    std::uint64_t total = 0;
    for (const std::string_view sentence : sentences) {
        for (std::size_t begin = 0; begin < sentence.size(); ++total) {
            std::size_t end = begin + 1;
            while (end < sentence.size() && continues_character(sentence[end])) ++end;
            ++counts[sentence.substr(begin, end - begin)];
            begin = end;
        }
    }
    const auto kept_max = static_cast<std::size_t>(characters_share_max * static_cast<double>(preset.vocabulary));
    if (counts.size() <= kept_max) return 1.0;
    std::vector<std::uint64_t> frequencies;
    for (const auto& [character, count] : counts) frequencies.push_back(count);
    std::sort(frequencies.rbegin(), frequencies.rend());
    std::uint64_t kept = 0;
    for (std::size_t i = 0; i < kept_max; ++i) kept += frequencies[i];
    return static_cast<double>(kept) / static_cast<double>(total);
}

std::unordered_map<std::string, std::string> training_options(const Preset& preset, double coverage) {
    return {{"model_type", "unigram"},
            {"vocab_size", std::to_string(preset.vocabulary)},
            {"hard_vocab_limit", "false"},  // a small text has fewer pieces; the others stay unused
            {"byte_fallback", "true"},      // every text can be encoded and comes back unchanged
            {"character_coverage", fmt::format("{:.9f}", coverage)},
            {"normalization_rule_name", "identity"},
            {"remove_extra_whitespaces", "false"},
            {"add_dummy_prefix", "false"},
            {"num_threads", "1"},  // two threads give a different vocabulary
            {"shuffle_input_sentence", "false"},
            {"input_sentence_size", "0"},
            {"minloglevel", "1"}};
}

}  // namespace

Result<std::string> train_tokenizer(const std::filesystem::path& dataset, const JobId& job, const Preset& preset) {
    const Result<std::vector<std::string>> sentences = draw_sample(dataset, job, preset.tokenizer_sample_bytes);
    if (sentences.has_error()) return sentences.error();
    const Result<SentencePieceLibrary*> library = sentencepiece_library();
    if (library.has_error()) return library.error();
    std::string model;
    const std::string error =
        (*library)->train(training_options(preset, character_coverage(*sentences, preset)), *sentences, model);
    if (!error.empty())
        return permanent_error(fmt::format("no tokenizer can be trained on dataset {}: {}", dataset.string(), error));
    return model;
}

Result<Tokenizer> Tokenizer::load(std::string_view model, const Preset& preset) {
    const Result<SentencePieceLibrary*> library = sentencepiece_library();
    if (library.has_error()) return library.error();
    Tokenizer tokenizer;
    const std::string error = (*library)->load(model, tokenizer.encoder_);
    if (!error.empty()) return permanent_error("the tokenizer model cannot be loaded: " + error);
    if (tokenizer.encoder_->piece_count() > preset.vocabulary)
        return permanent_error(fmt::format("the tokenizer has {} pieces; model '{}' has room for {}",
                                           tokenizer.encoder_->piece_count(), preset.name, preset.vocabulary));
    tokenizer.newline_ = tokenizer.encoder_->byte_piece(newline_piece);
    if (tokenizer.newline_ < 0) return permanent_error("the tokenizer has no byte pieces");
    return tokenizer;
}

Result<void> Tokenizer::encode(const TextPiece& piece, std::vector<int>& tokens) const {
    std::vector<int> ids;
    const std::string error = encoder_->encode(piece.text, ids);
    if (!error.empty()) return permanent_error("a line of the dataset cannot be encoded: " + error);
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    if (piece.ends_line) tokens.push_back(newline_);
    return {};
}

Result<std::string> Tokenizer::decode(const std::vector<int>& tokens) const {
    std::string text;
    const std::string error = encoder_->decode(tokens, text);
    if (!error.empty()) return permanent_error("tokens cannot be decoded: " + error);
    return text;
}

}  // namespace emeth::trainer
