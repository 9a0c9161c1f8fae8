#include "trainer/model/compute.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>

#include "runtime/memory_limit.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/model/machine.hpp"

namespace emeth::trainer {
namespace {

bool cpu_has_bf16() {
    return __builtin_cpu_supports("avx512bf16") > 0;
}

Precision choose_precision(std::string_view wish, const Preset& preset, const at::Device& device) {
    if (wish == "auto" && device.is_cuda()) return Precision::bf16;
    if (wish == "auto") return preset.bf16_pays && cpu_has_bf16() ? Precision::bf16 : Precision::float32;
    return wish == "bf16" ? Precision::bf16 : Precision::float32;
}

/// From a quarter to twice this number, speed differs by less than 10% (d256, d512 and gpt2, bench training).
constexpr std::int64_t activation_elements = 1 << 20;
constexpr std::uint64_t memory_share = 4;

constexpr std::int64_t activation_elements_of_gpu = 16 << 20;

/// "cuda" or "cuda:n": the reader of the request has checked it.
Result<at::Device> find_gpu(const std::string& name) {
    if (gpu::is_built_in() && !at::hasCUDA())
        return permanent_error(fmt::format(
            "device '{}' is not available: no GPU and driver are seen; look at nvidia-smi, or set device=cpu", name));
    if (!gpu::is_built_in())
        return permanent_error(
            fmt::format("device '{}' is not available: this libtorch has no CUDA; set device=cpu, or build with "
                        "./emeth build --torch and the folder of one that has",
                        name));
    const at::Device device(name);
    const std::size_t count = at::getNumGPUs();
    const auto index = static_cast<std::size_t>(device.has_index() ? device.index() : 0);
    if (index >= count)
        return permanent_error(
            fmt::format("device '{}' is not available: libtorch sees {} GPUs; set device=cpu or cuda:n "
                        "with a smaller n",
                        name, count));
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

Result<at::Device> find_device(const std::string& name) {
    if (name == "cpu" || (name == "auto" && at::getNumGPUs() == 0)) return at::Device(at::kCPU);
    return find_gpu(name == "auto" ? "cuda" : name);
}

}  // namespace

std::int64_t find_micro_batch(const Preset& preset, Precision precision, std::uint64_t memory) {
    const std::int64_t filling = activation_elements / (preset.width * preset.context);
    std::int64_t sequences = std::clamp<std::int64_t>(filling, 1, preset.sequences_per_step);
    while (sequences > 1 && activation_bytes(preset, precision, sequences) > memory / memory_share) sequences /= 2;
    return sequences;
}

std::int64_t find_micro_batch_of_gpu(const Preset& preset) {
    return std::clamp<std::int64_t>(activation_elements_of_gpu / (preset.width * preset.context), 1,
                                    preset.sequences_per_step);
}

Result<Compute> resolve_compute(const trainer_protocol::ComputeOptions& options, const Preset& preset) {
    const Result<at::Device> device = find_device(options.device);
    if (device.has_error()) return device.error();
    Compute compute;
    compute.device = *device;
    compute.precision = choose_precision(options.precision, preset, *device);
    const auto found = [&] {
        return device->is_cuda() ? find_micro_batch_of_gpu(preset)
                                 : find_micro_batch(preset, compute.precision, memory_limit());
    };
    const std::int64_t wish = options.micro_batch == 0 ? found() : options.micro_batch;
    compute.micro_batch = std::min(wish, preset.sequences_per_step);
    compute.threads = options.threads;
    // libtorch would also start new threads of a pool that nothing here uses. For a while they spin, beside those that
    // compute.
    if (const auto threads = static_cast<int>(options.threads); at::get_num_threads() != threads)
        at::set_num_threads(threads);
    return compute;
}

ComputeRecord record_of(const Compute& compute) {
    return {.precision = compute.precision,
            .device = compute.device.is_cpu() ? "cpu" : "cuda",
            .threads = compute.threads,
            .micro_batch = compute.micro_batch,
            .libraries = compute.device.is_cpu()
                             ? library_description()
                             : fmt::format("libtorch {}, {}", TORCH_VERSION, gpu::description(compute.device))};
}

}  // namespace emeth::trainer
