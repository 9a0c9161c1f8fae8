// All weights of a model as one flat float32 array: optimiser, checkpoint, digest and cast are one pass over it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "statemachine/types.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

/// Named and shaped as in Hugging Face's GPT2LMHeadModel: matrices are [in, out]. The output head is the token
/// embedding.
struct Parameter {
    std::string name;
    std::vector<std::int64_t> shape;
    std::int64_t offset = 0;  ///< in floats
    std::int64_t count = 0;
    bool decays = false;           ///< weight decay: matrices only
    double initial_deviation = 0;  ///< of the normal distribution it starts from
    double initial_value = 0;      ///< without a distribution: 1 for the gain of a norm, 0 for biases
};

class ParameterLayout {
public:
    explicit ParameterLayout(const Preset& preset);
    [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
    [[nodiscard]] std::int64_t count() const { return count_; }
    /// The part of a flat array that belongs to `name`, in its shape. Throws std::out_of_range on an unknown name.
    [[nodiscard]] at::Tensor view(const at::Tensor& flat, const std::string& name) const;

private:
    void add(std::string name, std::vector<std::int64_t> shape, double initial_deviation, double initial_value);

    std::vector<Parameter> parameters_;
    std::int64_t count_ = 0;
};

/// A new flat array with the weights that the JOB's training starts from.
at::Tensor initial_weights(const ParameterLayout& layout, const JobId& job);

}  // namespace emeth::trainer
