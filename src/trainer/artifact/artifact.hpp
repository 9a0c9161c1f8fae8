// The artifact: a tar of a folder that Hugging Face tools load, with the training log and the manifest beside it.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

#include "runtime/result.hpp"
#include "trainer/artifact/manifest.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/model/parameters.hpp"

namespace emeth::trainer {

struct Artifact {
    Manifest manifest;
    std::string config;           ///< config.json
    std::string tokenizer_model;  ///< tokenizer.model
    std::string training_log;     ///< training_log.jsonl
    at::Tensor weights;           ///< model.safetensors, flat
};

/// config.json as Hugging Face's GPT2LMHeadModel reads it.
std::string model_config(const Preset& preset);

/// Fills in `artifact.manifest.members` and writes the archive. The same content makes the same bytes.
Result<void> write_artifact(const std::filesystem::path& path, const Preset& preset, const ParameterLayout& layout,
                            Artifact artifact);

/// The manifest alone, before anything else of the archive is believed or read.
Result<Manifest> read_artifact_manifest(const std::filesystem::path& path);

/// What the archive holds, each member matching its digest in the manifest. A permanent Error says what is wrong with
/// it. Bounded by preset and plan before anything is read.
Result<Artifact> read_artifact(const std::filesystem::path& path, const ParameterLayout& layout, const Plan& plan);

}  // namespace emeth::trainer
