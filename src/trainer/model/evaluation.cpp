#include "trainer/model/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "trainer/model/gpu.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t sequences_at_once = 8;

}  // namespace

Batch read_batch(const TokenFile& tokens, const Preset& preset, std::span<const std::uint64_t> windows) {
    const auto context = static_cast<std::size_t>(preset.context);
    Batch batch;
    batch.sequences = static_cast<std::int64_t>(windows.size());
    batch.inputs.resize(windows.size() * context);
    batch.targets.resize(windows.size() * context);
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const std::uint64_t first = windows[i] * context;
        tokens.copy(first, std::span(batch.inputs).subspan(i * context, context));
        tokens.copy(first + 1, std::span(batch.targets).subspan(i * context, context));
    }
    return batch;
}

double mean_loss(const Preset& preset, const ParameterLayout& layout, const at::Tensor& weights,
                 const at::Device& device, const TokenFile& tokens, std::span<const std::uint64_t> windows) {
    gpu::prepare(device);
    const std::unique_ptr<Model> model =
        make_model(preset, Precision::float32, layout, weights.to(device), at::Tensor(), sequences_at_once);
    double sum = 0;
    for (std::size_t first = 0; first < windows.size(); first += sequences_at_once)
        sum += model->loss(
            read_batch(tokens, preset, windows.subspan(first, std::min(sequences_at_once, windows.size() - first))));
    return sum / static_cast<double>(windows.size() * static_cast<std::size_t>(preset.context));
}

}  // namespace emeth::trainer
