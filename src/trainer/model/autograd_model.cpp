#include "trainer/model/autograd_model.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "trainer/model/gpu.hpp"
#include "trainer/model/libtorch_versions.hpp"

namespace emeth::trainer {
namespace {

constexpr double norm_epsilon = 1e-5;
/// Scores exist for this many elements at a time: 4 GB, their gradients included.
constexpr std::int64_t scores_elements_max = std::int64_t{1} << 28;
/// A batch with fewer operations takes a GPU less time than starting its launches one by one.
constexpr double recorded_flops_max = 1e13;
/// A batch is recorded after it was computed this often: libtorch prepares much on first use.
constexpr int computed_before_recording = 3;

struct Affine {
    at::Tensor weight, bias;
};

/// One transformer layer's parameters.
struct Layer {
    Affine norm1, attention_in, attention_out;
    Affine norm2, mlp_in, mlp_out;
};

/// What a recording is of.
struct Shape {
    std::int64_t sequences = 0;
    float gradient_scale = 0;
    friend bool operator==(const Shape&, const Shape&) = default;
};

class AutogradModel final : public Model {
public:
    AutogradModel(const Preset& preset, Precision precision, const ParameterLayout& layout, at::Tensor weights,
                  at::Tensor gradients, std::int64_t sequences_max)
        : preset_(preset),
          compute_type_(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat),
          device_(weights.device()),
          weights_(std::move(weights)),
          gradients_(std::move(gradients)),
          inputs_(at::empty({sequences_max * preset.context}, at::TensorOptions(at::kInt).device(device_))),
          targets_(at::empty({sequences_max * preset.context}, at::TensorOptions(at::kLong).device(device_))),
          loss_sum_(at::zeros({}, at::TensorOptions(at::kDouble).device(device_))),
          tokens_(parameter(layout, "wte.weight")),
          positions_(parameter(layout, "wpe.weight")),
          last_norm_(affine(layout, "ln_f")) {
        for (std::int64_t index = 0; index < preset.layers; ++index) {
            const std::string prefix = "h." + std::to_string(index) + ".";
            layers_.push_back({.norm1 = affine(layout, prefix + "ln_1"),
                               .attention_in = affine(layout, prefix + "attn.c_attn"),
                               .attention_out = affine(layout, prefix + "attn.c_proj"),
                               .norm2 = affine(layout, prefix + "ln_2"),
                               .mlp_in = affine(layout, prefix + "mlp.c_fc"),
                               .mlp_out = affine(layout, prefix + "mlp.c_proj")});
        }
    }

    void weights_changed() override {}  // the parameters are views of them

    void forward_backward(const Batch& batch, float gradient_scale, const GradientsReady&) override {
        upload(batch.inputs, inputs_);
        upload(batch.targets, targets_);
        const Shape shape{batch.sequences, gradient_scale};
        if (recording_.is_recorded() && shape == shape_) return recording_.repeat();
        compute_gradients(shape);
        if (worth_recording(shape)) record(shape);
    }

    double take_loss_sum() override {
        const double sum = loss_sum_.item<double>();
        loss_sum_.zero_();
        return sum;
    }

    bool free_memory() override {
        const bool had_recording = recording_.is_recorded();
        unrecordable_ = unrecordable_ || had_recording;
        recording_.forget();
        shape_ = {};  // what comes now is smaller
        gpu::free_unused_memory();
        return had_recording;
    }

    double loss(const Batch& batch) override {
        const c10::NoGradGuard guard;
        upload(batch.inputs, inputs_);
        upload(batch.targets, targets_);
        const at::Tensor states = last_states(batch_inputs(batch.sequences));
        const at::Tensor table = computed(tokens_);
        double sum = 0;
        for (const auto& [first, rows] : pieces_of_scores(states.size(0)))
            sum += losses(states.narrow(0, first, rows), table, targets_.narrow(0, first, rows)).item<double>();
        return sum;
    }

    at::Tensor logits(const std::vector<std::int32_t>& tokens) override {
        const c10::NoGradGuard guard;
        const at::Tensor inputs = at::tensor(at::ArrayRef<std::int32_t>(tokens)).to(device_, at::kInt);
        const at::Tensor states = last_states(inputs.view({1, -1}));
        return at::matmul(states, computed(tokens_).t()).to(at::kCPU, at::kFloat);
    }

private:
    /// A leaf over the same memory as the flat weights, whose gradient is collected in the flat gradients.
    [[nodiscard]] at::Tensor parameter(const ParameterLayout& layout, const std::string& name) const {
        at::Tensor leaf = layout.view(weights_, "transformer." + name).detach();
        if (!gradients_.defined()) return leaf;
        leaf.set_requires_grad(true);
        leaf.mutable_grad() = layout.view(gradients_, "transformer." + name);
        return leaf;
    }
    [[nodiscard]] Affine affine(const ParameterLayout& layout, const std::string& name) const {
        return {parameter(layout, name + ".weight"), parameter(layout, name + ".bias")};
    }
    [[nodiscard]] at::Tensor computed(const at::Tensor& tensor) const { return tensor.to(compute_type_); }

    /// In the queue behind what still reads `to`.
    void upload(const std::vector<std::int32_t>& values, const at::Tensor& to) const {
        const auto count = static_cast<std::int64_t>(values.size());
        at::Tensor staged = at::empty({count}, at::TensorOptions(to.scalar_type()).pinned_memory(device_.is_cuda()));
        if (to.scalar_type() == at::kInt)
            std::ranges::copy(values, staged.data_ptr<std::int32_t>());
        else
            std::ranges::copy(values, staged.data_ptr<std::int64_t>());
        to.narrow(0, 0, count).copy_(staged, device_.is_cuda());
    }
    [[nodiscard]] at::Tensor batch_inputs(std::int64_t sequences) const {
        return inputs_.narrow(0, 0, sequences * preset_.context).view({sequences, preset_.context});
    }

    [[nodiscard]] at::Tensor norm(const at::Tensor& x, const Affine& norm) const {
        return computed(at::layer_norm(x, {preset_.width}, norm.weight, norm.bias, norm_epsilon));
    }
    [[nodiscard]] at::Tensor product(const at::Tensor& x, const Affine& affine) const {
        return at::addmm(computed(affine.bias), x, computed(affine.weight));
    }
    [[nodiscard]] at::Tensor attention(const at::Tensor& x, const Layer& layer, std::int64_t sequences) const {
        const at::Tensor qkv =
            product(x, layer.attention_in).view({sequences, -1, 3, preset_.heads, preset_.head_width()});
        const at::Tensor parts = qkv.permute({2, 0, 3, 1, 4});
        const at::Tensor attended = libtorch::causal_attention(parts[0], parts[1], parts[2]);
        return product(attended.transpose(1, 2).reshape({-1, preset_.width}), layer.attention_out);
    }

    /// What the scores are made of [rows, width], in the compute type, for `inputs` [sequences, tokens]. The residual
    /// stream between the layers is float32.
    [[nodiscard]] at::Tensor last_states(const at::Tensor& inputs) const {
        const at::Tensor embedded = at::embedding(tokens_, inputs) + positions_.narrow(0, 0, inputs.size(1));
        at::Tensor x = embedded.view({-1, preset_.width});
        for (const Layer& layer : layers_) {
            x = x + attention(norm(x, layer.norm1), layer, inputs.size(0));
            x = x + product(at::gelu(product(norm(x, layer.norm2), layer.mlp_in), "tanh"), layer.mlp_out);
        }
        return norm(x, last_norm_);
    }

    struct Piece {
        std::int64_t first, rows;
    };
    [[nodiscard]] std::vector<Piece> pieces_of_scores(std::int64_t rows) const {
        const std::int64_t rows_max = std::max<std::int64_t>(1, scores_elements_max / preset_.vocabulary);
        std::vector<Piece> pieces;
        for (std::int64_t first = 0; first < rows; first += rows_max)
            pieces.push_back({first, std::min(rows_max, rows - first)});
        return pieces;
    }
    /// The sum of the losses of `states` [rows, width].
    [[nodiscard]] static at::Tensor losses(const at::Tensor& states, const at::Tensor& table,
                                           const at::Tensor& targets) {
        const at::Tensor scores = at::matmul(states, table.t());
        return at::cross_entropy_loss(scores.to(at::kFloat), targets, {}, at::Reduction::Sum);
    }

    /// Scores take more memory than all else, so each piece of them is gone before the next is made.
    void compute_gradients(const Shape& shape) {
        const at::Tensor states = last_states(batch_inputs(shape.sequences));
        const at::Tensor states_gradient = at::zeros_like(states);
        const at::Tensor table = computed(tokens_);
        for (const auto& [first, rows] : pieces_of_scores(states.size(0))) {
            at::Tensor piece = states.detach().narrow(0, first, rows).set_requires_grad(true);
            piece.mutable_grad() = states_gradient.narrow(0, first, rows);
            const at::Tensor sum = losses(piece, table, targets_.narrow(0, first, rows));
            (sum * shape.gradient_scale).backward();
            loss_sum_.add_(sum.detach());
        }
        states.backward(states_gradient);
    }

    [[nodiscard]] bool worth_recording(const Shape& shape) const {
        const auto tokens = static_cast<double>(shape.sequences * preset_.context);
        return device_.is_cuda() && !unrecordable_ && tokens * preset_.flops_per_token() <= recorded_flops_max;
    }
    /// Only the larger of a step's shapes: what is left over for its last batch is computed once a step.
    void record(const Shape& shape) {
        const bool smaller = shape.gradient_scale == shape_.gradient_scale && shape.sequences < shape_.sequences;
        if (smaller) return;
        if (std::exchange(shape_, shape) != shape) {
            recording_.forget();
            times_computed_ = 0;
        }
        if (++times_computed_ < computed_before_recording) return;
        unrecordable_ = !recording_.record([&] { compute_gradients(shape); });
    }

    Preset preset_;
    at::ScalarType compute_type_;
    at::Device device_;
    at::Tensor weights_, gradients_;  // flat
    at::Tensor inputs_, targets_;     // of the batch in hand
    at::Tensor loss_sum_;             // since it was last taken
    at::Tensor tokens_, positions_;
    std::vector<Layer> layers_;
    Affine last_norm_;
    gpu::Recording recording_;
    Shape shape_;  // of the recording, or of what may become one
    int times_computed_ = 0;
    bool unrecordable_ = false;
};

}  // namespace

std::unique_ptr<Model> make_autograd_model(const Preset& preset, Precision precision, const ParameterLayout& layout,
                                           at::Tensor weights, at::Tensor gradients, std::int64_t sequences_max) {
    return std::make_unique<AutogradModel>(preset, precision, layout, std::move(weights), std::move(gradients),
                                           sequences_max);
}

}  // namespace emeth::trainer
