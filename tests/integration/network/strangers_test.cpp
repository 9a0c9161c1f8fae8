// A server among strangers who want to starve it, on loopback, where each address of 127.0.0.0/8 is somebody else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <optional>
#include <sstream>

#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "runtime/log.hpp"
#include "runtime/with_timeout.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Tcp = asio::ip::tcp;

constexpr std::string_view get_who = "GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
constexpr std::string_view get_never = "GET /never HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view upgrade =
    "GET /talk HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

Task<Answer> who(ServerRequest request) {
    ServerResponse response;
    response.body = request.peer_address + (request.through_unnamed_proxy ? " through a proxy" : "");
    co_return response;
}

Task<> wait_for_ever() {
    return system_clock().sleep(std::chrono::hours(1));
}

Task<Answer> never(ServerRequest) {
    auto waiting = wait_for_ever();
    co_await std::move(waiting);
    co_return ServerResponse{};
}

class Strangers : public test::IoFixture {
protected:
    void start(ServerOptions options) {
        options.own_addresses = {*IpBlock::parse("127.0.0.1")};
        server.emplace(executor(), std::move(options));
        server->route("GET", "/who", 0, who);
        server->route("GET", "/never", 0, never);
        server->route_json("POST", "/json", 100'000, who);
        server->route("GET", "/file", 0, [this](ServerRequest) { return send_file(folder / "big"); });
        server->route_file("PUT", "/file", 100'000'000, folder.path(), who);
        server->route_events("/events", {.listeners_max = 4, .listeners_per_address_max = 2},
                             [](EventStream, ServerRequest) { return wait_for_ever(); });
        server->route_websocket("/talk", [this](WebSocket, ServerRequest request) {
            if (proves_itself) is_kept = request.keep_place();
            return wait_for_ever();
        });
        server->listen().value();
        serving.emplace(io, server->run());
    }
    static Task<Answer> send_file(std::filesystem::path file) {
        ServerResponse response;
        response.file = file;
        co_return response;
    }
    void TearDown() override {
        serving.reset();
        server.reset();
    }

    /// A connection of 127.0.0.`last`, on which `bytes` were sent.
    Tcp::socket& dial(unsigned last, std::string_view bytes = {}) {
        Tcp::socket& socket = sockets.emplace_back(io);
        socket.open(Tcp::v4());
        socket.bind({asio::ip::address_v4(0x7f000000U + last), 0});
        socket.connect({asio::ip::address_v4::loopback(), server->port()});
        asio::write(socket, asio::buffer(bytes));
        settle();
        return socket;
    }
    /// Until the server has dealt with all that has reached it: what was written on loopback, and the end of what was
    /// closed, are there already.
    void settle() {
        io.restart();
        io.poll();
    }
    /// All that comes until the server ends the connection; none if it has not for 5 s.
    std::optional<std::string> rest_of(Tcp::socket& socket) {
        auto rest = run(with_timeout(read_all(&socket), Milliseconds(5'000), "reading"));
        return rest.has_error() ? std::nullopt : std::optional(std::move(*rest));
    }
    static Task<Result<std::string>> read_all(Tcp::socket* socket) {
        std::string all;
        std::vector<char> piece(64 << 10);
        for (;;) {
            auto reading = socket->async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
            const auto [error, bytes] = co_await std::move(reading);
            if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
            all.append(piece.data(), bytes);
            if (error) co_return all;
        }
    }
    /// What 127.0.0.`last` is answered.
    std::string ask(unsigned last, std::string_view bytes = get_who) {
        return rest_of(dial(last, bytes)).value_or("nothing");
    }
    bool is_open(Tcp::socket& socket) {
        settle();
        socket.non_blocking(true);
        char byte = 0;
        boost::system::error_code error;
        socket.read_some(asio::buffer(&byte, 1), error);
        return !error || error == asio::error::would_block;
    }
    static Task<> trickle(Tcp::socket* socket) {
        for (;;) {
            auto writing = asio::async_write(*socket, asio::buffer("x", 1), asio::as_tuple(asio::use_awaitable));
            const auto [error, bytes] = co_await std::move(writing);
            if (error) co_return;
            co_await system_clock().sleep(Milliseconds(5));
        }
    }

    test::TemporaryFolder folder;
    bool proves_itself = false;
    std::optional<bool> is_kept;
    std::deque<Tcp::socket> sockets;
    std::optional<Server> server;
    std::optional<Background> serving;
};

TEST_F(Strangers, WhoOnlyHoldsConnectionsKeepsNobodyOut) {
    start({.connections_max = 16, .connections_per_address_max = 16});
    for (int i = 0; i < 40; ++i) dial(2, i % 2 == 0 ? "" : "GET /who HT");
    EXPECT_THAT(ask(3), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask(1), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(is_open(sockets[39]));
    EXPECT_FALSE(is_open(sockets[0])) << "the oldest gave way";
}

TEST_F(Strangers, WhoWasAnsweredWaitsAsOneOfThem) {
    start({.connections_max = 8});
    Tcp::socket& answered = dial(2, "GET /who HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(is_open(answered));
    for (unsigned i = 0; i < 7; ++i) dial(3 + i);
    EXPECT_THAT(rest_of(answered).value_or("nothing"), HasSubstr("127.0.0.2")) << "it gave way";
}

TEST_F(Strangers, OneAddressGetsItsShareWhateverItDoes) {
    start({.connections_max = 32, .connections_per_address_max = 3});
    for (int i = 0; i < 3; ++i) dial(2, get_never);
    EXPECT_THAT(ask(2), StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(ask(3), StartsWith("HTTP/1.1 200 "));
    for (unsigned i = 0; i < 3; ++i) EXPECT_TRUE(is_open(sockets[i])) << "what is being answered is not closed";
}

TEST_F(Strangers, AShareIsLeftToThisMachine) {
    start({.connections_max = 8});
    for (unsigned i = 0; i < 7; ++i) dial(2 + i, get_never);
    EXPECT_THAT(ask(20), StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(ask(1), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Strangers, AHeaderHasItsTime) {
    start({.header_time_max = Milliseconds(200)});
    Tcp::socket& slow = dial(2, "GET /who");
    EXPECT_EQ(rest_of(slow), "");
    Tcp::socket& idle = dial(2);
    run(system_clock().sleep(Milliseconds(300)));
    EXPECT_TRUE(is_open(idle)) << "it has not begun";
    asio::write(idle, asio::buffer(get_who));
    EXPECT_THAT(rest_of(idle).value_or("nothing"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Strangers, ABodyThatTricklesIsCutOff) {
    start({.pace = {.bytes_per_s_min = 1'000'000, .grace = Milliseconds(300)}});
    for (const char* request : {"PUT /file", "POST /json"}) {
        Tcp::socket& slow = dial(2, fmt::format("{} HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n", request));
        Background trickling(io, trickle(&slow));
        EXPECT_EQ(rest_of(slow), "") << request;
    }
    EXPECT_TRUE(test::files_below(folder.path()).empty());
}

TEST_F(Strangers, TextHasItsTimeWhateverItsPace) {
    start({.pace = {.bytes_per_s_min = 1}, .text_time_max = Milliseconds(300)});
    Tcp::socket& slow = dial(2, "POST /json HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n");
    Background trickling(io, trickle(&slow));
    EXPECT_EQ(rest_of(slow), "");
}

TEST_F(Strangers, WhoDoesNotReadHisAnswerIsCutOff) {
    start({.pace = {.bytes_per_s_min = 1'000'000'000, .grace = Milliseconds(300)}});
    test::write_text(folder / "big", std::string(50'000'000, 'x'));
    Tcp::socket& slow = dial(2, "GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
    run(system_clock().sleep(Milliseconds(600)));
    const auto rest = rest_of(slow);
    ASSERT_TRUE(rest);
    EXPECT_LT(rest->size(), 50'000'000U);
}

TEST_F(Strangers, ASlowBodyGivesWayBeforeItIsCutOff) {
    start({.connections_max = 8, .pace = {.grace = Milliseconds(600)}});
    for (unsigned i = 0; i < 7; ++i) dial(2 + i, "PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\nx");
    EXPECT_THAT(ask(20), StartsWith("HTTP/1.1 503 "));
    run(system_clock().sleep(Milliseconds(250)));
    EXPECT_THAT(ask(20), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Strangers, AWebSocketGivesWayUnlessItsPeerHasProvedWhoItIs) {
    start({.connections_max = 8, .kept_connections_max = 1, .websocket_patience = Milliseconds(100)});
    proves_itself = true;
    Tcp::socket& kept = dial(2, upgrade);
    EXPECT_EQ(is_kept, true);
    dial(3, upgrade);
    EXPECT_EQ(is_kept, false) << "so many are kept, and not one more";
    proves_itself = false;
    for (unsigned i = 0; i < 6; ++i) dial(4 + i, upgrade);
    EXPECT_THAT(ask(20), StartsWith("HTTP/1.1 503 "));
    run(system_clock().sleep(Milliseconds(200)));
    for (unsigned i = 0; i < 10; ++i) EXPECT_THAT(ask(20 + i), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(is_open(kept));
}

TEST_F(Strangers, AKnownPeersAddressComesBackWhateverIsHeld) {
    start({.connections_max = 8});
    proves_itself = true;
    Tcp::socket& worker = dial(2, upgrade);
    ASSERT_EQ(is_kept, true);
    for (unsigned i = 0; i < 7; ++i) dial(3 + i, get_never);
    worker.close();
    settle();
    EXPECT_THAT(ask(20), StartsWith("HTTP/1.1 503 "));
    is_kept.reset();
    dial(2, upgrade);
    EXPECT_EQ(is_kept, true);
}

TEST_F(Strangers, EventsAreForSoManyListenersOfAnAddress) {
    start({});
    constexpr std::string_view get_events = "GET /events HTTP/1.1\r\nHost: h\r\n\r\n";
    for (int i = 0; i < 2; ++i) dial(2, get_events);
    const std::string close = "GET /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    EXPECT_THAT(ask(2, close), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("2 listen already from 127.0.0.2")));
    dial(3, get_events);
    dial(1, get_events);
    EXPECT_THAT(ask(4, close), HasSubstr("4 listen already, as many as may at once"));
}

TEST_F(Strangers, AProxyThatIsNamedIsBelieved) {
    start({.connections_per_address_max = 2, .trusted_proxies = {*IpBlock::parse("127.0.0.9")}});
    const auto forwarded = [](std::string_view header) {
        return fmt::format("GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{}\r\n\r\n", header);
    };
    EXPECT_THAT(ask(9, forwarded("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9")),
                HasSubstr("\r\n\r\n203.0.113.9"));
    EXPECT_THAT(ask(1, forwarded("X-Forwarded-For: 203.0.113.9")), HasSubstr("\r\n\r\n127.0.0.1 through a proxy"));
    EXPECT_THAT(ask(1, forwarded("Via: 1.1 p")), HasSubstr("\r\n\r\n127.0.0.1 through a proxy"));
    EXPECT_THAT(ask(9, forwarded("Via: 1.1 p")), HasSubstr("\r\n\r\n127.0.0.9 through a proxy"));
    for (int i = 0; i < 5; ++i) dial(9, get_never);
    EXPECT_THAT(ask(9), StartsWith("HTTP/1.1 200 ")) << "it stands for many";
}

TEST_F(Strangers, WhatIsRefusedFillsNoLog) {
    std::ostringstream log;
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
    spdlog::default_logger()->sinks().push_back(sink);
    start({.connections_max = 8, .connections_per_address_max = 2});
    for (int i = 0; i < 2; ++i) dial(2, get_never);
    for (int i = 0; i < 50; ++i) dial(2);
    for (unsigned i = 0; i < 50; ++i) dial(3);
    spdlog::default_logger()->sinks().pop_back();
    const std::string text = log.str();
    EXPECT_THAT(text, AllOf(HasSubstr("too many connections from one address: from 127.0.0.2"),
                            HasSubstr("a connection gave its place to a new one: from 127.0.0.3")));
    EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

}  // namespace
}  // namespace emeth::http
