// Who asks, where a proxy does it for him.
#include "http/forwarded.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/listener_settings.hpp"

namespace emeth::http {
namespace {

using ::testing::HasSubstr;

const std::vector<IpBlock> proxies{*IpBlock::parse("127.0.0.1"), *IpBlock::parse("10.0.0.0/8")};

Caller caller(const std::string& peer, const Headers& headers, const std::vector<IpBlock>& trusted = proxies) {
    return caller_of(*parse_ip(peer), headers, trusted);
}

TEST(Forwarded, WithoutAProxyTheCallerIsTheOtherEnd) {
    EXPECT_EQ(caller("203.0.113.9", {}).address, "203.0.113.9");
    EXPECT_FALSE(caller("203.0.113.9", {}).through_unnamed_proxy);
    EXPECT_EQ(caller("127.0.0.1", {}).address, "127.0.0.1") << "a program beside the proxy";
    EXPECT_FALSE(caller("127.0.0.1", {}).through_unnamed_proxy);
}

TEST(Forwarded, ANamedProxyIsBelievedForWhomItHasSeen) {
    const Caller one = caller("127.0.0.1", {{"x-forwarded-for", "203.0.113.9"}, {"via", "1.1 proxy"}});
    EXPECT_EQ(one.address, "203.0.113.9");
    EXPECT_FALSE(one.through_unnamed_proxy);
    EXPECT_EQ(caller("127.0.0.1", {{"x-forwarded-for", "127.0.0.1, 203.0.113.9"}}).address, "203.0.113.9")
        << "what stands before it is the caller's own word";
    EXPECT_EQ(caller("127.0.0.1", {{"x-forwarded-for", "1.2.3.4, 203.0.113.9,\t10.0.0.7"}}).address, "203.0.113.9")
        << "two proxies";
    EXPECT_EQ(caller("127.0.0.1", {{"x-forwarded-for", "::ffff:203.0.113.9"}}).address, "203.0.113.9");
    EXPECT_EQ(caller("10.1.1.1", {{"x-forwarded-for", "2001:db8::1"}}).address, "2001:db8::1");
}

TEST(Forwarded, WhereAllAreProxiesTheLastOneAsks) {
    EXPECT_EQ(caller("127.0.0.1", {{"x-forwarded-for", "127.0.0.1, 10.0.0.9"}}).address, "10.0.0.9")
        << "it could have written what stands before it";
    EXPECT_EQ(caller("127.0.0.1", {{"x-forwarded-for", "127.0.0.1"}}).address, "127.0.0.1");
}

TEST(Forwarded, WhatAnUnnamedProxySaysIsNotBelieved) {
    for (const char* header : {"forwarded", "via", "x-forwarded-for", "x-real-ip"}) {
        const Caller unknown = caller("127.0.0.1", {{header, "127.0.0.1"}}, {});
        EXPECT_TRUE(unknown.through_unnamed_proxy) << header;
        EXPECT_EQ(unknown.address, "127.0.0.1");
    }
    const Caller stranger = caller("203.0.113.9", {{"x-forwarded-for", "127.0.0.1"}});
    EXPECT_TRUE(stranger.through_unnamed_proxy);
    EXPECT_EQ(stranger.address, "203.0.113.9");
}

TEST(Forwarded, ANamedProxyHasToSayForWhomItAsks) {
    EXPECT_TRUE(caller("127.0.0.1", {{"via", "1.1 proxy"}}).through_unnamed_proxy);
    EXPECT_TRUE(caller("127.0.0.1", {{"forwarded", "for=203.0.113.9"}}).through_unnamed_proxy);
    for (const char* list : {"", "unknown", "203.0.113.9:80", "127.0.0.1,", "x, 10.0.0.1", ",", "[::1]"})
        EXPECT_TRUE(caller("127.0.0.1", {{"x-forwarded-for", list}}).through_unnamed_proxy) << list;
}

TEST(Forwarded, NobodyIsLetInForTheAddressOfAnUnnamedProxy) {
    ServerRequest request;
    request.peer_address = "127.0.0.1";
    EXPECT_EQ(known_address(request), "127.0.0.1");
    EXPECT_FALSE(refuse_unnamed_proxy(request).has_error());
    request.through_unnamed_proxy = true;
    EXPECT_EQ(known_address(request), "");
    const auto refused = refuse_unnamed_proxy(request);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().status, 403U);
    EXPECT_THAT(refused.error().message, HasSubstr("trusted_proxies"));
}

}  // namespace
}  // namespace emeth::http
