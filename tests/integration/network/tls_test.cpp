// The client over TLS: whom it trusts and whom it does not. A program of its own, because the trusted certificates are
// read once per process.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "http/client.hpp"
#include "support/certificate.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

namespace ssl = asio::ssl;
using ::testing::HasSubstr;
using Tcp = asio::ip::tcp;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

class Tls : public test::IoFixture {
protected:
    static void SetUpTestSuite() {
        folder = new test::TemporaryFolder();
        test::make_certificate(*folder / "trusted");
        test::make_certificate(*folder / "foreign");
        ::setenv("SSL_CERT_FILE", (*folder / "trusted.pem").c_str(), 1);
    }
    static void TearDownTestSuite() { delete folder; }

    static Task<> serve(Tcp::acceptor* acceptor, ssl::context* context) {
        for (;;) {
            auto accepting = acceptor->async_accept(asio::use_awaitable);
            ssl::stream<Tcp::socket> stream(co_await std::move(accepting), *context);
            auto greeting = stream.async_handshake(ssl::stream_base::server, token);
            const auto [error] = co_await std::move(greeting);
            if (error) continue;
            char request[1'024];
            auto reading = stream.async_read_some(asio::buffer(request), token);
            co_await std::move(reading);
            const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
            auto writing = asio::async_write(stream, asio::buffer(answer), token);
            co_await std::move(writing);
        }
    }

    /// What a client gets that asks `host` for a server with this certificate.
    Result<ClientResponse> ask(const std::string& host, const std::string& certificate) {
        ssl::context context(ssl::context::tls_server);
        context.use_certificate_file((*folder / (certificate + ".pem")).string(), ssl::context::pem);
        context.use_private_key_file((*folder / (certificate + ".key")).string(), ssl::context::pem);
        boost::system::error_code no_address;
        const auto address = asio::ip::make_address(host, no_address);
        Tcp::acceptor acceptor(io, Tcp::endpoint(no_address ? asio::ip::address_v4::loopback() : address, 0));
        const test::Background serving(io, serve(&acceptor, &context));
        ClientRequest asked;
        asked.url = Url::parse(fmt::format("https://{}:{}/", host, acceptor.local_endpoint().port())).value();
        return run(request(std::move(asked)));
    }

    static inline test::TemporaryFolder* folder = nullptr;
};

TEST_F(Tls, TrustsACertificateOfTheSystemForItsHost) {
    const Result<ClientResponse> response = ask("127.0.0.1", "trusted");
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "secret");
}

TEST_F(Tls, TrustsNoCertificateForAnotherHost) {
    const Result<ClientResponse> response = ask("127.0.0.2", "trusted");
    ASSERT_FALSE(response);
    EXPECT_THAT(response.error().message, HasSubstr("certificate verify failed"));
}

TEST_F(Tls, TrustsNoCertificateThatNobodyVouchesFor) {
    const Result<ClientResponse> response = ask("127.0.0.1", "foreign");
    ASSERT_FALSE(response);
    EXPECT_THAT(response.error().message, HasSubstr("certificate verify failed"));
}

TEST_F(Tls, AHostThatDoesNotExistIsATransientError) {
    const Result<ClientResponse> response = ask("no-such-host.invalid", "trusted");
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
    EXPECT_THAT(response.error().message, HasSubstr("no-such-host.invalid"));
}

}  // namespace
}  // namespace emeth::http
