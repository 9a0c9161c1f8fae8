// What a GPU's memory does not hold is computed in smaller batches, and nothing counts twice.
#include "trainer/model/step_gradients.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace emeth::trainer {
namespace {

using ::testing::ElementsAre;

/// Adds a batch's sequences to the gradient, one by one; fails in the middle of a batch that is too large.
class SmallModel final : public Model {
public:
    SmallModel(at::Tensor gradients, std::int64_t sequences_max)
        : gradients_(std::move(gradients)), sequences_max_(sequences_max) {}
    void weights_changed() override {}
    void forward_backward(const Batch& batch, float) override {
        for (std::int64_t done = 0; done < batch.sequences; ++done) {
            if (done == sequences_max_) TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory");
            gradients_.add_(1);
            ++loss_sum_;
        }
        batches.push_back(batch.sequences);
    }
    double take_loss_sum() override { return std::exchange(loss_sum_, 0); }
    void free_memory() override { ++freed; }
    double loss(const Batch&) override { return 0; }
    at::Tensor logits(const std::vector<std::int32_t>&) override { return {}; }

    std::vector<std::int64_t> batches;
    int freed = 0;

private:
    at::Tensor gradients_;
    std::int64_t sequences_max_;
    double loss_sum_ = 0;
};

Batch batch_of(std::size_t, std::size_t count) {
    return {static_cast<std::int64_t>(count), {}, {}};
}

TEST(StepGradients, HalveTheBatchesUntilTheyFit) {
    at::Tensor gradients = at::full({1}, 99, at::kFloat);
    SmallModel model(gradients, 3);
    std::int64_t micro_batch = 10;
    EXPECT_EQ(share_gradients(model, gradients, {4, 15}, 1, micro_batch, batch_of), 11);
    EXPECT_EQ(gradients.item<float>(), 11);
    EXPECT_EQ(micro_batch, 2);
    EXPECT_THAT(model.batches, ElementsAre(2, 2, 2, 2, 2, 1));
    EXPECT_EQ(model.freed, 2);
}

TEST(StepGradients, GiveUpWhereOneSequenceIsTooMuch) {
    at::Tensor gradients = at::zeros({1});
    SmallModel model(gradients, 0);
    std::int64_t micro_batch = 4;
    EXPECT_THROW(share_gradients(model, gradients, {0, 4}, 1, micro_batch, batch_of), c10::OutOfMemoryError);
    EXPECT_EQ(micro_batch, 1);
}

TEST(StepGradients, OfAnEmptyShareAreZero) {
    at::Tensor gradients = at::full({1}, 99, at::kFloat);
    SmallModel model(gradients, 3);
    std::int64_t micro_batch = 2;
    EXPECT_EQ(share_gradients(model, gradients, {5, 5}, 1, micro_batch, batch_of), 0);
    EXPECT_EQ(gradients.item<float>(), 0);
}

}  // namespace
}  // namespace emeth::trainer
