// The micro-batch that is chosen when the node does not set one.
#include <gtest/gtest.h>

#include "trainer/model/compute.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::find_preset;

constexpr std::uint64_t gibibyte = 1ULL << 30;

TEST(MicroBatch, FillsTheProductsAndStaysWithinTheStep) {
    EXPECT_EQ(find_micro_batch(*find_preset("nano"), Precision::float32, 16 * gibibyte), 16);
    EXPECT_EQ(find_micro_batch(*find_preset("d256"), Precision::bf16, 16 * gibibyte), 32);
    EXPECT_EQ(find_micro_batch(*find_preset("d512"), Precision::bf16, 16 * gibibyte), 8);
    EXPECT_EQ(find_micro_batch(*find_preset("gpt2"), Precision::bf16, 16 * gibibyte), 5);
}

TEST(MicroBatch, GivesWayToSmallMemory) {
    const Preset preset = *find_preset("d512");
    for (const std::uint64_t memory : {gibibyte, gibibyte / 2}) {
        const std::int64_t sequences = find_micro_batch(preset, Precision::bf16, memory);
        EXPECT_LT(sequences, 8);
        EXPECT_LE(activation_bytes(preset, Precision::bf16, sequences), memory / 4);
        EXPECT_GT(activation_bytes(preset, Precision::bf16, 2 * sequences), memory / 4);
    }
    EXPECT_EQ(find_micro_batch(preset, Precision::bf16, 1), 1);
}

}  // namespace
}  // namespace emeth::trainer
