// The server under good and bad requests, on loopback; the bad ones are bytes on a socket.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "crypto/sha256.hpp"
#include "http/client.hpp"
#include "http/file_pieces.hpp"
#include "http/server.hpp"
#include "runtime/durable_file.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Task<Answer> echo(ServerRequest request) {
    ServerResponse response;
    response.body = request.body;
    for (const auto& [name, value] : request.captures) response.headers["X-" + name] = value;
    co_return response;
}

Task<Answer> fail(ServerRequest) {
    throw std::runtime_error("a handler's bug");
    co_return ServerResponse{};
}

Task<Answer> never(ServerRequest) {
    auto sleeping = system_clock().sleep(std::chrono::hours(1));
    co_await std::move(sleeping);
    co_return ServerResponse{};
}

/// No two megabytes of it are the same.
std::string patterned(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i % 251 + i / 65'537);
    return text;
}

Task<> send_for_ever(std::uint16_t port) {
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    auto connecting = socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
    co_await std::move(connecting);
    std::string piece = "PUT /endless HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000\r\n\r\n";
    for (;; piece = patterned(1 << 20)) {
        auto writing = asio::async_write(socket, asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
        const auto [error, bytes] = co_await std::move(writing);
        if (error) co_return;
    }
}

class HttpServer : public test::IoFixture {
protected:
    void start(ServerOptions options = {}) {
        server.emplace(executor(), options);
        server->route("GET", "/echo", 0, echo);
        server->route("POST", "/echo", 1'000, echo);
        server->route("GET", "/objects/{name}", 0, echo);
        server->route("GET", "/fail", 0, fail);
        server->route("GET", "/never", 0, never);
        server->route("GET", "/file", 0, [this](ServerRequest) { return send_file(folder / "big"); });
        server->route_file(
            "PUT", "/files/{name}", 3'000'000, folder.path(),
            [this](ServerRequest request) { return keep(this, std::move(request)); },
            [](const ServerRequest& request) -> OrRefusal<std::shared_ptr<void>> {
                if (request.captures.at("name") == "forbidden") return forbidden("not that one");
                return std::shared_ptr<void>();
            });
        server->listen().value();
        serving.emplace(io, server->run());
    }
    static Task<Answer> send_file(std::filesystem::path file) {
        ServerResponse response;
        response.file = file;
        co_return response;
    }
    static Task<Answer> keep(HttpServer* test, ServerRequest request) {
        test->received = request.file;
        if (request.captures.at("name") == "published")
            publish_file(request.file->path, test->folder / "published").value();
        co_return ServerResponse{};
    }

    std::string exchange(const std::string& bytes) { return run(test::raw_exchange(server->port(), bytes)); }
    std::string get(const std::string& target) {
        return exchange("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    }
    std::string send(const std::string& method, const std::string& target, const std::string& body,
                     const std::string& headers = "") {
        return exchange(fmt::format("{} {} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{}",
                                    method, target, headers, body.size(), body));
    }

    test::TemporaryFolder folder;
    std::optional<ReceivedFile> received;
    std::optional<Server> server;
    std::optional<Background> serving;
};

TEST_F(HttpServer, AnswersItsRoutes) {
    start();
    EXPECT_THAT(send("POST", "/echo", "hello"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\n\r\nhello")));
    EXPECT_THAT(get("/objects/a%20b"), HasSubstr("X-name: a b\r\n"));
}

TEST_F(HttpServer, ServesManyRequestsOfOneConnection) {
    start();
    const std::string one = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
    const std::string answers =
        exchange(one + "abc" + one + "def" + "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answers, AllOf(HasSubstr("\r\n\r\nabc"), HasSubstr("\r\n\r\ndef")));
}

TEST_F(HttpServer, SaysWhatIsWrongWithARequest) {
    start();
    EXPECT_THAT(get("/nowhere"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(send("PUT", "/echo", ""), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("allow: GET, POST\r\n")));
    EXPECT_THAT(exchange("BLAH\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(exchange("GET / SMTP\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(exchange("GET /echo HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
                StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
                Not(StartsWith("HTTP/1.1 200")));
}

TEST_F(HttpServer, EndsTheConnectionAfterARequestThatCouldHideAnother) {
    start();
    const std::string hidden = "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    for (const char* headers :
         {"Host: h\r\nTransfer-Encoding: xchunked\r\n",
          "Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
          "Host: h\r\nContent-Length: 0\r\nContent-Length: 4\r\n", "Host: h\r\nHost: g\r\n", "",
          "Host: h\r\nContent-Length: 0\r\n\tContent-Length: 4\r\n", "Host: h\r\nContent-Length : 4\r\n"}) {
        const std::string answers = exchange(fmt::format("POST /echo HTTP/1.1\r\n{}\r\n", headers) + hidden);
        EXPECT_THAT(answers, AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 501 "))) << headers;
        EXPECT_THAT(answers, AllOf(Not(HasSubstr("HTTP/1.1 200")), HasSubstr("Connection: close\r\n"))) << headers;
    }
    EXPECT_THAT(exchange("GET /echo HTTP/1.0\r\n\r\n"), HasSubstr(" 200 OK\r\n")) << "it names no host";
    EXPECT_THAT(exchange("GET /echo HTTP/3.0\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 505 "));
    EXPECT_THAT(exchange("GET /echo HTTP/1.1\nHost: h\n\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServer, LetsNoPathOut) {
    start();
    for (const char* target : {"/objects/..", "/objects/%2e%2e", "/objects/%2e%2e%2fsecret", "/objects/a%00b",
                               "/../etc/passwd", "/objects/a%2f..%2fb"})
        EXPECT_THAT(get(target), StartsWith("HTTP/1.1 400 ")) << target;
}

TEST_F(HttpServer, RefusesTooLongBodies) {
    start();
    EXPECT_THAT(send("POST", "/echo", std::string(1'000, 'x')), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(send("POST", "/echo", std::string(1'001, 'x')), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(send("POST", "/echo", std::string(5'000'000, 'x')), StartsWith("HTTP/1.1 413 "));
    const std::string chunks =
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n" + std::string(600, 'x') + "\r\n";
    EXPECT_THAT(exchange(chunks + "258\r\n" + std::string(600, 'x') + "\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServer, GoesOnAfterAHandlersException) {
    start();
    const std::string answer = get("/fail?signature=secret");
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("a handler's bug"))));
    EXPECT_THAT(get("/echo"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServer, ClosesAnIdleConnection) {
    start({.idle_timeout = Milliseconds{200}});
    EXPECT_EQ(exchange(""), "");
    EXPECT_EQ(exchange("GET /echo HT"), "");
    EXPECT_EQ(exchange("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf"), "");
}

TEST_F(HttpServer, HasABoundOnItsConnections) {
    start({.connections_max = 2});
    Background first(io, [](std::uint16_t port) -> Task<> {
        co_await test::raw_exchange(port, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n", Milliseconds{60'000});
    }(server->port()));
    Background second(io, [](std::uint16_t port) -> Task<> {
        co_await test::raw_exchange(port, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n", Milliseconds{60'000});
    }(server->port()));
    for (int i = 0; i < 50; ++i) io.run_one_for(std::chrono::milliseconds(5));
    const std::string refused = exchange("");
    EXPECT_THAT(refused, AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("too many connections")));
    const std::size_t body = refused.find("\r\n\r\n") + 4;
    EXPECT_THAT(refused, HasSubstr(fmt::format("Content-Length: {}\r\n", refused.size() - body)));
    first.stop();
    for (int i = 0; i < 50; ++i) io.run_one_for(std::chrono::milliseconds(5));
}

TEST_F(HttpServer, StreamsAFileOut) {
    start();
    const std::string content = patterned(9'000'003);
    test::write_text(folder / "big", content);
    const std::string answer = get("/file");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + content));
    EXPECT_THAT(answer.substr(0, 300), HasSubstr("Content-Length: 9000003\r\n"));
    const std::string part =
        exchange("GET /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\nRange: bytes=1000-7999999\r\n\r\n");
    EXPECT_TRUE(part.ends_with("\r\n\r\n" + content.substr(1'000, 7'999'000)));
    test::write_text(folder / "big", "");
    EXPECT_THAT(get("/file"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 0\r\n")));
    std::filesystem::remove(folder / "big");
    EXPECT_THAT(get("/file"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(HttpServer, StreamsAFileIn) {
    start();
    const std::string content(2'500'001, 'z');
    EXPECT_THAT(send("PUT", "/files/published", content), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(received->bytes, content.size());
    EXPECT_EQ(received->sha256, crypto::sha256(content));
    EXPECT_TRUE(test::read_text(folder / "published") == content);
    EXPECT_EQ(std::filesystem::status(folder / "published").permissions(), std::filesystem::perms(0600));
}

TEST_F(HttpServer, KeepsTheOrderOfAFileHoweverItComes) {
    start();
    const std::string content = patterned(2'999'999);
    EXPECT_THAT(send("PUT", "/files/published", content), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(received->sha256, crypto::sha256(content));
    EXPECT_TRUE(test::read_text(folder / "published") == content) << "at once";

    std::string chunked =
        "PUT /files/published HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < content.size(); at += 300'001) {
        const std::string chunk = content.substr(at, 300'001);
        chunked += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
    }
    EXPECT_THAT(exchange(chunked + "0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(received->sha256, crypto::sha256(content));
    EXPECT_TRUE(test::read_text(folder / "published") == content) << "in chunks";

    const std::string head = "PUT /files/{} HTTP/1.1\r\nHost: h\r\nConnection: {}\r\nContent-Length: {}\r\n\r\n";
    const std::string answers = exchange(fmt::format(fmt::runtime(head), "dropped", "keep-alive", content.size()) +
                                         content + fmt::format(fmt::runtime(head), "published", "close", 3) + "end");
    EXPECT_THAT(answers.substr(1), HasSubstr("HTTP/1.1 200 ")) << "the second answer";
    EXPECT_EQ(test::read_text(folder / "published"), "end");
}

TEST_F(HttpServer, SaysThatTheDiskIsFullInTheMiddleOfAFileAndGoesOn) {
    start();
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{1'000'000, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string refused = send("PUT", "/files/published", patterned(2'900'000));
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, handler);
    EXPECT_THAT(refused, AllOf(StartsWith("HTTP/1.1 507 "), HasSubstr("cannot write")));
    EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
    EXPECT_THAT(send("PUT", "/files/published", "new"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServer, LeavesNothingOfAFileThatWasComingWhenItEnded) {
    start();
    server->route_file("PUT", "/endless", std::uint64_t{1} << 40, folder.path(),
                       [this](ServerRequest request) { return keep(this, std::move(request)); });
    Background sending(io, send_for_ever(server->port()));
    const auto taken = [this] {
        std::error_code none_yet;
        const auto bytes = std::filesystem::file_size(folder / "incoming-1.tmp", none_yet);
        return none_yet ? 0 : bytes;
    };
    while (taken() < 3 * piece_bytes && io.run_one_for(std::chrono::seconds(5)) > 0) {
    }
    EXPECT_GE(taken(), 3 * piece_bytes);
    EXPECT_TRUE(serving->stop(std::chrono::seconds(5)));
    EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
}

TEST_F(HttpServer, AsksForTheBodyThatWaitsForIt) {
    start();
    EXPECT_THAT(send("PUT", "/files/published", "abc", "Expect: 100-continue\r\n"),
                StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
}

TEST_F(HttpServer, KeepsNoFileThatWasNotPublished) {
    start();
    EXPECT_THAT(send("PUT", "/files/dropped", "abc"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
    EXPECT_THAT(send("PUT", "/files/dropped", std::string(3'000'001, 'x')), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(exchange("PUT /files/dropped HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c1\r\n" +
                         std::string(3'000'001, 'x') + "\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
}

TEST_F(HttpServer, KeepsNoFileOfAPeerThatWentAway) {
    start();
    run([](std::uint16_t port) -> Task<> {
        co_await test::raw_exchange(port, "PUT /files/dropped HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf",
                                    Milliseconds{100});
    }(server->port()));
    for (int i = 0; i < 50; ++i) io.run_one_for(std::chrono::milliseconds(5));
    EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
    EXPECT_FALSE(received);
}

TEST_F(HttpServer, AsksItsDoorkeeperBeforeItReadsTheBody) {
    start();
    EXPECT_THAT(send("PUT", "/files/forbidden", std::string(2'000'000, 'x')), StartsWith("HTTP/1.1 403 "));
    EXPECT_FALSE(received);
}

TEST_F(HttpServer, TakesTheNextNameWhenATemporaryIsLeftOver) {
    start();
    test::write_text(folder / "incoming-1.tmp", "of a crash");
    EXPECT_THAT(send("PUT", "/files/published", "new"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(test::read_text(folder / "published"), "new");
    EXPECT_EQ(test::read_text(folder / "incoming-1.tmp"), "of a crash");
}

TEST_F(HttpServer, CannotUseTheDiskWhenThereIsNoFolder) {
    start();
    std::filesystem::remove_all(folder.path());
    EXPECT_THAT(send("PUT", "/files/published", "new"), StartsWith("HTTP/1.1 507 "));
}

TEST_F(HttpServer, EndsEveryConnectionWhenItIsCancelled) {
    start();
    const std::uint16_t port = server->port();
    Background handling(io, [](std::uint16_t at) -> Task<> {
        co_await test::raw_exchange(at, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n", Milliseconds{60'000});
    }(port));
    Background idle(
        io, [](std::uint16_t at) -> Task<> { co_await test::raw_exchange(at, "GET /ec", Milliseconds{60'000}); }(port));
    Background sending(io, [](std::uint16_t at) -> Task<> {
        co_await test::raw_exchange(at, "PUT /files/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf",
                                    Milliseconds{60'000});
    }(port));
    for (int i = 0; i < 50; ++i) io.run_one_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(handling.ended() || idle.ended() || sending.ended());
    EXPECT_TRUE(serving->stop(std::chrono::seconds(5)));
    for (int i = 0; i < 50 && !(handling.ended() && idle.ended() && sending.ended()); ++i)
        io.run_one_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(handling.ended());
    EXPECT_TRUE(idle.ended());
    EXPECT_TRUE(sending.ended());
    EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
}

TEST_F(HttpServer, SaysWhyItCannotListen) {
    start();
    Server second(executor(), {.port = server->port()});
    const Result<void> refused = second.listen();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message,
                HasSubstr(fmt::format("127.0.0.1:{}: Address already in use", server->port())));
    EXPECT_FALSE(Server(executor(), {.host = "example.org"}).listen());
}

}  // namespace
}  // namespace emeth::http
