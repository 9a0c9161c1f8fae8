#include "trainer/data/tokenizer.hpp"

#include <fmt/format.h>

#include <unordered_map>

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

}  // namespace

/// SentencePiece is asked first to take the sample as it is. It refuses to leave more than 2% of the characters to byte
/// fallback, and a sample whose sentences all hold a character that it needs itself; that sample is then cut.
Result<std::string> train_tokenizer(const std::filesystem::path& dataset, const JobId& job, const Preset& preset) {
    const Result<std::vector<std::string>> sample = draw_sample(dataset, job, preset);
    if (sample.has_error()) return sample.error();
    const Result<SentencePieceLibrary*> library = sentencepiece_library();
    if (library.has_error()) return library.error();
    std::string model;
    std::string error =
        (*library)->train(training_options(preset, character_coverage(*sample, preset)), *sample, model);
    if (!error.empty())
        error = (*library)->train(training_options(preset, 1.0), parts_of_common_characters(*sample, preset), model);
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
