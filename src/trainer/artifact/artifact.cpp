#include "trainer/artifact/artifact.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>
#include <vector>

#include "crypto/sha256.hpp"
#include "runtime/json_fields.hpp"
#include "trainer/artifact/archive.hpp"
#include "trainer/artifact/safetensors.hpp"
#include "trainer/artifact/training_log.hpp"

namespace emeth::trainer {
namespace {

namespace json = boost::json;

constexpr const char* config_name = "config.json";
constexpr const char* weights_name = "model.safetensors";
constexpr const char* tokenizer_name = "tokenizer.model";
constexpr const char* log_name = "training_log.jsonl";
constexpr const char* manifest_name = "manifest.json";
constexpr std::uint64_t config_bytes_max = 64 * 1024;
constexpr std::uint64_t tokenizer_bytes_max = 16 << 20;

MemberLimits member_limits(const ParameterLayout& layout, const Plan& plan) {
    return {{config_name, config_bytes_max},
            {weights_name, safetensors_bytes_max(layout)},
            {tokenizer_name, tokenizer_bytes_max},
            {log_name, training_log_bytes_max(plan)},
            {manifest_name, manifest_bytes_max}};
}

/// The manifest lists every other member with its digest, and nothing else.
Result<void> require_digests(const std::map<std::string, std::string>& members, const Manifest& manifest) {
    for (const auto& [name, content] : members) {
        if (name == manifest_name) continue;
        const auto claimed = manifest.members.find(name);
        if (claimed == manifest.members.end())
            return permanent_error(fmt::format("manifest.json does not name {}", name));
        if (crypto::sha256(content) != claimed->second)
            return permanent_error(fmt::format("{} does not have the digest that manifest.json gives", name));
    }
    if (manifest.members.size() + 1 != members.size())
        return permanent_error("manifest.json names members that the archive does not hold");
    return {};
}

}  // namespace

std::string model_config(const Preset& preset) {
    const json::object config{{"architectures", json::array{"GPT2LMHeadModel"}},
                              {"model_type", "gpt2"},
                              {"vocab_size", preset.vocabulary},
                              {"n_positions", preset.context},
                              {"n_ctx", preset.context},
                              {"n_embd", preset.width},
                              {"n_layer", preset.layers},
                              {"n_head", preset.heads},
                              {"n_inner", nullptr},
                              {"activation_function", "gelu_new"},
                              {"layer_norm_epsilon", 1e-5},
                              {"initializer_range", 0.02},
                              {"resid_pdrop", 0.0},
                              {"embd_pdrop", 0.0},
                              {"attn_pdrop", 0.0},
                              {"scale_attn_weights", true},
                              {"tie_word_embeddings", true},
                              {"use_cache", true},
                              {"bos_token_id", 1},
                              {"eos_token_id", 2},
                              {"torch_dtype", "float32"}};
    return json_text(config) + "\n";
}

Result<void> write_artifact(const std::filesystem::path& path, const Preset& preset, const ParameterLayout& layout,
                            Artifact artifact) {
    const std::string weights = write_safetensors(layout, artifact.weights);
    std::vector<ArchiveMember> members{{config_name, artifact.config},
                                       {weights_name, weights},
                                       {tokenizer_name, artifact.tokenizer_model},
                                       {log_name, artifact.training_log}};
    artifact.manifest.members.clear();
    for (const ArchiveMember& member : members) artifact.manifest.members[member.name] = crypto::sha256(member.content);
    const std::string manifest = write_manifest(artifact.manifest, preset);
    members.push_back({manifest_name, manifest});
    return write_archive(path, members);
}

Result<Manifest> read_artifact_manifest(const std::filesystem::path& path) {
    const Result<std::string> text = read_archive_member(path, manifest_name, manifest_bytes_max);
    if (text.has_error()) return text.error();
    return read_manifest(*text);
}

Result<Artifact> read_artifact(const std::filesystem::path& path, const ParameterLayout& layout, const Plan& plan) {
    const MemberLimits limits = member_limits(layout, plan);
    Result<std::map<std::string, std::string>> members = read_archive(path, limits);
    if (members.has_error()) return members.error();
    for (const auto& [name, limit] : limits) {
        if (!members->contains(name)) return permanent_error(fmt::format("the archive lacks {}", name));
    }
    Result<Manifest> manifest = read_manifest(members->at(manifest_name));
    if (manifest.has_error()) return manifest.error();
    if (Result<void> digests = require_digests(*members, *manifest); digests.has_error()) return digests.error();
    Result<at::Tensor> weights = read_safetensors(members->at(weights_name), layout);
    if (weights.has_error()) return weights.error();
    return Artifact{.manifest = *std::move(manifest),
                    .config = std::move(members->at(config_name)),
                    .tokenizer_model = std::move(members->at(tokenizer_name)),
                    .training_log = std::move(members->at(log_name)),
                    .weights = *std::move(weights)};
}

}  // namespace emeth::trainer
