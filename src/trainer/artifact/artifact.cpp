#include "trainer/artifact/artifact.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>
#include <vector>

#include "crypto/sha256.hpp"
#include "runtime/json_fields.hpp"
#include "trainer/artifact/safetensors.hpp"
#include "trainer/formats/archive.hpp"
#include "trainer/formats/training_log.hpp"

namespace emeth::trainer {
namespace {

namespace json = boost::json;

constexpr const char* config_name = "config.json";
constexpr const char* weights_name = "model.safetensors";
constexpr const char* tokenizer_name = "tokenizer.model";
constexpr const char* log_name = "training_log.jsonl";
constexpr const char* manifest_name = "manifest.json";
constexpr std::uint64_t config_bytes_max = 4'096;

/// The training log is read while it streams by; its losses and digest stay.
struct StreamedLog {
    TrainingLogReader reader;
    crypto::Sha256 digest;

    Result<void> take(std::string_view piece) {
        digest.update(piece);
        return reader.take(piece);
    }
};

MemberRules member_rules(const ArtifactTerms& terms, const ManifestBounds& bounds, StreamedLog& log) {
    const MemberSink take_log = [&log](std::string_view piece) { return log.take(piece); };
    return {{config_name, {.bytes_max = config_bytes_max}},
            {weights_name, {.bytes_max = safetensors_bytes_max(terms.layout)}},
            {tokenizer_name, {.bytes_max = terms.tokenizer_bytes}},
            {log_name, {.bytes_max = training_log_bytes_max(terms.plan), .sink = take_log}},
            {manifest_name, {.bytes_max = bounds.bytes_max()}}};
}

using Digests = std::map<std::string, Hash256>;

/// Of all members that the manifest lists.
Digests digests_of(const std::map<std::string, std::string>& members, StreamedLog& log) {
    Digests digests;
    for (const auto& [name, content] : members)
        if (name != manifest_name && name != log_name) digests[name] = crypto::sha256(content);
    digests[log_name] = log.digest.finish();
    return digests;
}

/// The manifest lists every other member with its digest, and nothing else.
Result<void> require_digests(const Digests& digests, const Manifest& manifest) {
    for (const auto& [name, digest] : digests) {
        const auto claimed = manifest.members.find(name);
        if (claimed == manifest.members.end())
            return permanent_error(fmt::format("manifest.json does not name {}", name));
        if (digest != claimed->second)
            return permanent_error(fmt::format("{} does not have the digest that manifest.json gives", name));
    }
    if (manifest.members.size() != digests.size())
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

Result<void> write_artifact(const std::filesystem::path& path, const ArtifactTerms& terms, Artifact artifact) {
    const std::string weights = write_safetensors(terms.layout, artifact.weights);
    const std::string log = write_training_log(terms.preset, terms.plan, artifact.losses);
    std::vector<ArchiveMember> members{{config_name, artifact.config},
                                       {weights_name, weights},
                                       {tokenizer_name, artifact.tokenizer_model},
                                       {log_name, log}};
    artifact.manifest.members.clear();
    for (const ArchiveMember& member : members) artifact.manifest.members[member.name] = crypto::sha256(member.content);
    const std::string manifest = write_manifest(artifact.manifest, terms.preset);
    members.push_back({manifest_name, manifest});
    return write_archive(path, members);
}

Result<Manifest> read_artifact_manifest(const std::filesystem::path& path, const ManifestBounds& bounds) {
    const Result<std::string> text = read_archive_member(path, manifest_name, bounds.bytes_max());
    if (text.has_error()) return text.error();
    return read_manifest(*text, bounds);
}

Result<Artifact> read_artifact(const std::filesystem::path& path, const ArtifactTerms& terms,
                               const ManifestBounds& bounds) {
    StreamedLog log{.reader = TrainingLogReader(terms.preset, terms.plan), .digest = {}};
    const MemberRules rules = member_rules(terms, bounds, log);
    Result<std::map<std::string, std::string>> members = read_archive(path, rules);
    if (members.has_error()) return members.error();
    for (const auto& [name, rule] : rules) {
        if (!members->contains(name)) return permanent_error(fmt::format("the archive lacks {}", name));
    }
    Result<Manifest> manifest = read_manifest(members->at(manifest_name), bounds);
    if (manifest.has_error()) return manifest.error();
    if (Result<void> digests = require_digests(digests_of(*members, log), *manifest); digests.has_error())
        return digests.error();
    Result<std::vector<float>> losses = log.reader.finish();
    if (losses.has_error()) return losses.error();
    Result<at::Tensor> weights = read_safetensors(members->at(weights_name), terms.layout);
    if (weights.has_error()) return weights.error();
    return Artifact{.manifest = *std::move(manifest),
                    .config = std::move(members->at(config_name)),
                    .tokenizer_model = std::move(members->at(tokenizer_name)),
                    .losses = *std::move(losses),
                    .weights = *std::move(weights)};
}

}  // namespace emeth::trainer
