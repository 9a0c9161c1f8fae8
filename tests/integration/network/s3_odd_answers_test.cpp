// The S3 client before stores that answer oddly.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/storage_api/s3/s3_client.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::network::s3 {
namespace {

using ::testing::HasSubstr;

class OddStore : public test::IoFixture {
protected:
    /// A client of a store that gives this answer to whatever it is asked.
    S3Client client_of(unsigned status, const std::string& body, const std::string& headers = {}) {
        server.emplace(executor(), fmt::format("HTTP/1.1 {} Odd\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}",
                                               status, body.size(), headers, body));
        serving.emplace(io, server->run());
        return S3Client({http::Url::parse(fmt::format("http://127.0.0.1:{}", server->port())).value(),
                         "us-east-1",
                         "bucket",
                         "prefix/",
                         {"key", "hush", ""}},
                        system_clock());
    }
    template <class T>
    static Error error_of(const Result<T>& result) {
        return result ? permanent_error("(accepted)") : result.error();
    }

    std::optional<test::CannedServer> server;
    std::optional<test::Background> serving;
};

TEST_F(OddStore, MayFailToCompleteWithA200) {
    S3Client client = client_of(200, "<Error><Code>InternalError</Code><Message>Please try again.</Message></Error>");
    const std::vector<CompletedPart> parts{{1, "etag"}};
    const Error error = error_of(run(client.complete("key", "upload", parts)));
    EXPECT_EQ(error.kind, ErrorKind::transient);
    EXPECT_THAT(error.message, HasSubstr("CompleteMultipartUpload in the bucket bucket"));
    EXPECT_THAT(error.message, HasSubstr("InternalError: Please try again."));
}

TEST_F(OddStore, MayAskToSlowDown) {
    S3Client client = client_of(503, "<Error><Code>SlowDown</Code><Message>Please reduce.</Message></Error>");
    EXPECT_EQ(error_of(run(client.open_upload("key"))).fault, Fault::service);
}

TEST_F(OddStore, DoesNotKeepTheClientListingForEver) {
    const std::string answer =
        "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>{}</Key><Size>1</Size>"
        "<LastModified>2009-10-12T17:50:30Z</LastModified><ETag>e</ETag></Contents></ListBucketResult>";
    S3Client again = client_of(200, fmt::format(fmt::runtime(answer), "prefix/a"));
    EXPECT_EQ(run(again.list("", "")).value().objects.front().key, "a");
    EXPECT_THAT(error_of(run(again.list("", "a"))).message, HasSubstr("not after the one that was named"));
    S3Client outside = client_of(200, fmt::format(fmt::runtime(answer), "other/a"));
    EXPECT_THAT(error_of(run(outside.list("", ""))).message, HasSubstr("a key without the prefix prefix/"));
}

TEST_F(OddStore, DoesNotKeepTheClientReadingPartsForEver) {
    S3Client client = client_of(200,
                                "<ListPartsResult><IsTruncated>true</IsTruncated><Part><PartNumber>1</PartNumber>"
                                "<ETag>e</ETag><Size>1</Size></Part></ListPartsResult>");
    EXPECT_THAT(error_of(run(client.parts("key", "upload"))).message, HasSubstr("not after the one that was named"));
}

TEST_F(OddStore, MayLackWhatAnObjectHas) {
    S3Client client = client_of(200, "", "ETag: \"e\"\r\n");
    EXPECT_THAT(error_of(run(client.head("key"))).message, HasSubstr("HeadObject's answer for key lacks"));
}

TEST_F(OddStore, MissesABucketOnRemove) {
    S3Client client = client_of(404, "<Error><Code>NoSuchBucket</Code><Message>No.</Message></Error>");
    EXPECT_THAT(error_of(run(client.remove("key"))).message, HasSubstr("create the bucket"));
    EXPECT_THAT(error_of(run(client.abort("key", "upload"))).message, HasSubstr("create the bucket"));
}

}  // namespace
}  // namespace emeth::network::s3
