// Downloads that were cut go on where they were, on loopback: with our server, with others, and with ones that lie.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>

#include "crypto/sha256.hpp"
#include "http/byte_range.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "runtime/durable_file.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Socket = asio::ip::tcp;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

std::string noise(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 2'654'435'761u >> 13);
    return text;
}

std::string header_of(const std::string& head, const std::string& name) {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

/// Answers each connection with what `answer` makes of the request's head, of which `cut_after` bytes go out before the
/// connection ends.
class ScriptedServer {
public:
    using AnswerTo = std::function<std::string(const std::string& head)>;
    ScriptedServer(const asio::any_io_executor& executor, AnswerTo to)
        : answer(std::move(to)), acceptor_(executor, Socket::endpoint(asio::ip::address_v4::loopback(), 0)) {}
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    Task<> run() {
        for (;;) {
            auto accepting = acceptor_.async_accept(asio::use_awaitable);
            Socket::socket socket = co_await std::move(accepting);
            std::string head;
            auto reading = asio::async_read_until(socket, asio::dynamic_buffer(head), "\r\n\r\n", token);
            co_await std::move(reading);
            ranges.push_back(header_of(head, "range"));
            conditions.push_back(header_of(head, "if-range"));
            std::string text = answer(head);
            const bool is_cut = text.size() > cut_after;
            if (is_cut) text.resize(cut_after);
            bytes_sent += text.size();
            auto writing = asio::async_write(socket, asio::buffer(text), token);
            co_await std::move(writing);
            // Orderly, since a reset would take what the peer has not read yet; the length says that it was cut.
            boost::system::error_code ignored;
            socket.shutdown(Socket::socket::shutdown_both, ignored);
        }
    }

    AnswerTo answer;
    std::size_t cut_after = std::string::npos;
    std::uint64_t bytes_sent = 0;
    std::vector<std::string> ranges, conditions;

private:
    Socket::acceptor acceptor_;
};

std::string whole(const std::string& content, const std::string& headers = "") {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", content.size(), headers, content);
}

/// As RFC 9110 has it.
std::string ranged(const std::string& content, const std::string& etag, const std::string& head) {
    const std::string etag_line = etag.empty() ? "" : "ETag: " + etag + "\r\n";
    const std::string condition = header_of(head, "if-range");
    const RangeRequest asked = parse_range(header_of(head, "range"), content.size());
    if (asked.answer == RangeAnswer::unsatisfiable)
        return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n";
    if (asked.answer == RangeAnswer::whole || (!condition.empty() && condition != etag))
        return whole(content, etag_line);
    return fmt::format("HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: {}\r\n{}\r\n{}",
                       asked.range.bytes, content_range(asked.range, content.size()), etag_line,
                       content.substr(asked.range.first, asked.range.bytes));
}

class Downloads : public test::IoFixture {
protected:
    Downloads()
        : server(executor(), [this](const std::string& head) { return ranged(content, etag, head); }),
          serving(io, server.run()) {}

    Url url(std::uint16_t port) { return Url::parse(fmt::format("http://127.0.0.1:{}/file", port)).value(); }
    Result<Downloaded> download(std::uint64_t bytes_expected) {
        return run(download_file(pool, url(server.port()), folder / "got", bytes_expected, Milliseconds{5'000}, {}));
    }
    Result<Downloaded> download() { return download(content.size()); }
    /// Leaves `bytes` of the content, in a record of its ETag.
    void download_only(std::size_t bytes) {
        server.cut_after = ranged(content, etag, "").size() - content.size() + bytes;
        ASSERT_FALSE(run(download_file(pool, url(server.port()), folder / "got", content.size(), Milliseconds{5'000},
                                       [&](std::uint64_t) { server.cut_after = 0; })));
        ASSERT_EQ(partly_downloaded_bytes(folder / "got"), bytes);
        server.cut_after = std::string::npos;
        server.ranges.clear(), server.conditions.clear(), server.bytes_sent = 0;
    }
    void expect_the_file(const Result<Downloaded>& got) {
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_EQ(got->bytes, content.size());
        EXPECT_EQ(got->sha256, crypto::sha256(content));
        EXPECT_TRUE(test::read_text(folder / "got") == content);
        EXPECT_EQ(test::files_below(folder.path()).size(), 1u);
    }

    BlockingPool pool{1};
    test::TemporaryFolder folder;
    std::string content = noise(3'000'000);
    std::string etag = "\"v1\"";
    ScriptedServer server;
    Background serving;
};

TEST_F(Downloads, ThatAreCutAgainAndAgainFetchNoByteTwice) {
    server.cut_after = 100'000;
    expect_the_file(download());
    EXPECT_GT(server.ranges.size(), 30u);
    EXPECT_LT(server.bytes_sent, content.size() + 300 * server.ranges.size()) << "the content, and the headers";
    EXPECT_EQ(server.ranges.front(), "");
    EXPECT_EQ(server.conditions.back(), etag);
}

TEST_F(Downloads, ThatBringNothingLeaveThePatienceToTheCaller) {
    download_only(1'000'000);
    server.cut_after = 10'000;
    EXPECT_FALSE(download());
    EXPECT_EQ(server.ranges.size(), 1u);
    EXPECT_GT(partly_downloaded_bytes(folder / "got"), 1'000'000u) << "but keep it";
}

TEST_F(Downloads, GoOnInAnotherCallAndByAnotherUrl) {
    download_only(1'234'567);
    std::vector<std::uint64_t> progress;
    const Url other = Url::parse(fmt::format("http://127.0.0.1:{}/other?signature=1", server.port())).value();
    expect_the_file(run(download_file(pool, other, folder / "got", content.size(), Milliseconds{5'000},
                                      [&](std::uint64_t bytes) { progress.push_back(bytes); })));
    EXPECT_THAT(server.ranges, ElementsAre("bytes=1234567-"));
    EXPECT_THAT(server.conditions, ElementsAre("\"v1\""));
    EXPECT_GT(progress.front(), 1'234'567u);
}

TEST_F(Downloads, BeginAnewWhenItIsSomethingElseNow) {
    download_only(1'000'000);
    content.back() ^= 1, etag = "\"v2\"";
    expect_the_file(download());
    EXPECT_EQ(server.ranges.size(), 1u) << "the server sends the whole in answer to If-Range";
}

TEST_F(Downloads, BeginAnewWhenThePartIsOfSomethingElse) {
    download_only(1'000'000);
    content.front() ^= 1;
    server.answer = [this](const std::string& head) {  // takes no notice of If-Range
        return ranged(content, "\"v2\"", fmt::format("\r\nrange: {}\r\n", header_of(head, "range")));
    };
    expect_the_file(download());
    EXPECT_THAT(server.ranges, ElementsAre("bytes=1000000-", ""));
}

TEST_F(Downloads, BeginAnewWhereAServerKnowsNoRanges) {
    download_only(1'000'000);
    server.answer = [this](const std::string&) { return whole(content); };
    expect_the_file(download());
    EXPECT_EQ(server.ranges.size(), 1u);
}

TEST_F(Downloads, GoOnBySizeAloneWhereThereIsNoEtag) {
    etag = "";
    download_only(1'000'000);
    expect_the_file(download());
    EXPECT_THAT(server.ranges, ElementsAre("bytes=1000000-"));
    EXPECT_THAT(server.conditions, ElementsAre(""));
}

TEST_F(Downloads, TakeNoPartOfAFileOfAnotherSize) {
    download_only(1'000'000);
    content.resize(2'000'000);
    expect_the_file(download());
    EXPECT_THAT(server.ranges, ElementsAre(""));
}

TEST_F(Downloads, BelieveNoLies) {
    const std::string rest = content.substr(1'000'000);
    for (const std::string& lie :
         {fmt::format("Content-Range: bytes 1000001-2999999/3000000\r\nContent-Length: {}\r\n\r\n", rest.size()),
          fmt::format("Content-Range: bytes 1000000-2999998/3000000\r\nContent-Length: {}\r\n\r\n", rest.size()),
          fmt::format("Content-Range: bytes 1000000-2999999/3000001\r\nContent-Length: {}\r\n\r\n", rest.size()),
          fmt::format("Content-Range: bytes 1000000-2999999/*, */*\r\nContent-Length: {}\r\n\r\n", rest.size()),
          fmt::format("Content-Length: {}\r\n\r\n", rest.size())}) {
        std::filesystem::remove(folder / "got");
        server.answer = [this](const std::string& head) { return ranged(content, etag, head); };
        download_only(1'000'000);
        server.answer = [&](const std::string& head) {
            if (header_of(head, "range").empty()) return whole(content);
            return "HTTP/1.1 206 Partial Content\r\n" + lie + rest;
        };
        expect_the_file(download());
        EXPECT_THAT(server.ranges, ElementsAre("bytes=1000000-", "")) << lie;
    }
}

TEST_F(Downloads, AskAServerThatOnlyLiesNotForEver) {
    download_only(1'000'000);
    server.answer = [](const std::string&) { return "HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx"; };
    EXPECT_THAT(download().error().message, HasSubstr("answers 206 to a request for the whole"));
    EXPECT_EQ(server.ranges.size(), 2u);
    server.answer = [](const std::string&) { return "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n"; };
    EXPECT_THAT(download().error().message, HasSubstr("answers 416 to a request for the whole"));
}

TEST_F(Downloads, TakeNoMoreThanTheyAskedFor) {
    download_only(1'000'000);
    server.answer = [this](const std::string& head) {
        if (header_of(head, "range").empty()) return whole(content);
        return "HTTP/1.0 206 Partial Content\r\nContent-Range: bytes 1000000-2999999/3000000\r\n\r\n" +
               content.substr(1'000'000) + "and more";
    };
    expect_the_file(download());
    EXPECT_THAT(server.ranges, ElementsAre("bytes=1000000-", ""));
}

TEST_F(Downloads, PublishWhatACrashLeftComplete) {
    download_only(1'000'000);
    test::write_text(folder / "got.download", content);
    expect_the_file(download());
    EXPECT_THAT(server.ranges, IsEmpty());
}

TEST_F(Downloads, TrustAfterAPowerLossOnlyWhatWasSynced) {
    download_only(1'000'000);
    std::string record = test::read_text(folder / "download-got.json");
    const std::size_t boot = record.find("\"boot\":\"") + 8;
    ASSERT_NE(boot, std::string::npos + 8);
    record[boot] = record[boot] == '0' ? '1' : '0';
    const std::size_t synced = record.find("\"synced\":0");
    record.replace(synced, 10, "\"synced\":600000");
    test::write_text(folder / "download-got.json", record);
    expect_the_file(download());
    EXPECT_THAT(server.ranges, ElementsAre("bytes=600000-"));
}

TEST_F(Downloads, AreNotBegunWithoutRoom) {
    const std::uint64_t far_too_many = std::uint64_t{1} << 60;
    const Result<Downloaded> refused = download(far_too_many);
    EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("{} more are to come for got", far_too_many)));
    EXPECT_THAT(refused.error().message, HasSubstr(folder.path().string()));
    EXPECT_EQ(refused.error().kind, ErrorKind::transient);
    EXPECT_THAT(server.ranges, IsEmpty());
}

TEST_F(Downloads, OfOurServerGoOnAfterAKill) {
    test::write_text(folder / "object", content);
    std::vector<std::string> ranges;
    Server ours(executor(), {});
    const auto handler = [&](ServerRequest request) -> Task<Answer> {
        ranges.emplace_back(request.header("range"));
        ServerResponse response;
        response.file = folder / "object";
        co_return response;
    };
    ours.route("GET", "/file", 0, handler);
    ours.listen().value();
    const Background background(io, ours.run());
    const std::filesystem::path to = folder / "to" / "got";
    std::filesystem::create_directory(to.parent_path());
    const auto fetch = [&](std::function<void(std::uint64_t)> progress) {
        return [](BlockingPool* with, Url from, std::filesystem::path into, std::uint64_t bytes,
                  std::function<void(std::uint64_t)> tell) -> Task<> {
            auto downloading = download_file(*with, from, into, bytes, Milliseconds{5'000}, tell);
            (co_await std::move(downloading)).value();
        }(&pool, url(ours.port()), to, content.size(), std::move(progress));
    };
    const pid_t child = ::fork();
    if (child == 0) {  // has no pool thread, and needs none: there is nothing to hash again
        asio::io_context own{1};
        asio::co_spawn(own, fetch([](std::uint64_t bytes) {
                           if (bytes > 1'000'000) ::raise(SIGKILL);
                       }),
                       asio::detached);
        own.run();
        ::_exit(1);
    }
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) io.run_one_for(std::chrono::milliseconds(10)), io.restart();
    ASSERT_TRUE(WIFSIGNALED(status));
    const std::uint64_t there = partly_downloaded_bytes(to);
    EXPECT_GT(there, 1'000'000u);
    run(fetch({}));
    EXPECT_THAT(ranges, ElementsAre("", fmt::format("bytes={}-", there)));
    EXPECT_TRUE(test::read_text(to) == content);
}

}  // namespace
}  // namespace emeth::http
