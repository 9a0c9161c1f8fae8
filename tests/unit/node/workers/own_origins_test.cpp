// Where a worker may say that it has dialled.
#include "node/workers/own_origins.hpp"

#include <gmock/gmock.h>

#include "runtime/ip_address.hpp"

namespace emeth::node {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

constexpr std::uint16_t port = 5'000;

bool is_own(const OwnOrigins& origins, const std::string& dialled, const std::string& peer = "127.0.0.1") {
    return !origins.why_foreign(dialled, peer, "http", port);
}

OwnOrigins listening_on(const std::string& host, const std::string& my_url = "http://127.0.0.1:5000") {
    return {host, http::Url::parse(my_url).value()};
}

TEST(OwnOrigins, WorkersOnThisMachineNeedNoSetting) {
    for (const char* host : {"127.0.0.1", "0.0.0.0", "::"})
        for (const char* dialled : {"http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"})
            EXPECT_TRUE(is_own(listening_on(host), dialled)) << host << ' ' << dialled;
}

TEST(OwnOrigins, TheLoopbackOfAnotherMachineIsNotOurs) {
    for (const char* dialled : {"http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"})
        EXPECT_THAT(listening_on("0.0.0.0").why_foreign(dialled, "10.0.0.9", "http", port),
                    Optional(HasSubstr("my_url")));
}

TEST(OwnOrigins, AnAddressWhereTheMasterListensIsOurs) {
    EXPECT_TRUE(is_own(listening_on("10.0.0.7"), "http://10.0.0.7:5000", "10.0.0.9"));
    EXPECT_FALSE(is_own(listening_on("10.0.0.7"), "http://10.0.0.8:5000", "10.0.0.9"));
    for (const std::string& own : own_ip_addresses())
        if (own.find(':') == std::string::npos && !is_loopback(own)) {
            EXPECT_TRUE(is_own(listening_on("0.0.0.0"), "http://" + own + ":5000", "10.0.0.9")) << own;
            EXPECT_FALSE(is_own(listening_on("127.0.0.1"), "http://" + own + ":5000", "10.0.0.9")) << own;
        }
    EXPECT_FALSE(is_own(listening_on("0.0.0.0"), "http://192.0.2.1:5000", "10.0.0.9"));
}

TEST(OwnOrigins, AnotherPortOfOurAddressIsSomebodyElses) {
    EXPECT_FALSE(is_own(listening_on("10.0.0.7"), "http://10.0.0.7:5001", "10.0.0.9"));
    EXPECT_FALSE(is_own(listening_on("10.0.0.7"), "https://10.0.0.7:5000", "10.0.0.9"));
    EXPECT_FALSE(is_own(listening_on("127.0.0.1"), "http://127.0.0.1:5001"));
}

TEST(OwnOrigins, ANameIsOursIfMyUrlSaysSo) {
    const OwnOrigins origins = listening_on("127.0.0.1", "https://Master.example.org/under/a/path");
    EXPECT_TRUE(is_own(origins, "https://master.example.org:443", "10.0.0.9"));
    EXPECT_FALSE(is_own(origins, "http://master.example.org:443", "10.0.0.9"));
    const auto refusal = origins.why_foreign("http://other.example.org:80", "10.0.0.9", "http", port);
    EXPECT_THAT(refusal, Optional(HasSubstr("set my_url=http://other.example.org:80 in the master's settings, with "
                                            "worker_port=5000")));
}

TEST(OwnOrigins, WhatIsNoOriginIsRefused) {
    for (const char* dialled : {"", "127.0.0.1:5000", "http://127.0.0.1", "http://LOCALHOST:5000",
                                "ws://127.0.0.1:5000", "http://127.0.0.1:5000/", "http://127.0.0.1:5000\nset my_url"})
        EXPECT_FALSE(is_own(listening_on("127.0.0.1"), dialled)) << dialled;
}

}  // namespace
}  // namespace emeth::node
