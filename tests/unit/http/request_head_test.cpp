// Which heads of requests are served, and which could hide a second request from somebody.
#include "http/request_head.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace emeth::http {
namespace {

/// 0: it is let pass.
unsigned status_of(const std::string& head) {
    const OrRefusal<void> checked = check_request_head(head);
    return checked.has_error() ? checked.error().status : 0;
}

/// Of a POST with these headers besides Host.
unsigned status_with(const std::string& headers) {
    return status_of("POST /a HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
}

unsigned status_with_host(const std::string& host) {
    return status_of("GET / HTTP/1.1\r\nHost:" + host + "\r\n\r\n");
}

TEST(RequestHead, OrdinaryOnesPass) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0U);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0U);
    EXPECT_EQ(status_with("Content-Length: 12\r\n"), 0U);
    EXPECT_EQ(status_with("Transfer-Encoding: Chunked \r\n"), 0U);
    EXPECT_EQ(status_with("X-Name:\tJ\xc3\xbcrgen \t und a:b\r\nEmpty:\r\n"), 0U);
}

TEST(RequestHead, HasOneTransferEncodingThatIsChunked) {
    for (const char* coding : {"xchunked", "gzip, chunked", "chunked, chunked", "chunked, identity", "identity", "",
                               "chunked;q=1", "\"chunked\"", "chunked,", "\vchunked"})
        EXPECT_NE(status_with(fmt::format("Transfer-Encoding: {}\r\n", coding)), 0U) << coding;
    EXPECT_EQ(status_with("Transfer-Encoding: xchunked\r\n"), 501U);
    EXPECT_EQ(status_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 501U);
    EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
}

TEST(RequestHead, SaysOnceHowLongItsBodyIs) {
    EXPECT_EQ(status_with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400U);
    EXPECT_EQ(status_with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400U);
    EXPECT_EQ(status_with("Content-Length: 3\r\nContent-Length: 3\r\n"), 400U);
    for (const char* length : {"", "-1", "+3", "3, 3", "0x3", "3 3", "3.0", "99999999999999999999"})
        EXPECT_EQ(status_with(fmt::format("Content-Length: {}\r\n", length)), 400U) << length;
}

TEST(RequestHead, NamesItsHostOnce) {
    for (const char* host : {"h", " h:3000 ", "127.0.0.1:1", "[::1]", "[::1]:3000", "a_b.example", "h:"})
        EXPECT_EQ(status_with_host(host), 0U) << host;
    for (const char* host :
         {"", " ", "a b", "a/b", "user@h", "h:x", "h:1:2", "[::1", "[]", "[::1]x", "::1", "h\t1", "[h%]"})
        EXPECT_EQ(status_with_host(host), 400U) << host;
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400U);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n"), 400U);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"), 400U);
}

TEST(RequestHead, HasLinesThatCannotBeReadInTwoWays) {
    EXPECT_EQ(status_with("A: 1\r\n 2\r\n"), 400U) << "a header that goes on in the next line";
    EXPECT_EQ(status_with("A: 1\r\n\tContent-Length: 3\r\n"), 400U);
    EXPECT_EQ(status_with("Content-Length : 3\r\n"), 400U);
    EXPECT_EQ(status_with("A\tB: 3\r\n"), 400U);
    EXPECT_EQ(status_with(": 3\r\n"), 400U);
    EXPECT_EQ(status_with("no colon\r\n"), 400U);
    EXPECT_EQ(status_with("A: 1\nContent-Length: 3\r\n"), 400U);
    EXPECT_EQ(status_with("A: 1\rContent-Length: 3\r\n"), 400U);
    EXPECT_EQ(status_with(std::string("A: 1\0002\r\n", 9)), 400U);
    EXPECT_EQ(status_with("A: \x7f\r\n"), 400U);
    EXPECT_EQ(status_with("\xc3\xbc: 1\r\n"), 400U);
    EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: h\n\n"), 400U);
    EXPECT_EQ(status_of("\r\n\r\n"), 400U);
    EXPECT_EQ(status_of(""), 400U);
}

TEST(RequestHead, BeginsWithMethodPathAndVersion) {
    for (const char* line : {"", "GET", "GET / ", "GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1",
                             "GET /a b HTTP/1.1", "GET /\x01 HTTP/1.1", "G(T / HTTP/1.1", "GET / http/1.1",
                             "GET / HTTP/1.1 ", "GET / HTTP/11", "GET / SMTP", "GET / HTTP/1.10"})
        EXPECT_EQ(status_of(fmt::format("{}\r\nHost: h\r\n\r\n", line)), 400U) << line;
    for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"})
        EXPECT_EQ(status_of(fmt::format("GET / {}\r\nHost: h\r\n\r\n", version)), 505U) << version;
}

TEST(RequestHead, HasSoManyHeadersAndNotOneMore) {
    std::string headers;
    for (std::size_t count = 1; count < header_fields_max; ++count) headers += "A: 1\r\n";
    EXPECT_EQ(status_with(headers), 0U) << "with Host";
    EXPECT_EQ(status_with(headers + "A: 1\r\n"), 431U);
}

TEST(RequestHead, IsMeasuredUpToItsEmptyLine) {
    EXPECT_EQ(head_bytes(""), std::nullopt);
    EXPECT_EQ(head_bytes("GET / HTTP/1.1\r\nHost: h\r\n\r"), std::nullopt);
    EXPECT_EQ(head_bytes("GET / HTTP/1.1\r\n\r\nGET"), std::string_view("GET / HTTP/1.1\r\n\r\n").size());
    EXPECT_EQ(head_bytes("GET / HTTP/1.1\nHost"), std::string_view("GET / HTTP/1.1\n").size())
        << "it is not waited for the end of what is malformed";
    EXPECT_EQ(head_bytes("\r\nGET"), 2U);
}

}  // namespace
}  // namespace emeth::http
