// The JOB's tokenizer: a SentencePiece unigram model with byte fallback, trained on a sample that the JOB's seed draws
// from the dataset, on one thread and with fixed options, so that the verifier can reproduce it. Each version of
// SentencePiece trains other tokenizers (0.1.97 and 0.2.0 differ in every one that has to leave pieces out), so the
// version is part of the network's rules.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/data/sentencepiece_library.hpp"
#include "trainer/data/text_reader.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

/// Whether this machine's SentencePiece trains the network's tokenizers; tried once, on a text made by a formula. A
/// permanent Error says what to do.
Result<void> check_sentencepiece();

/// A serialised SentencePiece model. Any dataset has one, even one without text.
Result<std::string> train_tokenizer(const std::filesystem::path& dataset, const JobId& job, const Preset& preset);

/// Const members are thread-safe.
class Tokenizer {
public:
    /// `model` as train_tokenizer made it; an Error when it does not fit the preset.
    static Result<Tokenizer> load(std::string_view model, const Preset& preset);

    /// Appends the tokens of a piece, whose bytes may be any: what is not well-formed UTF-8 becomes a token a byte. The
    /// end of a line is a token, too.
    Result<void> encode(const TextPiece& piece, std::vector<int>& tokens) const;
    /// The text of tokens that are all text.
    [[nodiscard]] Result<std::string> decode(const std::vector<int>& tokens) const;
    /// Whether a token stands for text. False for control tokens and ids beyond the vocabulary.
    [[nodiscard]] bool is_text(int token) const { return encoder_->is_text(token); }

private:
    Tokenizer() = default;
    [[nodiscard]] int byte_id(char byte) const { return byte_ids_[static_cast<unsigned char>(byte)]; }

    std::unique_ptr<PieceEncoder> encoder_;
    std::array<int, 256> byte_ids_{};
};

}  // namespace emeth::trainer
