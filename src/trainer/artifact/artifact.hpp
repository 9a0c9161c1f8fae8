// The room of the artifact: what a finished JOB delivers, and how each of its files is written and read. Readers trust
// nothing: every size and field is bounded. It knows the model, not how it is trained.
//
// This header: the whole artifact, a tar of a folder that Hugging Face tools load, plus training log and manifest.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/formats/manifest.hpp"
#include "trainer/model/parameters.hpp"

namespace emeth::trainer {

struct Artifact {
    Manifest manifest;
    std::string config;           ///< config.json
    std::string tokenizer_model;  ///< tokenizer.model
    std::vector<float> losses;    ///< training_log.jsonl: of each step
    at::Tensor weights;           ///< model.safetensors, flat
};

/// config.json as Hugging Face's GPT2LMHeadModel reads it.
std::string model_config(const Preset& preset);

/// What a JOB's artifact is made of, and so how large each of its members may be.
struct ArtifactTerms {
    const Preset& preset;
    const ParameterLayout& layout;
    const Plan& plan;
    std::uint64_t tokenizer_bytes = 0;  ///< of the tokenizer that JOB and dataset give
};

/// Fills in `artifact.manifest.members` and writes the archive. The same content makes the same bytes.
Result<void> write_artifact(const std::filesystem::path& path, const ArtifactTerms& terms, Artifact artifact);

/// The manifest, before anything else in the archive is read.
Result<Manifest> read_artifact_manifest(const std::filesystem::path& path, const ManifestBounds& bounds);

/// The content of the archive; each member matches its digest in the manifest. A permanent Error says what is wrong.
/// Terms and bounds limit every size before anything is read.
Result<Artifact> read_artifact(const std::filesystem::path& path, const ArtifactTerms& terms,
                               const ManifestBounds& bounds);

}  // namespace emeth::trainer
