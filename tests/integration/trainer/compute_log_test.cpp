// What computed each segment is remembered across kills, and never more than was really kept of the run.
#include "trainer/checkpoints/compute_log.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/temporary_folder.hpp"

namespace emeth::trainer {
namespace {

using Places = std::vector<std::uint32_t>;

class ComputeLogTest : public ::testing::Test {
protected:
    static ComputeRecord record(std::uint32_t threads, Precision precision = Precision::bf16) {
        return {.precision = precision, .device = "cpu", .threads = threads, .micro_batch = 4, .libraries = "x"};
    }
    /// Steps [first, last).
    static void compute(ComputeLog& log, std::uint64_t first, std::uint64_t last,
                        std::span<const ComputeRecord> others = {}) {
        for (std::uint64_t step = first; step < last; ++step) ASSERT_TRUE(log.step_computed(step, others));
    }

    static constexpr Plan plan{.steps_total = 40, .segments = 4};
    test::TemporaryFolder folder;
};

TEST_F(ComputeLogTest, AWholeRunHasOneRecord) {
    ComputeLog log(folder.path());
    EXPECT_FALSE(log.precision());
    log.begin(record(2), plan, 0);
    compute(log, 0, 40);
    EXPECT_EQ(log.history().records, std::vector{record(2)});
    EXPECT_EQ(log.history().segments, (std::vector<Places>{{0}, {0}, {0}, {0}}));
}

TEST_F(ComputeLogTest, ARunThatContinuesOnOtherTermsHasBothInItsSegment) {
    {
        ComputeLog killed(folder.path());
        killed.begin(record(1), plan, 0);
        compute(killed, 0, 37);
    }
    ComputeLog log(folder.path());
    EXPECT_EQ(log.precision(), Precision::bf16);
    log.begin(record(3), plan, 15);  // the last checkpoint
    compute(log, 15, 40);
    EXPECT_EQ(log.history().records, (std::vector{record(1), record(3)}));
    EXPECT_EQ(log.history().segments, (std::vector<Places>{{0}, {0, 1}, {1}, {1}}));
}

TEST_F(ComputeLogTest, OtherBatchesAreARecordOfTheirOwn) {
    ComputeLog log(folder.path());
    log.begin(record(1), plan, 0);
    compute(log, 0, 15);
    log.micro_batch_changed(2);
    compute(log, 15, 40);
    ComputeRecord smaller = record(1);
    smaller.micro_batch = 2;
    EXPECT_EQ(log.history().records, (std::vector{record(1), smaller}));
    EXPECT_EQ(log.history().segments, (std::vector<Places>{{0}, {0, 1}, {1}, {1}}));
}

TEST_F(ComputeLogTest, ARunThatBeginsAgainForgets) {
    {
        ComputeLog killed(folder.path());
        killed.begin(record(1), plan, 0);
        compute(killed, 0, 37);
    }
    ComputeLog log(folder.path());
    log.begin(record(3), plan, 0);
    compute(log, 0, 40);
    EXPECT_EQ(log.history().records, std::vector{record(3)});
}

TEST_F(ComputeLogTest, HelpersAreRecordedWhereTheyHelped) {
    const std::array others{record(5), record(6)};
    ComputeLog log(folder.path());
    log.begin(record(1), plan, 0);
    compute(log, 0, 12);
    compute(log, 12, 13, others);
    compute(log, 13, 40);
    EXPECT_EQ(log.history().segments, (std::vector<Places>{{0}, {0, 1, 2}, {0}, {0}}));
}

TEST_F(ComputeLogTest, MoreThanCanBeListedAreOfUnknownHardware) {
    ComputeLog log(folder.path());
    log.begin(record(1), plan, 0);
    for (std::uint32_t threads = 2; threads < 40; ++threads) {
        const std::array others{record(threads)};
        compute(log, 5, 6, others);
    }
    ASSERT_EQ(log.history().records.size(), ComputeHistory::records_max);
    EXPECT_EQ(log.history().segments[0].size(), ComputeHistory::records_max);
    EXPECT_FALSE(log.history().records.back().same_hardware(record(1)));
    EXPECT_TRUE(log.history().records.front().same_hardware(record(1)));
}

TEST_F(ComputeLogTest, WithoutARecordThePastCountsLikeThePresent) {
    ComputeLog log(folder.path());
    log.begin(record(2), plan, 25);
    compute(log, 25, 40);
    EXPECT_EQ(log.history().segments, (std::vector<Places>{{0}, {0}, {0}, {0}}));
}

TEST_F(ComputeLogTest, ADamagedRecordIsNone) {
    for (const char* text : {"", "{", "[]", R"({"segmentsTotal":4,"compute":[],"segments":[[0]]})",
                             R"({"segmentsTotal":4,"compute":[{"device":7}],"segments":[]})",
                             R"({"segmentsTotal":99999999,"compute":[],"segments":[]})"}) {
        test::write_text(folder / "compute.json", text);
        ComputeLog log(folder.path());
        EXPECT_FALSE(log.precision()) << text;
        log.begin(record(2), plan, 0);
        compute(log, 0, 40);
        EXPECT_EQ(log.history().records, std::vector{record(2)}) << text;
    }
}

}  // namespace
}  // namespace emeth::trainer
