// What a request's ComputeOptions mean on this machine.
#pragma once

#include <cstdint>

#include "runtime/result.hpp"
#include "trainer/formats/compute_record.hpp"
#include "trainer/model/model.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

struct Compute {
    at::Device device = at::kCPU;
    Precision precision = Precision::float32;
    std::int64_t micro_batch = 1;  ///< sequences
    std::uint32_t threads = 1;
};

/// How many sequences to compute at once when the node does not say: enough for fast products, not more than fits the
/// caches and a share of `memory` bytes. It depends on its arguments only, so that a resumed run rounds as before.
std::int64_t find_micro_batch(const Preset& preset, Precision precision, std::uint64_t memory);
/// The same for a GPU, which needs more at once. Where its memory turns out too small, step_gradients.hpp halves it.
std::int64_t find_micro_batch_of_gpu(const Preset& preset);

/// Also sets libtorch's number of threads. A permanent Error for a device that is not available.
Result<Compute> resolve_compute(const trainer_protocol::ComputeOptions& options, const Preset& preset);

/// What this process computes with.
ComputeRecord record_of(const Compute& compute);

}  // namespace emeth::trainer
