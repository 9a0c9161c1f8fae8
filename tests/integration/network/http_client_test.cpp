// The client against servers that behave and servers that do not, on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/client.hpp"
#include "http/connection.hpp"
#include "http/server.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::http {
namespace {

using test::Background;
using test::CannedServer;
using ::testing::HasSubstr;

Task<Answer> describe(ServerRequest request) {
    ServerResponse response;
    response.content_type = "text/plain";
    response.headers["X-Method"] = request.method;
    response.body = request.path + "|" + request.body;
    co_return response;
}

Task<> ask(ClientRequest asked) {
    auto asking = request(asked);
    co_await std::move(asking);
}

class HttpClient : public test::IoFixture {
protected:
    HttpClient() {
        server.route("GET", "/hello", 0, describe);
        server.route("POST", "/hello", 1 << 20, describe);
        server.listen().value();
    }

    ClientRequest to(std::uint16_t port, const std::string& target = "/hello") {
        ClientRequest asked;
        asked.url = Url::parse("http://127.0.0.1:" + std::to_string(port) + target).value();
        asked.timeout = Milliseconds{5'000};
        return asked;
    }
    Error error_of(const ClientRequest& asked) {
        const Result<ClientResponse> response = run(request(asked));
        return response ? Error{ErrorKind::permanent, "no error"} : response.error();
    }

    Server server{executor(), {}};
};

TEST_F(HttpClient, TriesTheAddressesOfANameInTurn) {
    const auto loopback = asio::ip::address_v4::loopback();
    const auto refusing = [&] {
        const asio::ip::tcp::acceptor closed_again(io, {loopback, 0});
        return closed_again.local_endpoint();
    }();
    const Background serving(io, server.run());
    PlainStream stream(io);
    const std::vector<asio::ip::tcp::endpoint> one_answers{refusing, {loopback, server.port()}, refusing};
    EXPECT_FALSE(run(connect_in_turn(&stream, one_answers, Milliseconds(5'000))));
    EXPECT_EQ(stream.socket().remote_endpoint().port(), server.port());
    stream.close();
    const std::vector<asio::ip::tcp::endpoint> none_answers{refusing, refusing};
    EXPECT_EQ(run(connect_in_turn(&stream, none_answers, Milliseconds(5'000))), asio::error::connection_refused);
}

TEST_F(HttpClient, GetsAnAnswer) {
    const Background serving(io, server.run());
    const ClientResponse response = run(request(to(server.port()))).value();
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.body, "/hello|");
    EXPECT_EQ(response.headers.at("x-method"), "GET");
    EXPECT_EQ(response.headers.at("content-type"), "text/plain");
}

TEST_F(HttpClient, TakesNoHeadForTheBodyThatItAnnounces) {
    CannedServer announcing(executor(), "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n");
    const Background serving(io, announcing.run());
    ClientRequest asked = to(announcing.port());
    asked.method = "HEAD";
    const ClientResponse response = run(request(asked)).value();
    EXPECT_EQ(response.headers.at("content-length"), "5000000000");
    EXPECT_EQ(response.body, "");
}

TEST_F(HttpClient, SendsABody) {
    const Background serving(io, server.run());
    ClientRequest asked = to(server.port());
    asked.method = "POST";
    asked.body = std::string(900'000, 'x');
    EXPECT_EQ(run(request(asked)).value().body.size(), 900'000u + 7);
}

TEST_F(HttpClient, AHeadHasNoBody) {
    const Background serving(io, server.run());
    ClientRequest asked = to(server.port());
    asked.method = "HEAD";
    const ClientResponse response = run(request(asked)).value();
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.headers.at("content-length"), "7");
}

TEST_F(HttpClient, SkipsInterimAnswers) {
    CannedServer canned(executor(),
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const Background serving(io, canned.run());
    const ClientResponse response = run(request(to(canned.port()))).value();
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.body, "ok");
}

TEST_F(HttpClient, InterimAnswersWithoutEndAreAnError) {
    std::string interim;
    for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
    CannedServer canned(executor(), interim);
    const Background serving(io, canned.run());
    EXPECT_EQ(error_of(to(canned.port())).kind, ErrorKind::transient);
}

TEST_F(HttpClient, FollowsRedirects) {
    const Background serving(io, server.run());
    CannedServer canned(executor(), "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: " +
                                        server.url() + "/hello\r\n\r\n");
    const Background redirecting(io, canned.run());
    EXPECT_EQ(run(request(to(canned.port()))).value().body, "/hello|");
    ClientRequest with_body = to(canned.port());
    with_body.method = "POST";
    with_body.body = "signature";
    EXPECT_THAT(error_of(with_body).message, HasSubstr("not passed to another host"));
}

TEST_F(HttpClient, ACircleOfRedirectsEnds) {
    CannedServer canned(
        executor(), "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /\r\n\r\n");
    const Background serving(io, canned.run());
    EXPECT_THAT(error_of(to(canned.port())).message, HasSubstr("redirects"));
    EXPECT_EQ(canned.connections(), 6u);
}

TEST_F(HttpClient, NamesAnEncodingThatItDidNotAskFor) {
    CannedServer canned(executor(), "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b");
    const Background serving(io, canned.run());
    EXPECT_THAT(error_of(to(canned.port())).message, HasSubstr("gzip"));
}

TEST_F(HttpClient, AnErrorStatusIsAResponse) {
    const Background serving(io, server.run());
    EXPECT_EQ(run(request(to(server.port(), "/nowhere"))).value().status, 404u);
}

TEST_F(HttpClient, KeepsConnectionsAndReplacesStaleOnes) {
    const std::string keep_alive = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    CannedServer closing(executor(), keep_alive);  // promises to keep the connection, and closes it
    const Background serving(io, closing.run());
    for (int i = 0; i < 3; ++i) {
        ClientRequest asked = to(closing.port());
        asked.method = "POST";
        EXPECT_EQ(run(request(asked)).value().body, "ok") << i;
    }
    EXPECT_EQ(closing.connections(), 3u);
}

TEST_F(HttpClient, ARefusedConnectionNamesTheOriginAlone) {
    server = Server(executor(), {});  // nobody listens at its port any more
    const Error error = error_of(to(1, "/x?signature=secret"));
    EXPECT_EQ(error.kind, ErrorKind::transient);
    EXPECT_THAT(error.message, HasSubstr("http://127.0.0.1:1: Connection refused"));
    EXPECT_EQ(error.message.find("secret"), std::string::npos);
}

TEST_F(HttpClient, AServerThatNeverAnswersIsGivenUp) {
    CannedServer silent(executor(), "", true);
    const Background serving(io, silent.run());
    ClientRequest asked = to(silent.port());
    asked.timeout = Milliseconds{200};
    const Error error = error_of(asked);
    EXPECT_EQ(error.kind, ErrorKind::transient);
    EXPECT_THAT(error.message, HasSubstr("200 ms"));
}

TEST_F(HttpClient, AServerThatStopsInTheMiddleIsGivenUp) {
    CannedServer stuck(executor(), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true);
    const Background serving(io, stuck.run());
    ClientRequest asked = to(stuck.port());
    asked.timeout = Milliseconds{200};
    EXPECT_EQ(error_of(asked).kind, ErrorKind::transient);
}

TEST_F(HttpClient, ATruncatedAnswerIsAnError) {
    CannedServer truncating(executor(), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    const Background serving(io, truncating.run());
    EXPECT_EQ(error_of(to(truncating.port())).kind, ErrorKind::transient);
}

TEST_F(HttpClient, AnAnswerWithoutALengthEndsWithTheConnection) {
    CannedServer old(executor(), "HTTP/1.0 200 OK\r\n\r\nall of it");
    const Background serving(io, old.run());
    EXPECT_EQ(run(request(to(old.port()))).value().body, "all of it");
}

TEST_F(HttpClient, ATooLongAnswerIsAnErrorWhetherAnnouncedOrNot) {
    const std::string body(2'000, 'x');
    for (const std::string& header :
         {std::string("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"), std::string("HTTP/1.0 200 OK\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n")}) {
        CannedServer chatty(executor(),
                            header + body + (header.find("chunked") != std::string::npos ? "\r\n0\r\n\r\n" : ""));
        const Background serving(io, chatty.run());
        ClientRequest asked = to(chatty.port());
        asked.response_bytes_max = 1'999;
        EXPECT_THAT(error_of(asked).message, HasSubstr("longer than 1999 bytes")) << header;
        asked.response_bytes_max = 2'000;
        EXPECT_EQ(run(request(asked)).value().body.size(), 2'000u) << header;
    }
}

TEST_F(HttpClient, AnEndlessHeaderIsAnError) {
    CannedServer hostile(executor(), "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), true);
    const Background serving(io, hostile.run());
    EXPECT_EQ(error_of(to(hostile.port())).kind, ErrorKind::transient);
}

TEST_F(HttpClient, WhatIsNoHttpIsAnError) {
    CannedServer other(executor(), "220 mail.example.org ESMTP\r\n");
    const Background serving(io, other.run());
    EXPECT_EQ(error_of(to(other.port())).kind, ErrorKind::transient);
}

TEST_F(HttpClient, TlsIsNotFooledByAPlainServer) {
    const Background serving(io, server.run());
    ClientRequest asked = to(server.port());
    asked.url.scheme = "https";
    EXPECT_THAT(error_of(asked).message, HasSubstr("https://127.0.0.1"));
}

TEST_F(HttpClient, ACancelledRequestEndsAtOnce) {
    CannedServer silent(executor(), "", true);
    const Background serving(io, silent.run());
    ClientRequest asked = to(silent.port());
    asked.timeout = Milliseconds{60'000};
    Background asking(io, ask(asked));
    while (silent.connections() == 0) io.run_one();
    EXPECT_FALSE(asking.ended());
    EXPECT_TRUE(asking.stop(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace emeth::http
