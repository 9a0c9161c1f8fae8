#include "trainer/model/parameters.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "trainer/data/seed.hpp"

namespace emeth::trainer {
namespace {

constexpr double embedding_deviation = 0.02;

}  // namespace

ParameterLayout::ParameterLayout(const Preset& preset) {
    const std::int64_t d = preset.width;
    const double narrow = embedding_deviation;
    // Each layer adds two branches to the residual stream; GPT-2 shrinks their output so its variance does not grow.
    const double branch = narrow / std::sqrt(2.0 * static_cast<double>(preset.layers));
    add("transformer.wte.weight", {preset.vocabulary, d}, narrow, 0);
    add("transformer.wpe.weight", {preset.context, d}, narrow, 0);
    for (std::int64_t layer = 0; layer < preset.layers; ++layer) {
        const std::string prefix = fmt::format("transformer.h.{}.", layer);
        add(prefix + "ln_1.weight", {d}, 0, 1);
        add(prefix + "ln_1.bias", {d}, 0, 0);
        add(prefix + "attn.c_attn.weight", {d, 3 * d}, narrow, 0);
        add(prefix + "attn.c_attn.bias", {3 * d}, 0, 0);
        add(prefix + "attn.c_proj.weight", {d, d}, branch, 0);
        add(prefix + "attn.c_proj.bias", {d}, 0, 0);
        add(prefix + "ln_2.weight", {d}, 0, 1);
        add(prefix + "ln_2.bias", {d}, 0, 0);
        add(prefix + "mlp.c_fc.weight", {d, 4 * d}, narrow, 0);
        add(prefix + "mlp.c_fc.bias", {4 * d}, 0, 0);
        add(prefix + "mlp.c_proj.weight", {4 * d, d}, branch, 0);
        add(prefix + "mlp.c_proj.bias", {d}, 0, 0);
    }
    add("transformer.ln_f.weight", {d}, 0, 1);
    add("transformer.ln_f.bias", {d}, 0, 0);
}

void ParameterLayout::add(std::string name, std::vector<std::int64_t> shape, double initial_deviation,
                          double initial_value) {
    const std::int64_t count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
    const bool is_matrix = shape.size() > 1;
    parameters_.push_back(
        {std::move(name), std::move(shape), count_, count, is_matrix, initial_deviation, initial_value});
    count_ += count;
}

at::Tensor ParameterLayout::view(const at::Tensor& flat, const std::string& name) const {
    const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](const Parameter& parameter) { return parameter.name == name; });
    if (found == parameters_.end()) throw std::out_of_range("no parameter is called " + name);
    return flat.narrow(0, found->offset, found->count).view(found->shape);
}

at::Tensor initial_weights(const ParameterLayout& layout, const JobId& job) {
    at::Tensor weights = at::empty({layout.count()}, at::kFloat);
    SeededStream random(derive_seed(job, "weights"));
    for (const Parameter& parameter : layout.parameters()) {
        float* values = weights.data_ptr<float>() + parameter.offset;
        std::generate_n(values, parameter.count, [&] {
            return static_cast<float>(parameter.initial_deviation > 0 ? parameter.initial_deviation * random.normal()
                                                                      : parameter.initial_value);
        });
    }
    return weights;
}

}  // namespace emeth::trainer
