#include "trainer/data/tokenizer.hpp"

#include <fmt/format.h>

#include <array>
#include <unordered_map>

#include "crypto/sha256.hpp"
#include "trainer/data/byte_runs.hpp"
#include "trainer/data/sentencepiece_library.hpp"
#include "trainer/data/tokenizer_sample.hpp"

namespace emeth::trainer {
namespace {

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

constexpr std::uint32_t known_words = 4'000, known_words_a_line = 8;
constexpr const char* known_vocabulary = "400";
constexpr const char* known_digest = "0x645028a1904a8478602f12e2c4f9c21b9151905538b3b9528a2e7c940b5097b6";

/// Words of two to five syllables, some of them much more often than others.
std::vector<std::string> known_text() {
    constexpr std::array syllables{"ba", "ne", "ti", "ko", "lu", "sha", "re", "min", "or", "us", "qui", "ven"};
    std::vector<std::string> lines;
    std::uint32_t random = 1;
    for (std::uint32_t word = 0; word < known_words; ++word) {
        if (word % known_words_a_line == 0) lines.emplace_back();
        random = random * 1'664'525 + 1'013'904'223;  // Numerical Recipes' generator
        std::uint32_t choice = random >> 16;
        choice = choice * choice / 65'536 % 3'000;
        for (std::uint32_t part = 0; part < 2 + choice % 4; ++part, choice = choice * 7 / 5 + part)
            lines.back() += syllables[choice % syllables.size()];
        lines.back() += ' ';
    }
    return lines;
}

Result<void> try_sentencepiece() {
    const Result<SentencePieceLibrary*> library = sentencepiece_library();
    if (library.has_error()) return library.error();
    std::string model;
    const std::string error = (*library)->train({{"model_type", "unigram"},
                                                 {"vocab_size", known_vocabulary},
                                                 {"num_threads", "1"},
                                                 {"byte_fallback", "true"},
                                                 {"minloglevel", "1"}},
                                                known_text(), model);
    const Hash256 digest = crypto::sha256(model);
    if (error.empty() && digest.hex() == known_digest) return {};
    return permanent_error(
        fmt::format("this SentencePiece trains other tokenizers than the network's, which are those of version 0.1.97 "
                    "({}): what is trained here would be rejected; build with ./emeth, which fetches that version",
                    error.empty() ? "a known text gave " + digest.hex() : error));
}

}  // namespace

Result<void> check_sentencepiece() {
    static const Result<void> checked = try_sentencepiece();
    return checked;
}

/// SentencePiece is asked first to take the sample as it is. It refuses to leave more than 2% of the characters to byte
/// fallback, and a sample whose sentences all hold a character that it needs itself; that sample is then cut.
Result<std::string> train_tokenizer(const std::filesystem::path& dataset, const JobId& job, const Preset& preset) {
    const Result<std::vector<std::string>> sample = draw_sample(dataset, job, preset);
    if (sample.has_error()) return sample.error();
    if (Result<void> checked = check_sentencepiece(); !checked) return checked.error();
    SentencePieceLibrary* const library = sentencepiece_library().value();
    std::string model;
    std::string error = library->train(training_options(preset, character_coverage(*sample, preset)), *sample, model);
    if (!error.empty())
        error = library->train(training_options(preset, 1.0), parts_of_common_characters(*sample, preset), model);
    if (!error.empty())
        return input_error(fmt::format("no tokenizer can be trained on dataset {}: {}", dataset.string(), error));
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
    for (std::size_t byte = 0; byte < tokenizer.byte_ids_.size(); ++byte) {
        const int id = tokenizer.encoder_->byte_piece(fmt::format("<0x{:02X}>", byte));
        if (id < 0) return permanent_error("the tokenizer has no byte pieces");
        tokenizer.byte_ids_[byte] = id;
    }
    return tokenizer;
}

Result<void> Tokenizer::encode(const TextPiece& piece, std::vector<int>& tokens) const {
    std::vector<int> ids;
    for (std::string_view rest = piece.text; !rest.empty();) {
        const ByteRun run = take_run(rest);
        if (!run.is_text) {
            for (const char byte : run.bytes) tokens.push_back(byte_id(byte));
            continue;
        }
        const std::string error = encoder_->encode(run.bytes, ids);
        if (!error.empty()) return input_error("a line of the dataset cannot be encoded: " + error);
        tokens.insert(tokens.end(), ids.begin(), ids.end());
    }
    if (piece.ends_line) tokens.push_back(byte_id('\n'));
    return {};
}

Result<std::string> Tokenizer::decode(const std::vector<int>& tokens) const {
    std::string text;
    const std::string error = encoder_->decode(tokens, text);
    if (!error.empty()) return permanent_error("tokens cannot be decoded: " + error);
    return text;
}

}  // namespace emeth::trainer
