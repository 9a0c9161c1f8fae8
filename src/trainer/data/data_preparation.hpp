// The room of the data: what follows from a dataset, the JOB's id and the preset before anything is trained. Text, the
// tokenizer, the tokens on disk, seeds, and the plan of which windows make which step. No torch, no weights.
//
// This header: from a dataset to its tokenizer and tokens, kept in a folder. Files that are there and complete are
// used; the others are made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/data/token_file.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

struct PreparedData {
    std::string tokenizer_model;
    Hash256 tokenizer_sha256;
    TokenFile tokens;
    std::uint64_t dataset_bytes;

    [[nodiscard]] DatasetSize size() const { return {dataset_bytes, tokens.count()}; }
};

/// The same on every machine for one dataset, JOB id and preset. A transient Error when the dataset's digest differs.
Result<PreparedData> prepare_data(const std::filesystem::path& dataset, const Hash256& dataset_sha256,
                                  const std::filesystem::path& folder, const JobId& job, const Preset& preset,
                                  std::uint32_t threads, Reporter& reporter);

}  // namespace emeth::trainer
