// What a check has computed is found again under exactly what it was computed for, or not at all.
#include "trainer/verification/check_record.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"
#include "runtime/log.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::trainer {
namespace {

const Hash256 first = crypto::sha256("first"), second = crypto::sha256("second"), third = crypto::sha256("third");

void fill(const test::TemporaryFolder& folder) {
    CheckRecord record = CheckRecord::load(folder.path());
    record.add_validation_loss(first, 2.5);
    record.add_deviation(second, {1, 2, 3, 4, 5, 6});
}

TEST(CheckRecord, IsThereAfterARestart) {
    const test::TemporaryFolder folder;
    fill(folder);
    const CheckRecord record = CheckRecord::load(folder.path());
    EXPECT_EQ(record.validation_loss(first), 2.5);
    const Deviation deviation = record.deviation(second).value();
    EXPECT_EQ(deviation.weights, 1);
    EXPECT_EQ(deviation.weighted_weights, 2);
    EXPECT_EQ(deviation.first_moments, 3);
    EXPECT_EQ(deviation.second_moments, 4);
    EXPECT_EQ(deviation.next_step, 5);
    EXPECT_EQ(deviation.loss, 6);
    EXPECT_FALSE(record.deviation(third));
    EXPECT_FALSE(record.validation_loss(third));
}

TEST(CheckRecord, IsEmptyWhereverOneByteIsDamagedOrMissing) {
    const test::TemporaryFolder folder;
    fill(folder);
    const auto path = folder / "check.bin";
    const std::string whole = test::read_text(path);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] ^= 1;
        test::write_text(path, damaged);
        EXPECT_FALSE(CheckRecord::load(folder.path()).deviation(second)) << at;
        test::write_text(path, whole.substr(0, at));
        EXPECT_FALSE(CheckRecord::load(folder.path()).deviation(second)) << at;
    }
    test::write_text(path, whole);
    EXPECT_TRUE(CheckRecord::load(folder.path()).deviation(second));
}

TEST(CheckRecord, NamesTheWayInWhichItIsComputed) {
    Compute compute;
    const std::string way = way_of(compute);
    compute.precision = Precision::bf16;
    EXPECT_NE(way_of(compute), way);
    compute = {};
    compute.threads = 2;
    EXPECT_NE(way_of(compute), way);
    compute = {};
    compute.micro_batch = 2;
    EXPECT_NE(way_of(compute), way);
}

/// A folder that cannot be written costs the record, not the check.
TEST(CheckRecord, GoesOnWithoutADiskAndDropsTheOldestOutcomes) {
    CheckRecord record = CheckRecord::load("/proc/no such folder");
    const auto level = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);
    for (std::size_t i = 0; i <= CheckRecord::outcomes_max; ++i)
        record.add_validation_loss(crypto::sha256(std::to_string(i)), static_cast<double>(i));
    spdlog::set_level(level);
    EXPECT_FALSE(record.validation_loss(crypto::sha256("0")));
    EXPECT_EQ(record.validation_loss(crypto::sha256("1")), 1);
    EXPECT_EQ(record.validation_loss(crypto::sha256(std::to_string(CheckRecord::outcomes_max))),
              static_cast<double>(CheckRecord::outcomes_max));
}

}  // namespace
}  // namespace emeth::trainer
