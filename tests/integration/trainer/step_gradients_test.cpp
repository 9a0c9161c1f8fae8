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
    void forward_backward(const Batch& batch, float, const GradientsReady& ready) override {
        for (std::int64_t done = 0; done < batch.sequences; ++done) {
            if (done == sequences_max_) TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory");
            gradients_.add_(1);
            ++loss_sum_;
        }
        batches.push_back(batch.sequences);
        if (ready) ready(0);
    }
    double take_loss_sum() override { return std::exchange(loss_sum_, 0); }
    bool free_memory() override {
        ++freed;
        return std::exchange(has_spare, false);
    }
    double loss(const Batch&) override { return 0; }
    at::Tensor logits(const std::vector<std::int32_t>&) override { return {}; }

    std::vector<std::int64_t> batches;
    int freed = 0;
    bool has_spare = false;  ///< memory that it could do without

private:
    at::Tensor gradients_;
    std::int64_t sequences_max_;
    double loss_sum_ = 0;
};

Batch batch_of(std::size_t, std::size_t count) {
    return {static_cast<std::int64_t>(count), {}, {}};
}

TEST(StepGradients, AreReadyInTheLastBatchAlone) {
    at::Tensor gradients = at::zeros({1}, at::kFloat);
    SmallModel model(gradients, 10);
    std::int64_t micro_batch = 2;
    std::vector<float> when_ready;
    const auto ready = [&](std::int64_t) { when_ready.push_back(gradients.item<float>()); };
    share_gradients(model, gradients, {4, 9}, 1, micro_batch, batch_of, ready);
    EXPECT_THAT(when_ready, ElementsAre(5));
}

TEST(StepGradients, HalveTheBatchesUntilTheyFit) {
    at::Tensor gradients = at::full({1}, 99, at::kFloat);
    SmallModel model(gradients, 3);
    std::int64_t micro_batch = 10;
    EXPECT_EQ(share_gradients(model, gradients, {4, 15}, 1, micro_batch, batch_of, {}), 11);
    EXPECT_EQ(gradients.item<float>(), 11);
    EXPECT_EQ(micro_batch, 2);
    EXPECT_THAT(model.batches, ElementsAre(2, 2, 2, 2, 2, 1));
    EXPECT_EQ(model.freed, 2);
}

TEST(StepGradients, TryTheSameBatchAgainWhereSomethingElseCanGo) {
    at::Tensor gradients = at::zeros({1});
    SmallModel model(gradients, 3);
    model.has_spare = true;
    std::int64_t micro_batch = 4;
    EXPECT_EQ(share_gradients(model, gradients, {0, 4}, 1, micro_batch, batch_of, {}), 4);
    EXPECT_EQ(model.freed, 2) << "once for what it could spare, once before the halving";
    EXPECT_EQ(micro_batch, 2);
}

TEST(StepGradients, KnowWhatLacksMemoryFromWhatIsWrong) {
    const auto error = [](const char* text) { return c10::Error({__func__, __FILE__, __LINE__}, text); };
    EXPECT_TRUE(is_out_of_memory(error("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)")));
    EXPECT_TRUE(is_out_of_memory(error("CUDA error: out of memory")));
    EXPECT_FALSE(is_out_of_memory(error("CUDA error: an illegal memory access was encountered")));
}

TEST(StepGradients, GiveUpWhereOneSequenceIsTooMuch) {
    at::Tensor gradients = at::zeros({1});
    SmallModel model(gradients, 0);
    std::int64_t micro_batch = 4;
    EXPECT_THROW(share_gradients(model, gradients, {0, 4}, 1, micro_batch, batch_of, {}), c10::OutOfMemoryError);
    EXPECT_EQ(micro_batch, 1);
}

TEST(StepGradients, OfAnEmptyShareAreZero) {
    at::Tensor gradients = at::full({1}, 99, at::kFloat);
    SmallModel model(gradients, 3);
    std::int64_t micro_batch = 2;
    EXPECT_EQ(share_gradients(model, gradients, {5, 5}, 1, micro_batch, batch_of, {}), 0);
    EXPECT_EQ(gradients.item<float>(), 0);
}

}  // namespace
}  // namespace emeth::trainer
