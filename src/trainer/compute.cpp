#include "trainer/compute.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

#include "runtime/memory_limit.hpp"

namespace emeth::trainer {
namespace {

bool cpu_has_bf16() {
    return __builtin_cpu_supports("avx512bf16") > 0;
}

Precision choose_precision(std::string_view wish, const Preset& preset) {
    if (wish == "auto") return preset.bf16_pays && cpu_has_bf16() ? Precision::bf16 : Precision::float32;
    return wish == "bf16" ? Precision::bf16 : Precision::float32;
}

/// Speed is flat, within 10%, from a quarter of this to its double (d256, d512 and gpt2, bench training).
constexpr std::int64_t activation_elements = 1 << 20;
constexpr std::uint64_t memory_share = 4;

Error no_such_device(const std::string& device) {
    if (at::hasCUDA())
        return permanent_error(
            fmt::format("device '{}' cannot be used: emeth-trainer computes on the CPU only; set device=cpu", device));
    return permanent_error(fmt::format("device '{}' is not there: this libtorch has no CUDA; set device=cpu", device));
}

}  // namespace

std::int64_t find_micro_batch(const Preset& preset, Precision precision, std::uint64_t memory) {
    const std::int64_t filling = activation_elements / (preset.width * preset.context);
    std::int64_t sequences = std::clamp<std::int64_t>(filling, 1, preset.sequences_per_step);
    while (sequences > 1 && activation_bytes(preset, precision, sequences) > memory / memory_share) sequences /= 2;
    return sequences;
}

Result<Compute> resolve_compute(const trainer_protocol::ComputeOptions& options, const Preset& preset) {
    if (options.device != "cpu") return no_such_device(options.device);
    Compute compute;
    compute.precision = choose_precision(options.precision, preset);
    const std::int64_t wish = options.micro_batch == 0 ? find_micro_batch(preset, compute.precision, memory_limit())
                                                       : options.micro_batch;
    compute.micro_batch = std::min(wish, preset.sequences_per_step);
    compute.threads = options.threads;
    at::set_num_threads(static_cast<int>(options.threads));
    return compute;
}

std::string_view precision_name(Precision precision) {
    return precision == Precision::bf16 ? "bf16" : "float32";
}

}  // namespace emeth::trainer
