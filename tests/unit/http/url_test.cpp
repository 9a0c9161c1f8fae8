#include <gtest/gtest.h>

#include "http/client.hpp"
#include "http/host_header.hpp"

namespace emeth::http {
namespace {

Url parsed(std::string_view text) {
    return Url::parse(text).value();
}

TEST(Url, TakesAnAbsoluteUrlApart) {
    const Url url = parsed("http://example.org:3000/api/v1/jobs?status=0");
    EXPECT_EQ(url.scheme, "http");
    EXPECT_EQ(url.host, "example.org");
    EXPECT_EQ(url.port, 3000);
    EXPECT_EQ(url.target, "/api/v1/jobs?status=0");
    EXPECT_EQ(url.text(), "http://example.org:3000/api/v1/jobs?status=0");
    EXPECT_EQ(url.origin(), "http://example.org:3000");
}

TEST(Url, KnowsTheUsualPorts) {
    EXPECT_EQ(parsed("http://h").port, 80);
    EXPECT_EQ(parsed("ws://h").port, 80);
    EXPECT_EQ(parsed("https://h").port, 443);
    EXPECT_EQ(parsed("WSS://h").port, 443);
}

TEST(Url, HasAlwaysATarget) {
    EXPECT_EQ(parsed("http://h").target, "/");
    EXPECT_EQ(parsed("http://h?x=1").target, "/?x=1");
    EXPECT_EQ(parsed("http://h/a%20b").target, "/a%20b");
}

TEST(Url, KeepsAnIpv6Host) {
    const Url url = parsed("http://[::1]:8080/x");
    EXPECT_EQ(url.host, "::1");
    EXPECT_EQ(url.text(), "http://[::1]:8080/x");
}

TEST(Url, RefusesWhatItCannotUse) {
    for (const std::string_view text :
         {"", "example.org", "/path", "ftp://h/", "http://", "http:///path", "http://h:0/", "http://h:65536/",
          "http://h:x/", "http://h:/", "http://user@h/", "http://user:password@h/", "http://h/#part", "http://h/a b",
          "http://h/\r\nHost: evil", "http://h%00/", "http://h%2f/", "http://h/%zz", "http://127.0.0.1:80path"})
        EXPECT_FALSE(Url::parse(text)) << text;
    EXPECT_FALSE(Url::parse("http://h/" + std::string(10'000, 'a')));
}

TEST(Url, RefusesAHostThatItCouldNotWriteAgain) {
    for (const std::string_view text :
         {"wss://a%eeb/", "http://a%5bb/", "http://a%25/", "http://a,b/", "http://[v1.x]/", "http://[fe80::1%25eth0]/"})
        EXPECT_FALSE(Url::parse(text)) << text;
    EXPECT_EQ(parsed("http://a%62-c_1.de/").host, "ab-c_1.de");
}

TEST(Url, AnErrorShowsTheHostButNeitherPathNorQuery) {
    const Result<Url> bad = Url::parse("gopher://h/secret?signature=secret");
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("gopher://h/"), std::string::npos);
    EXPECT_EQ(bad.error().message.find("secret"), std::string::npos);
    EXPECT_EQ(bad.error().kind, ErrorKind::permanent);
}

TEST(Url, IsABaseForPaths) {
    EXPECT_EQ(parsed("http://h:1").at("/api?x=1").text(), "http://h:1/api?x=1");
    EXPECT_EQ(parsed("http://h:1/").at("/api").text(), "http://h:1/api");
    EXPECT_EQ(parsed("http://h:1/prefix/?old=1").at("/api").text(), "http://h:1/prefix/api");
}

TEST(PercentEncoded, LeavesNothingThatSeparates) {
    EXPECT_EQ(percent_encoded("aZ0-._~"), "aZ0-._~");
    EXPECT_EQ(percent_encoded("dataset/x y&z=1%"), "dataset%2Fx%20y%26z%3D1%25");
    EXPECT_EQ(percent_encoded("\xff"), "%FF");
}

ClientResponse response(unsigned status, std::string body) {
    ClientResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

TEST(HostHeader, LeavesTheUsualPortOut) {
    const auto host_of = [](const char* text) { return host_header(Url::parse(text).value()); };
    EXPECT_EQ(host_of("https://s3.example.org/a"), "s3.example.org");
    EXPECT_EQ(host_of("https://s3.example.org:443/a"), "s3.example.org");
    EXPECT_EQ(host_of("wss://[::1]/"), "[::1]");
    EXPECT_EQ(host_of("http://s3.example.org:443/a"), "s3.example.org:443");
    EXPECT_EQ(host_of("http://[::1]:9000/"), "[::1]:9000");
}

TEST(StatusError, IsTransientWhereTryingAgainMayHelp) {
    for (const unsigned status : {408u, 425u, 429u, 500u, 502u, 503u, 599u})
        EXPECT_EQ(status_error("storage", response(status, "")).kind, ErrorKind::transient) << status;
    for (const unsigned status : {301u, 400u, 401u, 403u, 404u, 409u, 413u})
        EXPECT_EQ(status_error("storage", response(status, "")).kind, ErrorKind::permanent) << status;
}

TEST(RetryAfter, IsReadFromWhatAsksForPatience) {
    const auto asked = [](unsigned status, const std::string& value) {
        ClientResponse answer = response(status, "");
        answer.headers["retry-after"] = value;
        return retry_after(answer);
    };
    EXPECT_EQ(asked(429, "7"), Milliseconds(7'000));
    EXPECT_EQ(asked(503, "0"), Milliseconds(0));
    EXPECT_FALSE(asked(200, "7"));
    EXPECT_FALSE(retry_after(response(429, "")));
    for (const char* text : {"", "-1", "1.5", "99999999999", "Fri, 31 Dec 1999 23:59:59 GMT"})
        EXPECT_FALSE(asked(429, text)) << text;
}

TEST(StatusError, ShowsTheStartOfTheBodyOnOneLine) {
    EXPECT_EQ(status_error("storage", response(503, "busy\nnow")).message,
              "storage answered 503 Service Unavailable: busy now");
    EXPECT_LT(status_error("storage", response(503, std::string(5'000, 'x'))).message.size(), 300u);
}

}  // namespace
}  // namespace emeth::http
