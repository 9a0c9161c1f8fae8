// The room of the model: the network, its weights and gradients, the kernels that compute them, and the optimiser. It
// takes batches of tokens and knows nothing of JOBs' files, checkpoints or other trainers.
//
// This header: GPT-2 with learned positions, layer norms in front, GELU (tanh), and an output head that is the token
// embedding. Forward and backward are written out over preallocated activations; matrix products are oneDNN's
// (products.hpp), everything else is in kernels.hpp.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "trainer/formats/precision.hpp"
#include "trainer/model/parameters.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

/// Windows one after the other: inputs[i] is followed by targets[i] in the text. Both hold sequences · context tokens.
struct Batch {
    std::int64_t sequences = 0;
    std::vector<std::int32_t> inputs;
    std::vector<std::int32_t> targets;
};

/// The gradients from element `first` of the flat array on are complete.
using GradientsReady = std::function<void(std::int64_t first)>;

/// Not thread-safe; uses at::get_num_threads() threads.
class Model {
public:
    virtual ~Model() = default;
    /// To be called after each change of the weights: refreshes what was derived from them.
    virtual void weights_changed() = 0;
    /// gradients += gradient_scale · d(sum of the tokens' losses)/d(weights). A GPU may still be computing when it
    /// returns; what uses the gradients there is queued behind it. `ready`, unless empty, is told again and again, from
    /// the end to the beginning, which of them this batch will not change any more; a GPU does not tell. It is not told
    /// of the last ones.
    virtual void forward_backward(const Batch& batch, float gradient_scale, const GradientsReady& ready) = 0;
    /// The sum of the losses (nats) of all tokens since it was last taken. Waits for a GPU.
    virtual double take_loss_sum() = 0;
    /// After forward_backward() found too little memory: gives back what can be done without. True when that may be
    /// enough for the same batch.
    virtual bool free_memory() { return false; }
    /// Only the sum of the tokens' losses.
    virtual double loss(const Batch& batch) = 0;
    /// The scores [tokens, vocabulary], float32, of what follows each of `tokens`: 1 to `context` of them.
    virtual at::Tensor logits(const std::vector<std::int32_t>& tokens) = 0;
};

/// What the model allocates for batches of this size, in bytes; bf16's copy of the weights does not count.
std::uint64_t activation_bytes(const Preset& preset, Precision precision, std::int64_t sequences_max);

/// `weights` and `gradients` are flat float32 arrays of `layout`; the model refers to them. Without gradients (an
/// undefined tensor) only loss() and logits() may be called. With bf16 it computes with a bfloat16 copy of the weights.
/// No batch may have more than `sequences_max` sequences. Where the weights are on another device than the CPU, it is
/// autograd_model.hpp's.
std::unique_ptr<Model> make_model(const Preset& preset, Precision precision, const ParameterLayout& layout,
                                  at::Tensor weights, at::Tensor gradients, std::int64_t sequences_max);

}  // namespace emeth::trainer
