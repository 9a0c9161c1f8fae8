// What the server makes of answers, on loopback: parts of files, conditions, and gzip.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "http/client.hpp"
#include "http/content_coding.hpp"
#include "http/server.hpp"
#include "runtime/durable_file.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpAnswers : public test::IoFixture {
protected:
    HttpAnswers() : server(executor(), {}) {
        test::write_text(folder / "file", "0123456789");
        server.route("GET", "/file", 0, [this](ServerRequest) { return send_file(folder / "file"); });
        server.route("GET", "/text", 0, [this](ServerRequest) { return send_text(&text); });
        server.listen().value();
        serving.emplace(io, server.run());
    }
    static Task<Answer> send_file(std::filesystem::path file) {
        ServerResponse response;
        response.file = file;
        response.content_type = "text/plain";
        co_return response;
    }
    static Task<Answer> send_text(const ServerResponse* text) { co_return *text; }

    ClientResponse ask(const std::string& path, Headers headers, const std::string& method = "GET") {
        ClientRequest request;
        request.method = method;
        request.url = Url::parse(fmt::format("http://127.0.0.1:{}{}", server.port(), path)).value();
        request.headers = std::move(headers);
        return run(http::request(std::move(request))).value();
    }
    /// All bytes of an answer.
    std::string raw(const std::string& path, const std::string& headers) {
        return run(test::raw_exchange(
            server.port(), "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + headers + "\r\n"));
    }

    test::TemporaryFolder folder;
    ServerResponse text;
    Server server;
    std::optional<Background> serving;
};

TEST_F(HttpAnswers, APartOfAFile) {
    const ClientResponse middle = ask("/file", {{"range", "bytes=3-5"}});
    EXPECT_EQ(middle.status, 206u);
    EXPECT_EQ(middle.body, "345");
    EXPECT_EQ(middle.headers.at("content-range"), "bytes 3-5/10");
    EXPECT_EQ(middle.headers.at("content-length"), "3");
    EXPECT_EQ(ask("/file", {{"range", "bytes=7-"}}).body, "789");
    EXPECT_EQ(ask("/file", {{"range", "bytes=-1"}}).body, "9");
    const ClientResponse several = ask("/file", {{"range", "bytes=0-1,3-4"}});
    EXPECT_EQ(several.status, 200u);
    EXPECT_EQ(several.body, "0123456789");
    EXPECT_EQ(several.headers.at("accept-ranges"), "bytes");
}

TEST_F(HttpAnswers, APartThatIsNotThere) {
    const ClientResponse beyond = ask("/file", {{"range", "bytes=10-"}});
    EXPECT_EQ(beyond.status, 416u);
    EXPECT_EQ(beyond.headers.at("content-range"), "bytes */10");
    EXPECT_EQ(beyond.body, "");
}

TEST_F(HttpAnswers, APartOfTheFileThatTheClientKnows) {
    const std::string etag = ask("/file", {}).headers.at("etag");
    EXPECT_EQ(ask("/file", {{"range", "bytes=5-"}, {"if-range", etag}}).body, "56789");
    EXPECT_EQ(ask("/file", {{"range", "bytes=5-"}, {"if-range", "\"other\""}}).body, "0123456789");
    write_file_durably(folder / "file", "9876543210").value();
    EXPECT_NE(ask("/file", {}).headers.at("etag"), etag);
    EXPECT_EQ(ask("/file", {{"range", "bytes=5-"}, {"if-range", etag}}).body, "9876543210");
}

TEST_F(HttpAnswers, AFileThatTheClientHas) {
    const ClientResponse whole = ask("/file", {});
    const ClientResponse same = ask("/file", {{"if-none-match", whole.headers.at("etag")}});
    EXPECT_EQ(same.status, 304u);
    EXPECT_EQ(same.headers.at("etag"), whole.headers.at("etag"));
    EXPECT_EQ(same.headers.count("content-type"), 0u);
    EXPECT_EQ(ask("/file", {{"if-modified-since", whole.headers.at("last-modified")}}).status, 304u);
    EXPECT_EQ(ask("/file", {{"if-match", "\"other\""}}).status, 412u);
    EXPECT_EQ(ask("/file", {{"if-none-match", "\"other\""}}).body, "0123456789");
}

TEST_F(HttpAnswers, TheHeaderOfAFileAlone) {
    const ClientResponse head = ask("/file", {{"range", "bytes=3-5"}}, "HEAD");
    EXPECT_EQ(head.status, 200u) << "ranges are for GET";
    EXPECT_EQ(head.headers.at("content-length"), "10");
    EXPECT_EQ(head.headers.at("accept-ranges"), "bytes");
    EXPECT_EQ(head.body, "");
}

TEST_F(HttpAnswers, TextInGzipForWhoTakesIt) {
    text.body = std::string(5'000, 'x');
    const std::string packed = raw("/text", "Accept-Encoding: gzip\r\n");
    EXPECT_THAT(packed, AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n")));
    EXPECT_TRUE(packed.ends_with("\r\n\r\n" + gzip(text.body)));
    const std::string plain = raw("/text", "");
    EXPECT_THAT(plain, AllOf(HasSubstr("Vary: Accept-Encoding\r\n"), Not(HasSubstr("Content-Encoding"))));
    EXPECT_TRUE(plain.ends_with("\r\n\r\n" + text.body));

    text.compressible = false;
    EXPECT_THAT(raw("/text", "Accept-Encoding: gzip\r\n"), Not(HasSubstr("Content-Encoding")));
    text.compressible = true, text.content_type = "image/png";
    EXPECT_THAT(raw("/text", "Accept-Encoding: gzip\r\n"), Not(HasSubstr("Content-Encoding")));
    text.content_type = "text/html; charset=utf-8", text.body = "short";
    EXPECT_THAT(raw("/text", "Accept-Encoding: gzip\r\n"), Not(HasSubstr("Vary")));
    EXPECT_THAT(raw("/file", "Accept-Encoding: gzip\r\n"), Not(HasSubstr("Content-Encoding")));
}

TEST_F(HttpAnswers, TextThatTheClientHas) {
    text.body = std::string(5'000, 'x');
    text.headers["etag"] = "\"v1\"";
    EXPECT_THAT(raw("/text", ""), HasSubstr("etag: \"v1\"\r\n"));
    EXPECT_THAT(raw("/text", "Accept-Encoding: gzip\r\n"), HasSubstr("ETag: W/\"v1\"\r\n"));
    for (const char* known : {"\"v1\"", "W/\"v1\""}) {
        const std::string same = raw("/text", fmt::format("Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n", known));
        EXPECT_THAT(same, AllOf(StartsWith("HTTP/1.1 304 "), HasSubstr("W/\"v1\""), HasSubstr("Vary"),
                                Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Content-Length"))));
        EXPECT_TRUE(same.ends_with("\r\n\r\n"));
    }
    text.headers["etag"] = "\"v2\"";
    EXPECT_THAT(raw("/text", "If-None-Match: \"v1\"\r\n"), StartsWith("HTTP/1.1 200 "));
    text.status = 404;
    EXPECT_THAT(raw("/text", "If-None-Match: \"v2\"\r\n"), StartsWith("HTTP/1.1 404 ")) << "only success is cached";
}

/// More than all the buffers between the two hold.
TEST_F(HttpAnswers, ALongFileAndAPeerThatReadsItLate) {
    std::string content(20'000'003, '\0');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2'654'435'761u >> 13);
    test::write_text(folder / "file", content);
    EXPECT_TRUE(raw("/file", "").ends_with("\r\n\r\n" + content));
    EXPECT_TRUE(raw("/file", "Range: bytes=7000001-\r\n").ends_with("\r\n\r\n" + content.substr(7'000'001)));
}

TEST_F(HttpAnswers, APeerThatLeavesInTheMiddleOfAFileHarmsNobody) {
    test::write_text(folder / "file", std::string(50'000'000, 'x'));
    run(test::raw_exchange(server.port(), "GET /file HTTP/1.1\r\nHost: h\r\n\r\n", Milliseconds{5}));
    EXPECT_EQ(ask("/file", {{"range", "bytes=0-0"}}).body, "x");
}

}  // namespace
}  // namespace emeth::http
