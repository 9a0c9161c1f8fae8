// WebSockets between the client and the server, on loopback.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/client.hpp"
#include "http/server.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Task<> echo(WebSocket socket, ServerRequest request) {
    auto greeting = socket.send(request.captures.at("name") + " " + socket.peer_address());
    co_await std::move(greeting);
    for (;;) {
        auto receiving = socket.receive();
        const Result<std::string> message = co_await std::move(receiving);
        if (!message || *message == "bye") co_return;
        auto sending = socket.send(*message);
        const Result<void> sent = co_await std::move(sending);
        if (!sent) co_return;
    }
}

class WebSockets : public test::IoFixture {
protected:
    WebSockets() {
        server.route_websocket("/talk/{name}", echo);
        server.listen().value();
        serving.emplace(io, server.run());
    }
    Result<WebSocket> connect(const std::string& path) {
        return run(WebSocket::connect(Url::parse(fmt::format("ws://127.0.0.1:{}{}", server.port(), path)).value(),
                                      Milliseconds{5'000}));
    }

    Server server{executor(), {}};
    std::optional<Background> serving;
};

TEST_F(WebSockets, CarryMessagesBothWays) {
    WebSocket socket = connect("/talk/ann").value();
    EXPECT_EQ(socket.peer_address(), "127.0.0.1");
    EXPECT_EQ(run(socket.receive()).value(), "ann 127.0.0.1");
    for (const std::string& message : {std::string("one"), std::string(), std::string(1'000'000, 'x')}) {
        run(socket.send(message)).value();
        EXPECT_EQ(run(socket.receive()).value(), message);
    }
}

TEST_F(WebSockets, EndWhenTheOtherSideDoes) {
    WebSocket socket = connect("/talk/ann").value();
    run(socket.receive()).value();
    run(socket.send("bye")).value();
    const Result<std::string> ended = run(socket.receive());
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, ErrorKind::transient);
    EXPECT_THAT(ended.error().message, HasSubstr("127.0.0.1"));
}

TEST_F(WebSockets, RefuseTooLongMessages) {
    WebSocket socket = connect("/talk/ann").value();
    run(socket.receive()).value();
    run(socket.send(std::string(WebSocket::message_bytes_max + 1, 'x')));
    EXPECT_FALSE(run(socket.receive()));
}

TEST_F(WebSockets, AbortEndsAPendingReceive) {
    WebSocket socket = connect("/talk/ann").value();
    run(socket.receive()).value();
    Result<std::string> outcome = std::string();
    Background receiving(io, [](WebSocket* from, Result<std::string>* to) -> Task<> {
        *to = co_await from->receive();
    }(&socket, &outcome));
    io.run_one_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(receiving.ended());
    socket.abort();
    for (int i = 0; i < 100 && !receiving.ended(); ++i) io.run_one_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(receiving.ended());
    EXPECT_FALSE(outcome);
}

TEST_F(WebSockets, EndWithTheServer) {
    WebSocket socket = connect("/talk/ann").value();
    run(socket.receive()).value();
    EXPECT_TRUE(serving->stop(std::chrono::seconds(5)));
    EXPECT_FALSE(run(socket.receive()));
}

TEST_F(WebSockets, ACancelledReceiveThrows) {
    WebSocket socket = connect("/talk/ann").value();
    run(socket.receive()).value();
    Background receiving(io, [](WebSocket* from) -> Task<> { co_await from->receive(); }(&socket));
    io.run_one_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(receiving.stop(std::chrono::seconds(5)));
}

TEST_F(WebSockets, NeedTheirPathAndTheirHandshake) {
    const Result<WebSocket> nowhere = connect("/nowhere");
    ASSERT_FALSE(nowhere);
    EXPECT_THAT(nowhere.error().message, HasSubstr("ws://127.0.0.1"));
    EXPECT_THAT(
        run(test::raw_exchange(server.port(), "GET /talk/ann HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
        StartsWith("HTTP/1.1 426 "));
}

TEST_F(WebSockets, GiveUpAServerThatDoesNotGreet) {
    test::CannedServer silent(executor(), "", true);
    const Background silence(io, silent.run());
    const Result<WebSocket> outcome = run(
        WebSocket::connect(Url::parse(fmt::format("ws://127.0.0.1:{}/", silent.port())).value(), Milliseconds{200}));
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().message, HasSubstr("200 ms"));
}

}  // namespace
}  // namespace emeth::http
