// How fast this machine trains: the figures of `emeth bench training`.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/result.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Trains `steps` steps of the preset, of `sequences` each (0: the preset's), on random tokens, after two to warm up, and measures the best square matrix
/// product of the same number type and threads. One line of JSON: {"model", "precision", "threads", "micro_batch",
/// "tokens_per_s", "flops_per_token", "gflops", "peak_gflops"}.
Result<std::string> run_benchmark(const std::string& model, const trainer_protocol::ComputeOptions& compute,
                                  std::uint64_t steps, std::uint32_t sequences);

}  // namespace emeth::trainer
