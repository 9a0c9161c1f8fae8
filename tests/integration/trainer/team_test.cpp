// What a team of trainers agrees on: who computes what, and the messages until they have met.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/formats/rendezvous_messages.hpp"
#include "trainer/team/team_control.hpp"

namespace emeth::trainer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ShareOut, InProportionToSpeed) {
    EXPECT_THAT(share_out(16, {1, 1}), ElementsAre(0, 8, 16));
    EXPECT_THAT(share_out(16, {3, 1}), ElementsAre(0, 12, 16));
    EXPECT_THAT(share_out(10, {2, 1, 2}), ElementsAre(0, 4, 6, 10));
}

TEST(ShareOut, WhoseSpeedIsNotKnownCountsAsTheMean) {
    EXPECT_THAT(share_out(9, {0, 0, 0}), ElementsAre(0, 3, 6, 9));
    EXPECT_THAT(share_out(12, {100, 0, 200}), ElementsAre(0, 3, 7, 12));
}

TEST(ShareOut, EverySequenceIsSharedOutOnce) {
    for (std::size_t sequences = 1; sequences < 50; ++sequences)
        for (const double slow : {1e-9, 0.1, 1.0, 7.0}) {
            const auto bounds = share_out(sequences, {1, slow, 2});
            ASSERT_EQ(bounds.size(), 4U);
            EXPECT_EQ(bounds.front(), 0U);
            EXPECT_EQ(bounds.back(), sequences);
            EXPECT_TRUE(std::ranges::is_sorted(bounds));
        }
}

template <class Message>
Message from_helper(const Message& message) {
    return std::get<Message>(rendezvous::parse_from_helper(encode(rendezvous::FromHelper(message))).value());
}

template <class Message>
Message from_leader(const Message& message) {
    return std::get<Message>(rendezvous::parse_from_leader(encode(rendezvous::FromLeader(message))).value());
}

TEST(RendezvousMessages, GoThroughUnchanged) {
    const ComputeRecord compute{Precision::bf16, "cuda", 3, 4, "libtorch 2.6.0"};
    const rendezvous::Hello hello = from_helper(rendezvous::Hello{Hash256{{1}}, Hash256{{2}}, compute});
    EXPECT_EQ(hello.compute, compute);
    EXPECT_EQ(hello.token, Hash256{{1}});
    EXPECT_EQ(hello.run, Hash256{{2}});
    from_helper(rendezvous::Ready{});
    const std::string any_bytes("\x00\xff\"\n", 4);
    EXPECT_EQ(from_helper(rendezvous::Put{"7/0/1", any_bytes}).value, any_bytes);
    EXPECT_EQ(from_helper(rendezvous::Get{"7/0/1"}).key, "7/0/1");
    EXPECT_EQ(from_leader(rendezvous::Value{"7/0/1", ""}).value, "");
    EXPECT_EQ(from_leader(rendezvous::HelperRefused{"another run"}).reason, "another run");
    from_leader(rendezvous::Ask{});
    const rendezvous::Form form = from_leader(rendezvous::Form{12, 2, 3});
    EXPECT_EQ(form.generation, 12U);
    EXPECT_EQ(form.rank, 2);
    EXPECT_EQ(form.size, 3);
}

std::string helper_error(std::string_view text) {
    const auto parsed = rendezvous::parse_from_helper(text);
    return parsed ? "accepted" : parsed.error().message;
}

std::string leader_error(std::string_view text) {
    const auto parsed = rendezvous::parse_from_leader(text);
    return parsed ? "accepted" : parsed.error().message;
}

TEST(RendezvousMessages, WhatIsOutOfBoundsIsRefused) {
    EXPECT_THAT(helper_error(R"({"type":"form"})"), HasSubstr("'type'"));
    EXPECT_THAT(helper_error(R"({"type":"hello","token":"0x12","run":"0x12"})"), HasSubstr("'token'"));
    EXPECT_THAT(helper_error(R"({"type":"put","key":"a","value":"0x0"})"), HasSubstr("'value'"));
    const rendezvous::Put too_long{"a", std::string(rendezvous::value_bytes_max + 1, 'x')};
    EXPECT_THAT(helper_error(encode(rendezvous::FromHelper(too_long))), HasSubstr("'value'"));
    const rendezvous::Get long_key{std::string(rendezvous::key_bytes_max + 1, 'k')};
    EXPECT_THAT(helper_error(encode(rendezvous::FromHelper(long_key))), HasSubstr("'key'"));
    EXPECT_THAT(leader_error(R"({"type":"form","generation":1,"rank":3,"size":3})"), HasSubstr("'rank'"));
    EXPECT_THAT(leader_error(R"({"type":"form","generation":1,"rank":0,"size":3})"), HasSubstr("'rank'"));
    EXPECT_THAT(leader_error(R"({"type":"form","generation":1,"rank":1,"size":65})"), HasSubstr("'size'"));
    EXPECT_THAT(leader_error("{"), HasSubstr("the leader's message"));
}

}  // namespace
}  // namespace emeth::trainer
