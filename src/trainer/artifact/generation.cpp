#include "trainer/artifact/generation.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"
#include "trainer/artifact/safetensors.hpp"
#include "trainer/data/seed.hpp"
#include "trainer/model/parameters.hpp"

namespace emeth::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t config_bytes_max = 64 * 1024;
constexpr std::uint64_t tokenizer_bytes_max = 16 << 20;
// Above the largest GPT-2, which has 1.6 billion weights.
constexpr std::uint64_t width_max = 4'096;
constexpr std::uint64_t layers_max = 96;
constexpr std::uint64_t context_max = 2'048;
constexpr std::uint64_t vocabulary_max = 1 << 18;
constexpr std::int64_t weights_max = 2'000'000'000;
constexpr double norm_epsilon = 1e-5;
/// What SentencePiece writes for bytes that do not make a character yet.
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

Result<std::string> read_member(const fs::path& folder, const char* name, std::uint64_t bytes_max) {
    Result<std::string> content = read_file(folder / name, bytes_max);
    if (!content)
        return permanent_error(
            fmt::format("{}; the folder of a model holds config.json, model.safetensors and "
                        "tokenizer.model (an artifact is such a folder: tar -xf artifact.tar -C {})",
                        content.error().message, folder.string()));
    return content;
}

/// The shape that config.json describes, with Hugging Face's defaults.
Result<Preset> read_config(const std::string& text) {
    const Result<boost::json::value> json = parse_json(text, config_bytes_max, "config.json");
    if (json.has_error()) return json.error();
    JsonObject config(*json, "config.json");
    if (config.string("model_type", 64) != "gpt2") config.reject("model_type", "\"gpt2\"");
    Preset preset{};
    preset.name = "artifact";
    preset.width = static_cast<std::int64_t>(config.u64("n_embd", 1, width_max));
    preset.layers = static_cast<std::int64_t>(config.u64("n_layer", 1, layers_max));
    preset.heads = static_cast<std::int64_t>(config.u64("n_head", 1, width_max));
    preset.context = static_cast<std::int64_t>(config.u64("n_positions", 1, context_max));
    preset.vocabulary = static_cast<std::int64_t>(config.u64("vocab_size", 1, vocabulary_max));
    if (config.optional_string("activation_function", 64).value_or("gelu_new") != "gelu_new")
        config.reject("activation_function", "\"gelu_new\"");
    if (config.optional_number("layer_norm_epsilon").value_or(norm_epsilon) != norm_epsilon)
        config.reject("layer_norm_epsilon", "0.00001");
    if (!config.optional_boolean("tie_word_embeddings").value_or(true)) config.reject("tie_word_embeddings", "true");
    if (config.has("n_inner")) config.reject("n_inner", "null: four times n_embd");
    if (Result<void> check = config.check(); check.has_error()) return check.error();
    if (preset.width % preset.heads != 0)
        return permanent_error(fmt::format("config.json: n_embd is {}, which {} heads (n_head) do not divide",
                                           preset.width, preset.heads));
    return preset;
}

Result<at::Tensor> read_weights(const fs::path& folder, const ParameterLayout& layout) {
    if (layout.count() > weights_max)
        return permanent_error(fmt::format("config.json describes a model of {} weights; at most {} are accepted",
                                           layout.count(), weights_max));
    const Result<std::string> file = read_member(folder, "model.safetensors", safetensors_bytes_max(layout));
    if (file.has_error()) return file.error();
    return read_safetensors(*file, layout);
}

/// Draws a token by its probability. Turns the scores into probabilities.
int draw(const LanguageModel& model, at::Tensor scores, double temperature, SeededStream& random) {
    float* score = scores.data_ptr<float>();
    const auto count = static_cast<int>(scores.numel());
    for (int i = 0; i < count; ++i)
        if (!model.is_text(i)) score[i] = -INFINITY;
    const auto likeliest = static_cast<int>(std::max_element(score, score + count) - score);
    if (temperature == 0) return likeliest;
    const float maximum = score[likeliest];
    double sum = 0;
    for (int i = 0; i < count; ++i) {
        score[i] = static_cast<float>(std::exp((score[i] - maximum) / temperature));
        sum += score[i];
    }
    double left = random.unit() * sum;
    for (int i = 0; i < count; ++i) {
        left -= score[i];
        if (left <= 0 && score[i] > 0) return i;
    }
    return likeliest;
}

/// How much of `text` will not change when tokens are added: all but an unfinished character at its end.
std::size_t settled_bytes(std::string_view text) {
    while (text.ends_with(replacement_character)) text.remove_suffix(replacement_character.size());
    return text.size();
}

}  // namespace

Result<LanguageModel> LanguageModel::open(const fs::path& folder) {
    if (!fs::is_directory(folder))
        return permanent_error(folder.string() + " is not a folder; name the one that holds config.json");
    LanguageModel model;
    const Result<std::string> config = read_member(folder, "config.json", config_bytes_max);
    if (config.has_error()) return config.error();
    const Result<Preset> preset = read_config(*config);
    if (preset.has_error()) return preset.error();
    model.preset_ = *preset;
    const Result<std::string> pieces = read_member(folder, "tokenizer.model", tokenizer_bytes_max);
    if (pieces.has_error()) return pieces.error();
    Result<Tokenizer> tokenizer = Tokenizer::load(*pieces, *preset);
    if (tokenizer.has_error()) return tokenizer.error();
    model.tokenizer_ = std::make_unique<Tokenizer>(*std::move(tokenizer));
    const ParameterLayout layout(*preset);
    Result<at::Tensor> weights = read_weights(folder, layout);
    if (weights.has_error()) return weights.error();
    model.model_ = make_model(*preset, Precision::float32, layout, *weights, at::Tensor(), 1);
    return model;
}

Result<std::vector<int>> LanguageModel::encode(std::string_view text) const {
    if (text.empty()) return permanent_error("the prompt is empty; give the model a word to continue");
    if (text.size() > prompt_bytes_max)
        return permanent_error(
            fmt::format("the prompt has {} bytes; at most {} are accepted", text.size(), prompt_bytes_max));
    if (!is_utf8(text)) return permanent_error("the prompt is not UTF-8 text");
    std::vector<int> tokens;
    while (!text.empty()) {
        const TextPiece piece = take_piece(text);
        if (Result<void> encoded = tokenizer_->encode(piece, tokens); encoded.has_error()) return encoded.error();
    }
    return tokens;
}

Result<std::string> LanguageModel::decode(const std::vector<int>& tokens) const {
    return tokenizer_->decode(tokens);
}

at::Tensor LanguageModel::logits(const std::vector<int>& tokens) {
    return model_->logits({tokens.begin(), tokens.end()});
}

Result<void> generate(LanguageModel& model, std::string_view prompt, const Sampling& sampling,
                      const std::function<void(std::string_view)>& out) {
    Result<std::vector<int>> tokens = model.encode(prompt);
    if (tokens.has_error()) return tokens.error();
    const std::size_t prompt_tokens = tokens->size();
    SeededStream random(crypto::sha256(fmt::format("emeth/generate/1/{}", sampling.seed)));
    std::size_t written = 0;
    for (std::uint32_t i = 0; i < sampling.tokens; ++i) {
        const auto seen = std::min<std::size_t>(tokens->size(), static_cast<std::size_t>(model.context()));
        const at::Tensor scores = model.logits({tokens->end() - static_cast<std::ptrdiff_t>(seen), tokens->end()});
        tokens->push_back(draw(model, scores.select(0, scores.size(0) - 1), sampling.temperature, random));
        const Result<std::string> text =
            model.decode({tokens->begin() + static_cast<std::ptrdiff_t>(prompt_tokens), tokens->end()});
        if (text.has_error()) return text.error();
        const bool last = i + 1 == sampling.tokens;
        const std::size_t settled = last ? text->size() : settled_bytes(*text);
        if (settled > written) out(std::string_view(*text).substr(written, settled - written));
        written = std::max(written, settled);
    }
    return {};
}

}  // namespace emeth::trainer
