// A trained model as an artifact's folder holds it, and text from it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "trainer/data/tokenizer.hpp"
#include "trainer/model/model.hpp"

namespace emeth::trainer {

inline constexpr std::size_t prompt_bytes_max = 32 * 1024;

/// Computes in float32, on at::get_num_threads() threads. Not thread-safe.
class LanguageModel {
public:
    /// A folder with config.json, model.safetensors and tokenizer.model. A permanent Error says which file is wrong,
    /// and how; every size is bounded by those of the files before anything is allocated.
    static Result<LanguageModel> open(const std::filesystem::path& folder);

    /// An Error when `text` is empty, longer than prompt_bytes_max, or not UTF-8.
    [[nodiscard]] Result<std::vector<int>> encode(std::string_view text) const;
    [[nodiscard]] Result<std::string> decode(const std::vector<int>& tokens) const;
    /// Whether a token stands for text: not beyond the tokenizer, and no control token.
    [[nodiscard]] bool is_text(int token) const { return tokenizer_->is_text(token); }

    [[nodiscard]] std::int64_t context() const { return preset_.context; }
    /// The scores [tokens, vocabulary] of each token's successor; of at most `context` tokens.
    at::Tensor logits(const std::vector<int>& tokens);

private:
    LanguageModel() = default;

    Preset preset_{};
    std::unique_ptr<Tokenizer> tokenizer_;
    std::unique_ptr<Model> model_;
};

struct Sampling {
    std::uint32_t tokens = 100;
    double temperature = 0.8;  ///< 0: always the likeliest token
    std::uint64_t seed = 1;    ///< the same seed gives the same text, on the same machine
};

/// Continues `prompt` and hands out the text as it is made, whole characters at a time.
Result<void> generate(LanguageModel& model, std::string_view prompt, const Sampling& sampling,
                      const std::function<void(std::string_view)>& out);

}  // namespace emeth::trainer
