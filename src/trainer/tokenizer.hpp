// The JOB's tokenizer: a SentencePiece unigram model with byte fallback, trained on a sample that the JOB's seed draws from the
// dataset, by one thread and with fixed options, so that the verifier makes the same one again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/preset.hpp"
#include "trainer/text_reader.hpp"

namespace emeth::trainer {

/// A serialised SentencePiece model.
Result<std::string> train_tokenizer(const std::filesystem::path& dataset, const JobId& job, const Preset& preset);

/// Const members are threadsafe.
class Tokenizer {
public:
    /// `model` as train_tokenizer made it; an Error when it does not fit the preset.
    static Result<Tokenizer> load(const std::string& model, const Preset& preset);
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;
    ~Tokenizer();

    /// Appends the piece's tokens; a line's end is a token, too.
    Result<void> encode(const TextPiece& piece, std::vector<int>& tokens) const;

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::trainer
