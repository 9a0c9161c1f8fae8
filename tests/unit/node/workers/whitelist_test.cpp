#include "node/workers/whitelist.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::node {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Address wallet = *Address::parse("0x1111111111111111111111111111111111111111");
const Address stranger = *Address::parse("0x2222222222222222222222222222222222222222");

Whitelist list(const std::vector<std::string>& entries) {
    return Whitelist::parse("worker_whitelist", entries).value();
}

TEST(Whitelist, AStarLetsEveryoneIn) {
    EXPECT_TRUE(list({"*"}).allows("203.0.113.9"));
    EXPECT_TRUE(list({"*"}).allows("2001:db8::1", stranger));
}

TEST(Whitelist, AnEmptyListLetsNobodyIn) {
    EXPECT_FALSE(list({}).allows("127.0.0.1", wallet));
}

TEST(Whitelist, MatchesSingleAddresses) {
    EXPECT_TRUE(list({"10.0.0.7"}).allows("10.0.0.7"));
    EXPECT_FALSE(list({"10.0.0.7"}).allows("10.0.0.8"));
    EXPECT_TRUE(list({"::1"}).allows("::1"));
    EXPECT_TRUE(list({"127.0.0.1"}).allows("::ffff:127.0.0.1"));
}

TEST(Whitelist, MatchesBlocks) {
    EXPECT_TRUE(list({"10.0.0.0/8"}).allows("10.255.3.4"));
    EXPECT_FALSE(list({"10.0.0.0/8"}).allows("11.0.0.1"));
    EXPECT_TRUE(list({"192.168.4.0/22"}).allows("192.168.7.255"));
    EXPECT_FALSE(list({"192.168.4.0/22"}).allows("192.168.8.0"));
    EXPECT_TRUE(list({"0.0.0.0/0"}).allows("8.8.8.8"));
    EXPECT_FALSE(list({"0.0.0.0/0"}).allows("2001:db8::1"));
    EXPECT_TRUE(list({"fd00::/9"}).allows("fd7f::1"));
    EXPECT_FALSE(list({"fd00::/9"}).allows("fd80::1"));
}

TEST(Whitelist, MatchesWallets) {
    EXPECT_TRUE(list({"0x1111111111111111111111111111111111111111"}).allows("203.0.113.9", wallet));
    EXPECT_FALSE(list({"0x1111111111111111111111111111111111111111"}).allows("203.0.113.9", stranger));
    EXPECT_FALSE(list({"0x1111111111111111111111111111111111111111"}).allows("203.0.113.9"));
    EXPECT_TRUE(list({"10.0.0.1", "0x1111111111111111111111111111111111111111"}).allows("203.0.113.9", wallet));
}

TEST(Whitelist, RefusesWhatItCannotRead) {
    for (const auto* entry :
         {"localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0", "fd00::/129", "0x12", ""}) {
        const auto parsed = Whitelist::parse("worker_whitelist", {"*", entry});
        ASSERT_TRUE(parsed.has_error()) << entry;
        EXPECT_THAT(parsed.error().message,
                    AllOf(HasSubstr("worker_whitelist"), HasSubstr("'" + std::string(entry) + "'")));
    }
}

TEST(Whitelist, APeerWithoutAnIpFitsTheStarAlone) {
    EXPECT_TRUE(list({"*"}).allows(""));
    EXPECT_FALSE(list({"0.0.0.0/0"}).allows("not an ip"));
}

}  // namespace
}  // namespace emeth::node
