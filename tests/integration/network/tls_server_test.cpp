// Our own listeners with TLS: what the server serves without it, it serves with it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "http/client.hpp"
#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "support/certificate.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t file_bytes = 3'000'000;

Task<Answer> say_where_from(ServerRequest request) {
    const boost::json::value answer{{"peer", request.peer_address}};
    co_return answer;
}

Task<Answer> say_how_much(ServerRequest request) {
    const boost::json::value answer{{"bytes", request.file->bytes}};
    co_return answer;
}

Task<> echo(WebSocket socket, ServerRequest /*request*/) {
    for (;;) {
        auto receiving = socket.receive();
        const Result<std::string> message = co_await std::move(receiving);
        if (!message) co_return;
        auto sending = socket.send(*message);
        co_await std::move(sending);
    }
}

Task<> tell_binding(WebSocket socket, ServerRequest /*request*/) {
    auto sending = socket.send(socket.channel_binding().value().hex());
    co_await std::move(sending);
}

Task<> tell_twice(EventStream stream, ServerRequest /*request*/) {
    for (const char* word : {"one", "two"}) {
        auto sending = stream.send("word", word);
        co_await std::move(sending);
    }
}

class TlsServer : public test::IoFixture {
protected:
    TlsServer() {
        test::make_certificate(folder / "first");
        test::make_certificate(folder / "second");
        test::make_certificate(folder / "own");
        install("first");
        certificate = ServerCertificate::load(folder / "own.pem", folder / "own.key").value();
        ServerOptions options;
        options.certificate = certificate;
        server.emplace(executor(), std::move(options));
        server->route_json("GET", "/where", 0, say_where_from);
        server->route_file("PUT", "/file", file_bytes, folder.path(), say_how_much);
        server->route("GET", "/file", 0, [this](ServerRequest) -> Task<Answer> {
            ServerResponse response;
            response.file = folder / "content";
            co_return response;
        });
        server->route_websocket("/talk", echo);
        server->route_websocket("/binding", tell_binding);
        server->route_events("/events", {}, tell_twice);
        server->listen().value();
        serving.emplace(io, server->run());
        std::ofstream(folder / "content") << std::string(file_bytes, 'x');
        trust_certificates(folder / "first.pem").value();
    }

    /// From the next load or reload on, this certificate is the server's.
    void install(const std::string& name) {
        for (const char* ending : {".pem", ".key"})
            std::filesystem::copy_file(folder / (name + ending), folder / (std::string("own") + ending),
                                       std::filesystem::copy_options::overwrite_existing);
    }
    Url url(const std::string& path) { return Url::parse(server->url() + path).value(); }
    /// Over a new connection.
    Result<ClientResponse> get(const std::string& path) {
        ClientRequest asked;
        asked.url = url(path);
        asked.headers["connection"] = "close";
        return run(request(std::move(asked)));
    }

    test::TemporaryFolder folder;
    BlockingPool pool{1};
    std::shared_ptr<ServerCertificate> certificate;
    std::optional<Server> server;
    std::optional<Background> serving;
};

TEST_F(TlsServer, ServesWhatItServesWithoutTls) {
    EXPECT_THAT(server->url(), StartsWith("https://127.0.0.1:"));
    EXPECT_EQ(get("/where").value().body, R"({"peer":"127.0.0.1"})");
    EXPECT_EQ(get("/nowhere").value().status, 404u);

    const auto down = run(download_file(pool, url("/file"), folder / "copy", file_bytes, Milliseconds{5'000}, {}));
    ASSERT_TRUE(down) << down.error().message;
    EXPECT_EQ(down->bytes, file_bytes);
    const auto up = run(upload_range(url("/file"), folder / "content", 0, file_bytes, Milliseconds{5'000}));
    EXPECT_EQ(up.value().body, fmt::format(R"({{"bytes":{}}})", file_bytes));

    EXPECT_EQ(get("/events").value().body, event_text("word", "one") + event_text("word", "two"));
}

TEST_F(TlsServer, ServesWebSockets) {
    WebSocket socket = run(WebSocket::connect(url("/talk"), Milliseconds{5'000})).value();
    EXPECT_EQ(socket.peer_address(), "127.0.0.1");
    run(socket.send(std::string(1'000'000, 'x'))).value();
    EXPECT_EQ(run(socket.receive()).value().size(), 1'000'000u);
}

TEST_F(TlsServer, BothEndsOfAConnectionKnowItsBindingWhichNoOtherHas) {
    std::set<std::string> bindings;
    for (int connection = 0; connection < 3; ++connection) {
        WebSocket socket = run(WebSocket::connect(url("/binding"), Milliseconds{5'000})).value();
        const std::string told = run(socket.receive()).value();
        EXPECT_EQ(socket.channel_binding().value().hex(), told);
        bindings.insert(told);
    }
    EXPECT_EQ(bindings.size(), 3u);
}

TEST_F(TlsServer, ShowsTheNewCertificateAfterAReloadAndKeepsTheOldOneWhereThatFails) {
    EXPECT_TRUE(get("/where"));
    install("second");
    ASSERT_TRUE(certificate->reload());
    // Nobody vouches for the second one yet.
    EXPECT_THAT(get("/where").error().message, HasSubstr("certificate verify failed"));
    trust_certificates(folder / "second.pem").value();
    EXPECT_TRUE(get("/where"));

    std::ofstream(folder / "own.pem") << "no certificate";
    const Result<void> refused = certificate->reload();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("own.pem is no certificate in PEM"));
    EXPECT_TRUE(get("/where"));
}

TEST_F(TlsServer, TellsWhoSpeaksPlainHttpThatItSpeaksTls) {
    const std::string answer = run(test::raw_exchange(server->port(), "GET /where HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, HasSubstr("this port speaks TLS"));
    EXPECT_TRUE(get("/where"));
}

TEST_F(TlsServer, EndsAConnectionThatNeverShakesHands) {
    ServerOptions options;
    options.certificate = certificate;
    options.idle_timeout = Milliseconds{200};
    Server impatient(executor(), std::move(options));
    impatient.listen().value();
    const Background running(io, impatient.run());
    EXPECT_EQ(run(test::raw_exchange(impatient.port(), "")), "");
}

TEST_F(TlsServer, NeedsACertificateItsKeyAndThatNobodyElseCanReadTheKey) {
    const auto load = [this](const char* pem, const char* key) {
        const auto loaded = ServerCertificate::load(folder / pem, folder / key);
        return loaded.has_error() ? loaded.error().message : std::string();
    };
    EXPECT_EQ(load("first.pem", "first.key"), "");
    EXPECT_THAT(load("none.pem", "first.key"), HasSubstr("none.pem"));
    EXPECT_THAT(load("first.pem", "none.key"), HasSubstr("none.key"));
    EXPECT_THAT(load("first.pem", "second.key"), HasSubstr("second.key"));
    EXPECT_THAT(load("first.pem", "content"), HasSubstr("content"));
    std::filesystem::permissions(folder / "first.key", std::filesystem::perms(0644));
    EXPECT_THAT(load("first.pem", "first.key"), HasSubstr("chmod 600"));
}

TEST_F(TlsServer, TrustsNoFileWithoutCertificates) {
    EXPECT_THAT(trust_certificates(folder / "content").error().message, HasSubstr("content"));
    EXPECT_THAT(trust_certificates(folder / "none.pem").error().message, HasSubstr("none.pem"));
}

}  // namespace
}  // namespace emeth::http
