// What a worker shows: the states behind each other, whole or not at all.
#include "worker/evidence_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/sha256.hpp"
#include "support/temporary_folder.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::worker {
namespace {

using test::TemporaryFolder;
using ::testing::HasSubstr;

class EvidenceFileTest : public ::testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(folder / "states"); }

    /// As the trainer leaves it: the content, and its digest behind it.
    void put_state(std::uint32_t index, std::string content) {
        const Hash256 digest = crypto::sha256(content);
        content.append(digest.bytes.begin(), digest.bytes.end());
        test::write_text(trainer_protocol::state_file(folder.path(), index), content);
    }
    [[nodiscard]] std::string packed() const { return test::read_text(evidence_file(folder.path())); }
    Result<statemachine::EvidenceFile> pack(const std::vector<std::uint32_t>& states) {
        return pack_evidence(folder.path(), block, states);
    }

    TemporaryFolder folder;
    const Hash256 block = crypto::sha256("a block");
};

TEST_F(EvidenceFileTest, HoldsTheDrawsBlockAndTheStatesInOrder) {
    put_state(0, "first");
    put_state(1, std::string(600'000, 'b'));
    put_state(9, "last.");
    const auto file = pack({0, 1, 9}).value();
    const auto header = trainer_protocol::evidence_header(block);
    std::string expected(header.begin(), header.end());
    expected.append("first").append(600'000, 'b').append("last.");
    EXPECT_EQ(packed(), expected);
    EXPECT_EQ(file.bytes, packed().size());
    EXPECT_EQ(file.sha256, crypto::sha256(packed()));
    EXPECT_EQ(pack({0, 1, 9}).value(), file) << "made again, it is the same";
}

TEST_F(EvidenceFileTest, AStateThatIsDamagedOrGoneCannotBeShown) {
    put_state(0, "first");
    put_state(1, "second");
    std::string damaged = test::read_text(trainer_protocol::state_file(folder.path(), 1));
    damaged[2] ^= 1;
    test::write_text(trainer_protocol::state_file(folder.path(), 1), damaged);
    EXPECT_EQ(pack({0, 1}).error().kind, ErrorKind::permanent);
    EXPECT_THAT(pack({0, 1}).error().message, HasSubstr("state-1.bin is damaged"));
    EXPECT_EQ(pack({0, 2}).error().kind, ErrorKind::permanent);
    EXPECT_FALSE(std::filesystem::exists(evidence_file(folder.path()))) << "whole or absent";
    test::write_text(trainer_protocol::state_file(folder.path(), 3), "short");
    EXPECT_THAT(pack({3}).error().message, HasSubstr("too short"));
}

TEST_F(EvidenceFileTest, WhatAKilledWorkerLeftIsWrittenOver) {
    put_state(0, "first");
    test::write_text(folder / "evidence.bin.partial", "half of i");
    EXPECT_TRUE(pack({0}).has_value());
    EXPECT_FALSE(std::filesystem::exists(folder / "evidence.bin.partial"));
}

}  // namespace
}  // namespace emeth::worker
