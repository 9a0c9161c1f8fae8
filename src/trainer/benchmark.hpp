// How fast this machine trains: the figures of `emeth bench training`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "runtime/result.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Trains `steps` steps of the preset, of `sequences` each (0: the preset's), on tokens made by a formula, after two to
/// warm up, and measures the best square matrix product of the same number type and threads. One line of JSON:
/// {"model", "shape", "steps", "precision", "device", "threads", "micro_batch", "first_loss", "tokens_per_s",
/// "flops_per_token", "gflops", "peak_gflops", "checkpoint_s" (copied and written into `folder`),
/// "checkpoint_interval_s"}.
Result<std::string> run_benchmark(const std::string& model, const trainer_protocol::ComputeOptions& compute,
                                  std::uint64_t steps, std::uint32_t sequences, const std::filesystem::path& folder);

/// Trains a tokenizer on the sample of `folder`/dataset that the preset takes, saves it as tokenizer.model, and encodes
/// the dataset into tokens.bin. {"tokenizer_s", "tokens_s", "dataset_bytes", "tokens", "mb_per_s" of encoding}.
Result<std::string> run_token_benchmark(const std::string& model, const std::filesystem::path& folder,
                                        std::uint32_t threads);

}  // namespace emeth::trainer
