// Downloads into files and uploads of ranges, on loopback.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/sha256.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::http {
namespace {

using test::Background;
using test::CannedServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileTransfer : public test::IoFixture {
protected:
    Url url(std::uint16_t port, const std::string& target = "/file") {
        return Url::parse(fmt::format("http://127.0.0.1:{}{}", port, target)).value();
    }

    Result<Downloaded> download(const std::string& answer, std::uint64_t bytes_expected, bool hang = false) {
        CannedServer server(executor(), answer, hang);
        const Background serving(io, server.run());
        return run(download_file(pool, url(server.port()), folder / "got", bytes_expected, Milliseconds{200}, {}));
    }
    void expect_no_file(const Result<Downloaded>& outcome, const std::string& why) {
        ASSERT_FALSE(outcome);
        EXPECT_THAT(outcome.error().message, HasSubstr(why));
        EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
    }
    /// For the next try, which throws it away here.
    void expect_a_part(const Result<Downloaded>& outcome, const std::string& why, const std::string& part) {
        ASSERT_FALSE(outcome);
        EXPECT_THAT(outcome.error().message, HasSubstr(why));
        EXPECT_EQ(test::read_text(folder / "got.download"), part);
        EXPECT_EQ(partly_downloaded_bytes(folder / "got"), part.size());
        std::filesystem::remove(folder / "got.download");
        std::filesystem::remove(folder / "download-got.json");
        EXPECT_THAT(test::files_below(folder.path()), IsEmpty());
    }

    BlockingPool pool{1};

    test::TemporaryFolder folder;
};

std::string patterned(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 23);
    return text;
}

TEST_F(FileTransfer, DownloadsAWholeFile) {
    const std::string content = patterned(3'000'000);
    std::vector<std::uint64_t> progress;
    CannedServer server(executor(),
                        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", content.size(), content));
    const Background serving(io, server.run());
    const Downloaded got =
        run(download_file(pool, url(server.port()), folder / "got", content.size(), Milliseconds{5'000},
                          [&](std::uint64_t bytes) { progress.push_back(bytes); }))
            .value();
    EXPECT_EQ(got.bytes, content.size());
    EXPECT_EQ(got.sha256, crypto::sha256(content));
    EXPECT_EQ(test::read_text(folder / "got"), content);
    EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
    EXPECT_EQ(progress.back(), content.size());
    EXPECT_EQ(test::files_below(folder.path()).size(), 1u);
}

TEST_F(FileTransfer, FollowsARedirectToTheFile) {
    CannedServer elsewhere(executor(), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall");
    const Background serving(io, elsewhere.run());
    const std::string redirect =
        fmt::format("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {}\r\n\r\n", url(elsewhere.port()).text());
    expect_no_file(download("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ftp://a/b\r\n\r\n", 3),
                   "no http or https URL");
    EXPECT_EQ(download("HTTP/1.1 100 Continue\r\n\r\n" + redirect, 3).value().sha256, crypto::sha256("all"));
}

TEST_F(FileTransfer, ADownloadThatIsEncodedLeavesNoFile) {
    expect_no_file(download("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz", 3), "gzip");
}

TEST_F(FileTransfer, AnUploadFollowsARedirect) {
    test::write_text(folder / "part", "0123456789");
    CannedServer elsewhere(executor(), "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n");
    const Background serving(io, elsewhere.run());
    CannedServer first(executor(), fmt::format("HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: "
                                               "{}\r\n\r\n",
                                               url(elsewhere.port()).text()));
    const Background redirecting(io, first.run());
    const auto response = run(upload_range(url(first.port()), folder / "part", 2, 5, Milliseconds{2'000}));
    EXPECT_EQ(response.value().headers.at("etag"), "\"e\"");
    EXPECT_EQ(elsewhere.connections(), 1u);
}

TEST_F(FileTransfer, DownloadsAnEmptyFileAndOneWithoutALength) {
    EXPECT_EQ(download("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0).value().bytes, 0u);
    EXPECT_EQ(download("HTTP/1.0 200 OK\r\n\r\nall", 3).value().sha256, crypto::sha256("all"));
}

TEST_F(FileTransfer, ADownloadOfAnotherLengthIsRefused) {
    expect_no_file(download("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour", 5),
                   "announces 4 bytes; 5 were expected");
    expect_a_part(download("HTTP/1.0 200 OK\r\n\r\nfour", 5), "sent 4 bytes; 5 were expected", "four");
    expect_no_file(download("HTTP/1.0 200 OK\r\n\r\nfour", 3), "more than the expected 3 bytes");
    expect_a_part(download("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", 5), "127.0.0.1", "four");
}

TEST_F(FileTransfer, ADownloadThatStallsEnds) {
    expect_a_part(download("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", 5, true), "no answer in time", "four");
    expect_no_file(download("", 5, true), "no answer in time");
}

TEST_F(FileTransfer, ARefusedDownloadSaysWhy) {
    const Result<Downloaded> refused = download("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nexpired", 5);
    expect_no_file(refused, "403 Forbidden: expired");
    EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
    EXPECT_EQ(download("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 5).error().kind, ErrorKind::transient);
}

TEST_F(FileTransfer, ADownloadTakesNothingWithoutARecord) {
    test::write_text(folder / "got.download", "new");
    EXPECT_TRUE(download("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew", 3));
    EXPECT_EQ(test::read_text(folder / "got"), "new");
    EXPECT_EQ(test::files_below(folder.path()).size(), 1u);
}

TEST_F(FileTransfer, ACancelledDownloadLeavesWhatCame) {
    CannedServer server(executor(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", true);
    const Background serving(io, server.run());
    {
        Background downloading(io, [](BlockingPool& on, Url from, std::filesystem::path to) -> Task<> {
            co_await download_file(on, from, to, 5, Milliseconds{60'000}, {});
        }(pool, url(server.port()), folder / "got"));
        for (int i = 0; i < 200 && partly_downloaded_bytes(folder / "got") < 4; ++i)
            io.run_one_for(std::chrono::milliseconds(10));
        EXPECT_TRUE(downloading.stop());
    }
    EXPECT_EQ(test::read_text(folder / "got.download"), "four");
    EXPECT_FALSE(std::filesystem::exists(folder / "got"));
}

Task<Answer> tell(ServerRequest request) {
    ServerResponse response;
    response.headers["ETag"] = request.file->sha256.hex();
    response.body = std::to_string(request.file->bytes);
    co_return response;
}

TEST_F(FileTransfer, UploadsARange) {
    const std::string content = patterned(1'000'000);
    test::write_text(folder / "artifact", content);
    std::filesystem::create_directory(folder / "incoming");
    Server server(executor(), {});
    server.route_file("PUT", "/file", 1 << 20, folder / "incoming", tell);
    server.listen().value();
    const Background serving(io, server.run());
    for (const auto& [offset, length] : std::vector<std::pair<std::size_t, std::size_t>>{
             {0, 1'000'000}, {300'000, 600'001}, {1'000'000, 0}, {999'999, 1}}) {
        const ClientResponse response =
            run(upload_range(url(server.port()), folder / "artifact", offset, length, Milliseconds{5'000})).value();
        EXPECT_EQ(response.status, 200u);
        EXPECT_EQ(response.body, std::to_string(length));
        EXPECT_EQ(response.headers.at("etag"), crypto::sha256(content.substr(offset, length)).hex());
    }
    EXPECT_EQ(run(upload_range(url(server.port()), folder / "artifact", 999'999, 2, Milliseconds{5'000})).error().kind,
              ErrorKind::permanent);
    EXPECT_FALSE(run(upload_range(url(server.port()), folder / "absent", 0, 1, Milliseconds{5'000})));
}

TEST_F(FileTransfer, AnUploadThatIsRefusedEarlyYieldsTheAnswer) {
    test::write_text(folder / "artifact", patterned(3'000'000));
    Server server(executor(), {});
    server.route_file("PUT", "/file", 1'000, folder.path(), tell);
    server.listen().value();
    const Background serving(io, server.run());
    EXPECT_EQ(
        run(upload_range(url(server.port()), folder / "artifact", 0, 3'000'000, Milliseconds{5'000})).value().status,
        413u);
}

}  // namespace
}  // namespace emeth::http
