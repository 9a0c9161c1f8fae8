// Who finds a place at a server, and who gives way.
#include "http/connection_limits.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace emeth::http {
namespace {

using Id = ConnectionLimits::Id;

class ConnectionLimitsTest : public ::testing::Test {
protected:
    static ConnectionLimitOptions options() {
        ConnectionLimitOptions options;
        options.strangers_max = 16;
        options.per_address_max = 4;
        options.kept_max = 3;
        options.known_max = 2;
        options.own = loopback_blocks();
        options.proxies = {*IpBlock::parse("10.0.0.1")};
        return options;
    }
    ConnectionLimits::Decision dial(const std::string& ip) {
        return limits.admit(*parse_ip(ip), now += Milliseconds(1));
    }
    Id busy(const std::string& ip) {
        const auto decision = dial(ip);
        EXPECT_TRUE(decision.place) << ip;
        limits.may_not_be_displaced(decision.place.value_or(0));
        return decision.place.value_or(0);
    }
    /// All places of strangers, with work in hand, from many addresses.
    void fill() {
        for (int i = 0; i < 14; ++i) busy("203.0.113." + std::to_string(i));
    }

    Milliseconds now{0};
    ConnectionLimits limits{options()};
};

TEST_F(ConnectionLimitsTest, TheOneThatIsIdleForTheLongestGivesWay) {
    std::vector<Id> idle;
    for (int i = 0; i < 14; ++i) idle.push_back(*dial("203.0.113." + std::to_string(i)).place);
    limits.may_not_be_displaced(idle[0]);
    limits.may_be_displaced_from(idle[1], now += Milliseconds(1));  // it has just been answered
    const auto next = dial("198.51.100.1");
    EXPECT_TRUE(next.place);
    EXPECT_EQ(next.displaced, idle[2]);
    EXPECT_EQ(dial("198.51.100.2").displaced, idle[3]);
}

TEST_F(ConnectionLimitsTest, WhoIsBusyStays) {
    fill();
    const auto refused = dial("198.51.100.1");
    EXPECT_FALSE(refused.place);
    EXPECT_FALSE(refused.displaced);
    EXPECT_EQ(refused.why_refused, "too many connections at once");
}

TEST_F(ConnectionLimitsTest, GivingWayMayBeginLater) {
    ConnectionLimitOptions options;
    options.strangers_max = 1;
    ConnectionLimits one(options);
    const Id first = *one.admit(*parse_ip("203.0.113.1"), Milliseconds(1)).place;
    one.may_be_displaced_from(first, Milliseconds(100));
    EXPECT_FALSE(one.admit(*parse_ip("203.0.113.2"), Milliseconds(99)).place);
    EXPECT_EQ(one.admit(*parse_ip("203.0.113.2"), Milliseconds(100)).displaced, first);
}

TEST_F(ConnectionLimitsTest, OneAddressGetsNoMoreThanItsShare) {
    for (int i = 0; i < 4; ++i) busy("203.0.113.1");
    EXPECT_EQ(dial("203.0.113.1").why_refused, "too many connections from one address");
    EXPECT_TRUE(dial("203.0.113.2").place);
}

TEST_F(ConnectionLimitsTest, AtItsShareAnAddressDisplacesOnlyItsOwn) {
    const Id other = *dial("203.0.113.2").place;
    const Id first = *dial("203.0.113.1").place;
    for (int i = 0; i < 3; ++i) busy("203.0.113.1");
    EXPECT_EQ(dial("203.0.113.1").displaced, first);
    EXPECT_NE(first, other);
}

TEST_F(ConnectionLimitsTest, ANetworkOfIPv6IsOneAddress) {
    for (const char* ip : {"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1", "2001:db8:0:0:1::"}) busy(ip);
    EXPECT_FALSE(dial("2001:db8::5").place);
    EXPECT_TRUE(dial("2001:db8:0:1::5").place);
    for (int i = 0; i < 4; ++i) busy("::ffff:203.0.113.1");
    EXPECT_FALSE(dial("203.0.113.1").place) << "an IPv4 address in IPv6's clothes";
}

TEST_F(ConnectionLimitsTest, AShareIsLeftToThisMachine) {
    fill();
    EXPECT_FALSE(dial("198.51.100.1").place);
    busy("127.0.0.1");
    busy("::1");
    EXPECT_FALSE(dial("127.0.0.1").place);
}

TEST_F(ConnectionLimitsTest, ThisMachineHasNoLimitPerAddress) {
    for (int i = 0; i < 16; ++i) busy("127.0.0.1");
}

TEST_F(ConnectionLimitsTest, ANamedProxyStandsForMany) {
    for (int i = 0; i < 14; ++i) busy("10.0.0.1");
    EXPECT_FALSE(dial("10.0.0.1").place) << "the share of this machine is not the proxy's";
}

TEST_F(ConnectionLimitsTest, WhoHasProvedItselfNeitherCountsNorGivesWay) {
    const Id worker = *dial("203.0.113.200").place;
    EXPECT_TRUE(limits.keep(worker));
    fill();
    limits.may_be_displaced_from(worker, now);
    EXPECT_FALSE(dial("198.51.100.1").displaced);
}

TEST_F(ConnectionLimitsTest, ThoseThatAreKeptAreCountedToo) {
    std::vector<Id> workers;
    for (int i = 0; i < 4; ++i) workers.push_back(busy("127.0.0.1"));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(limits.keep(workers[static_cast<std::size_t>(i)]));
    EXPECT_TRUE(limits.keep(workers[0])) << "it is already";
    EXPECT_FALSE(limits.keep(workers[3]));
    limits.leave(workers[0]);
    EXPECT_TRUE(limits.keep(workers[3]));
    EXPECT_FALSE(limits.keep(workers[0])) << "it has left";
}

TEST_F(ConnectionLimitsTest, AWorkerComesBackWhateverStrangersHold) {
    const Id worker = *dial("203.0.113.200").place;
    limits.keep(worker);
    fill();
    limits.leave(worker);
    EXPECT_FALSE(dial("198.51.100.1").place);
    const Id again = busy("203.0.113.200");
    EXPECT_TRUE(limits.keep(again));
}

TEST_F(ConnectionLimitsTest, ThePlacesOfKnownAddressesAreFew) {
    limits.keep(*dial("203.0.113.200").place);
    limits.keep(*dial("203.0.113.201").place);
    fill();
    busy("203.0.113.200");
    const Id idle = *dial("203.0.113.201").place;
    EXPECT_FALSE(dial("203.0.113.200").place);
    EXPECT_EQ(dial("203.0.113.201").displaced, idle) << "its own";
}

TEST_F(ConnectionLimitsTest, ANewPlaceIsFoundWhereOneWasLeft) {
    fill();
    const Id last = busy("127.0.0.1");
    limits.leave(last);
    limits.leave(last);
    busy("127.0.0.1");
    busy("127.0.0.1");
    EXPECT_FALSE(dial("127.0.0.1").place);
}

}  // namespace
}  // namespace emeth::http
