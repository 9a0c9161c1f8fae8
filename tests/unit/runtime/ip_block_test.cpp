#include "runtime/ip_block.hpp"

#include <gtest/gtest.h>

namespace emeth {
namespace {

bool in_block(const char* block, const char* ip) {
    return IpBlock::parse(block)->holds(*parse_ip(ip));
}

TEST(IpBlock, HoldsWhatSharesItsPrefix) {
    EXPECT_TRUE(in_block("10.0.0.0/8", "10.255.3.4"));
    EXPECT_FALSE(in_block("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(in_block("192.168.4.0/22", "192.168.7.255"));
    EXPECT_FALSE(in_block("192.168.4.0/22", "192.168.8.0"));
    EXPECT_TRUE(in_block("fd00::/9", "fd7f::1"));
    EXPECT_FALSE(in_block("fd00::/9", "fd80::1"));
    EXPECT_FALSE(in_block("0.0.0.0/0", "2001:db8::1"));
    EXPECT_TRUE(in_block("127.0.0.1", "::ffff:127.0.0.1"));
}

TEST(IpBlock, IsAnAddressOrABlock) {
    for (const char* text : {"localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0", "fd00::/129", ""})
        EXPECT_FALSE(IpBlock::parse(text)) << text;
}

TEST(IpBlock, OfThisMachineAreTheLoopbackOnes) {
    for (const char* ip : {"127.0.0.1", "127.3.4.5", "::1", "::ffff:127.0.0.1"})
        EXPECT_TRUE(holds(loopback_blocks(), *parse_ip(ip))) << ip;
    for (const char* ip : {"128.0.0.1", "10.0.0.1", "::2"}) EXPECT_FALSE(holds(loopback_blocks(), *parse_ip(ip))) << ip;
}

}  // namespace
}  // namespace emeth
