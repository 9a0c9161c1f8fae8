#include "trainer/compute.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

namespace emeth::trainer {
namespace {

bool cpu_has_bf16() {
    return __builtin_cpu_supports("avx512bf16") > 0;
}

Precision choose_precision(std::string_view wish, const Preset& preset) {
    if (wish == "auto") return preset.bf16_pays && cpu_has_bf16() ? Precision::bf16 : Precision::float32;
    return wish == "bf16" ? Precision::bf16 : Precision::float32;
}

}  // namespace

Result<Compute> resolve_compute(const trainer_protocol::ComputeOptions& options, const Preset& preset) {
    if (options.device != "cpu")
        return permanent_error(
            fmt::format("device '{}' is not there: this libtorch has no CUDA; set device=cpu", options.device));
    Compute compute;
    compute.precision = choose_precision(options.precision, preset);
    const std::int64_t wish = options.micro_batch == 0 ? preset.micro_batch : options.micro_batch;
    compute.micro_batch = std::min(wish, preset.sequences_per_step);
    compute.threads = options.threads;
    at::set_num_threads(static_cast<int>(options.threads));
    return compute;
}

std::string_view precision_name(Precision precision) {
    return precision == Precision::bf16 ? "bf16" : "float32";
}

}  // namespace emeth::trainer
