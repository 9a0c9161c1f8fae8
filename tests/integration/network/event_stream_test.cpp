// Server-sent events on loopback: to who reads them, and to who does not.
#include "http/event_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Tcp = asio::ip::tcp;

constexpr std::string_view request = "GET /events HTTP/1.1\r\nHost: h\r\n\r\n";

class EventStreams : public test::IoFixture {
protected:
    void start(EventStreamOptions options, EventStreamHandler handler) {
        server.emplace(executor(), ServerOptions{});
        server->route_events("/events", std::move(options), std::move(handler));
        server->listen().value();
        serving.emplace(io, server->run());
    }
    void TearDown() override {
        serving.reset();
        server.reset();
    }
    std::string exchange(std::string bytes, Milliseconds limit = Milliseconds(5'000)) {
        return run(test::raw_exchange(server->port(), std::move(bytes), limit));
    }
    /// A listener that reads nothing.
    Tcp::socket listener() {
        Tcp::socket socket(io);
        socket.connect({asio::ip::address_v4::loopback(), server->port()});
        asio::write(socket, asio::buffer(request));
        return socket;
    }
    bool eventually(const std::function<bool()>& condition) {
        for (int round = 0; round < 500 && !condition(); ++round) run(nap());
        return condition();
    }
    static Task<> nap() { return system_clock().sleep(Milliseconds(20)); }

    std::optional<Server> server;
    std::optional<Background> serving;
};

Task<> count_to_two(EventStream stream, ServerRequest) {
    for (const char* number : {"1", "2"}) {
        std::string text = number;
        const auto sent = co_await stream.send("number", std::move(text));
        sent.value();
    }
}

Task<> hang(EventStream, ServerRequest) {
    return system_clock().sleep(std::chrono::hours(1));
}

/// Counts its listeners.
Task<> tick(std::size_t* listening, EventStream stream) {
    ++*listening;
    for (bool is_there = true; is_there;) {
        const auto sent = co_await stream.send("tick", "");
        is_there = sent.has_value();
        co_await system_clock().sleep(Milliseconds(10));
    }
    --*listening;
}

Task<> flood(bool* dropped, EventStream stream) {
    for (;;) {
        std::string megabyte(1 << 20, 'x');
        const auto sent = co_await stream.send("flood", std::move(megabyte));
        if (sent.has_error()) break;
    }
    *dropped = true;
}

TEST_F(EventStreams, AreToldInOrderUntilTheHandlerReturns) {
    start({}, count_to_two);
    EXPECT_THAT(exchange(std::string(request)),
                AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: text/event-stream\r\n"),
                      HasSubstr("\r\n\r\nevent: number\ndata: 1\n\nevent: number\ndata: 2\n\n")));
}

TEST_F(EventStreams, AreRefusedBeforeTheyBegin) {
    EventStreamOptions options;
    options.admission = [](const ServerRequest&) -> OrRefusal<void> { return forbidden("not for you"); };
    start(std::move(options), count_to_two);
    EXPECT_THAT(exchange("GET /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("not for you"), Not(HasSubstr("data:"))));
    EXPECT_THAT(exchange("POST /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(exchange("HEAD /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(EventStreams, HaveSoManyListenersAndNotOneMore) {
    std::size_t listening = 0;
    EventStreamOptions options;
    options.listeners_max = 2;
    start(std::move(options),
          [&listening](EventStream stream, ServerRequest) { return tick(&listening, std::move(stream)); });
    const Tcp::socket first = listener();
    std::optional<Tcp::socket> second = listener();
    ASSERT_TRUE(eventually([&listening] { return listening == 2; }));
    const std::string one_more = "GET /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    EXPECT_THAT(exchange(one_more), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("2 listen already")));
    second.reset();
    ASSERT_TRUE(eventually([&listening] { return listening == 1; }));
    EXPECT_THAT(exchange(one_more, Milliseconds(500)), StartsWith("HTTP/1.1 200 ")) << "a place was left";
}

TEST_F(EventStreams, DropAListenerThatDoesNotRead) {
    bool dropped = false;
    EventStreamOptions options;
    options.patience = Milliseconds(100);
    start(std::move(options),
          [&dropped](EventStream stream, ServerRequest) { return flood(&dropped, std::move(stream)); });
    const Tcp::socket silent = listener();
    EXPECT_TRUE(eventually([&dropped] { return dropped; }));
}

TEST_F(EventStreams, EndWithTheServer) {
    start({}, hang);
    const Tcp::socket open = listener();
    run(nap());
    EXPECT_TRUE(serving->stop());
}

}  // namespace
}  // namespace emeth::http
