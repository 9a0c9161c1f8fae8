// The proxy in each of its modes, in front of a server that always gives the same response.
#include "soak/cutting_proxy.hpp"

#include <gtest/gtest.h>

#include "http/client.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::soak {
namespace {

using test::Background;

const std::string body(5'000, 'x');
const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body;

Task<> change_mood(CuttingProxy* proxy, Mood mood) {
    co_await system_clock().sleep(Milliseconds(200));
    proxy->set_mood(mood);
}

class CuttingProxyTest : public test::IoFixture {
protected:
    void SetUp() override {
        ASSERT_TRUE(proxy_.listen().has_value());
        proxy_.set_upstream(server_.port());
    }

    Result<http::ClientResponse> ask() {
        http::ClientRequest request;
        request.url = http::Url::parse(proxy_.url()).value();
        request.timeout = Milliseconds(5'000);
        return run(http::request(request));
    }

    test::CannedServer server_{executor(), answer};
    CuttingProxy proxy_{executor(), 1};
    Background serving_{io, server_.run()};
    Background proxying_{io, proxy_.run()};
};

TEST_F(CuttingProxyTest, Passes) {
    const auto response = ask();
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(proxy_.disturbances(), 0u);
}

TEST_F(CuttingProxyTest, RefusesAndComesBackOnTheSamePort) {
    const auto port = proxy_.port();
    proxy_.set_mood(Mood::refuses);
    const auto refused = ask();
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().message.find("refused"), std::string::npos) << refused.error().message;
    EXPECT_EQ(server_.connections(), 0u);
    proxy_.set_mood(Mood::passes);
    run(change_mood(&proxy_, Mood::passes));
    EXPECT_EQ(proxy_.port(), port);
    EXPECT_TRUE(ask().has_value());
}

TEST_F(CuttingProxyTest, CutsAnAnswerInTheMiddle) {
    proxy_.set_mood(Mood::cuts);
    EXPECT_TRUE(ask().has_error());
    EXPECT_EQ(server_.connections(), 1u);
    const std::string piece = run(test::raw_exchange(proxy_.port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_LT(piece.size(), answer.size());
    EXPECT_EQ(piece, answer.substr(0, piece.size()));
    EXPECT_EQ(proxy_.disturbances(), 2u);
}

TEST_F(CuttingProxyTest, AStalledAnswerComesWithTheNextMood) {
    proxy_.set_mood(Mood::stalls);
    Background later(io, change_mood(&proxy_, Mood::passes));
    const auto response = ask();
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(proxy_.disturbances(), 1u);
}

TEST_F(CuttingProxyTest, AStalledAnswerIsNotGivenBefore) {
    proxy_.set_mood(Mood::stalls);
    EXPECT_EQ(run(test::raw_exchange(proxy_.port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", Milliseconds(300))), "");
}

TEST_F(CuttingProxyTest, StandingConnectionsEndWhenItRefuses) {
    proxy_.set_mood(Mood::stalls);
    Background later(io, change_mood(&proxy_, Mood::refuses));
    EXPECT_TRUE(ask().has_error());
}

}  // namespace
}  // namespace emeth::soak
