// The S3 client and its presigned URLs against OpenStack Swift, which checks signatures, lengths and times by itself.
#include "network/storage_api/s3/s3_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/io_fixture.hpp"
#include "support/manual_clock.hpp"
#include "support/object_store_process.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::network::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t least_part_bytes = 5 << 20;
constexpr std::int64_t valid_s = 600;

class S3 : public test::IoFixture {
protected:
    /// Short pages, so that a few objects and parts make several.
    static void SetUpTestSuite() {
        store_io = new asio::io_context();
        store = new test::ObjectStoreProcess(*store_io, {"max_bucket_listing=2", "max_parts_listing=2"});
    }
    static void TearDownTestSuite() {
        delete store;
        delete store_io;
    }

    static S3Settings settings() {
        return {http::Url::parse(store->url()).value(),
                store->region,
                store->bucket,
                "prefix/",
                {store->access_key, store->secret_key, ""}};
    }
    static std::int64_t now_unix_s() { return system_clock().unix_ms() / 1'000; }

    http::ClientResponse send(const std::string& method, const std::string& url, std::string body = {},
                              http::Headers headers = {}) {
        http::ClientRequest request;
        request.method = method;
        request.url = http::Url::parse(url).value();
        request.body = std::move(body);
        request.headers = std::move(headers);
        return run(http::request(std::move(request))).value();
    }
    /// Opens an upload, puts each part by its URL and completes it; returns the object's ETag.
    std::string put(const std::string& key, const std::vector<std::string>& contents) {
        const std::string upload = run(client.open_upload(key)).value();
        std::vector<CompletedPart> parts;
        for (const std::string& content : contents) parts.push_back(put_part(key, upload, parts.size() + 1, content));
        return run(client.complete(key, upload, parts)).value();
    }
    CompletedPart put_part(const std::string& key, const std::string& upload, std::size_t number,
                           const std::string& content) {
        const auto part = static_cast<std::uint32_t>(number);
        const std::string url = client.presigned_put_part(key, upload, part, content.size(), now_unix_s(), valid_s);
        const http::ClientResponse stored = send("PUT", url, content);
        EXPECT_EQ(stored.status, 200u) << stored.body;
        return {part, stored.headers.at("etag")};
    }
    std::vector<std::string> keys_of(const ObjectPage& page) {
        std::vector<std::string> keys;
        for (const S3Object& object : page.objects) keys.push_back(object.key);
        return keys;
    }

    static inline asio::io_context* store_io = nullptr;
    static inline test::ObjectStoreProcess* store = nullptr;
    S3Client client{settings(), system_clock()};
};

TEST_F(S3, MakesAnObjectOfPartsThatOthersPutByTheirUrls) {
    const std::string key = "result/two parts.tar";
    test::TemporaryFolder folder;
    const std::string tail = "the end";
    test::write_text(folder / "file", std::string(least_part_bytes, 'a') + tail);
    const std::string upload = run(client.open_upload(key)).value();
    EXPECT_TRUE(run(client.parts(key, upload)).value()->empty());

    std::vector<CompletedPart> parts;
    for (const auto& [offset, bytes] :
         {std::pair(std::uint64_t{0}, least_part_bytes), std::pair(least_part_bytes, std::uint64_t{tail.size()})}) {
        const auto number = static_cast<std::uint32_t>(parts.size() + 1);
        const std::string url = client.presigned_put_part(key, upload, number, bytes, now_unix_s(), valid_s);
        const http::ClientResponse stored =
            run(http::upload_range(http::Url::parse(url).value(), folder / "file", offset, bytes, Milliseconds(10'000)))
                .value();
        ASSERT_EQ(stored.status, 200u) << stored.body;
        parts.push_back({number, stored.headers.at("etag")});
    }
    EXPECT_EQ(run(client.parts(key, upload)).value(),
              (std::vector<S3Part>{{1, least_part_bytes, unquoted_etag(parts[0].etag)},
                                   {2, tail.size(), unquoted_etag(parts[1].etag)}}));
    EXPECT_FALSE(run(client.head(key)).value());

    const std::string etag = run(client.complete(key, upload, parts)).value();
    const std::optional<S3Object> object = run(client.head(key)).value();
    ASSERT_TRUE(object);
    EXPECT_EQ(object->bytes, least_part_bytes + tail.size());
    EXPECT_EQ(object->etag, etag);
    EXPECT_NEAR(static_cast<double>(object->last_modified_unix_s), static_cast<double>(now_unix_s()), 120);
    EXPECT_THAT(run(client.list("result/two", "")).value().objects, ElementsAre(*object));

    const std::string range = "bytes=" + std::to_string(least_part_bytes - 1) + "-";
    const http::ClientResponse got =
        send("GET", client.presigned_get(key, now_unix_s(), valid_s), "", {{"range", range}});
    EXPECT_EQ(got.status, 206u);
    EXPECT_EQ(got.body, "a" + tail);
}

TEST_F(S3, ListsPageByPage) {
    for (const char* key : {"list/c", "list/a", "list/b+ä &~$", "list/d", "listless"}) put(key, {"content"});
    const ObjectPage first = run(client.list("list/", "")).value();
    EXPECT_TRUE(first.is_truncated);
    EXPECT_THAT(keys_of(first), ElementsAre("list/a", "list/b+ä &~$"));
    const ObjectPage last = run(client.list("list/", first.objects.back().key)).value();
    EXPECT_FALSE(last.is_truncated);
    EXPECT_THAT(keys_of(last), ElementsAre("list/c", "list/d"));
    EXPECT_EQ(run(client.list("nothing/", "")).value(), ObjectPage{});
    EXPECT_TRUE(run(client.head("list/b+ä &~$")).value());
    EXPECT_EQ(send("GET", client.presigned_get("list/b+ä &~$", now_unix_s(), valid_s)).body, "content");
}

TEST_F(S3, ReadsTheListOfPartsToItsEnd) {
    const std::string upload = run(client.open_upload("parts")).value();
    for (const std::size_t number : {1u, 2u, 3u, 5u, 7u}) put_part("parts", upload, number, "x");
    const std::optional<std::vector<S3Part>> parts = run(client.parts("parts", upload)).value();
    ASSERT_TRUE(parts);
    std::vector<std::uint32_t> numbers;
    for (const S3Part& part : *parts) numbers.push_back(part.number);
    EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 5, 7));
}

TEST_F(S3, ForgetsAnAbortedUpload) {
    const std::string upload = run(client.open_upload("aborted")).value();
    const CompletedPart part = put_part("aborted", upload, 1, "x");
    EXPECT_TRUE(run(client.abort("aborted", upload)));
    EXPECT_TRUE(run(client.abort("aborted", upload))) << "once more";
    EXPECT_FALSE(run(client.parts("aborted", upload)).value());
    const std::vector<CompletedPart> parts{part};
    const Result<std::string> completed = run(client.complete("aborted", upload, parts));
    ASSERT_FALSE(completed);
    EXPECT_EQ(completed.error().kind, ErrorKind::permanent);
    EXPECT_THAT(completed.error().message, HasSubstr("NoSuchUpload"));
}

TEST_F(S3, RefusesPartsThatAreTooSmallOrOfOtherContent) {
    const std::string upload = run(client.open_upload("small")).value();
    const std::vector<CompletedPart> small{put_part("small", upload, 1, "x"), put_part("small", upload, 2, "y")};
    EXPECT_THAT(run(client.complete("small", upload, small)).error().message, HasSubstr("EntityTooSmall"));
    const std::vector<CompletedPart> other{{1, small[1].etag}};
    EXPECT_THAT(run(client.complete("small", upload, other)).error().message, HasSubstr("InvalidPart"));
}

TEST_F(S3, RemovesAnObject) {
    put("removed", {"x"});
    EXPECT_TRUE(run(client.head("removed")).value());
    EXPECT_TRUE(run(client.remove("removed")));
    EXPECT_FALSE(run(client.head("removed")).value());
    EXPECT_TRUE(run(client.remove("removed"))) << "once more";
    EXPECT_EQ(send("GET", client.presigned_get("removed", now_unix_s(), valid_s)).status, 404u);
}

TEST_F(S3, AUrlServesItsKeyItsLengthAndItsTimeAlone) {
    put("mine", {"x"});
    const std::string upload = run(client.open_upload("length")).value();
    const std::string five = client.presigned_put_part("length", upload, 1, 5, now_unix_s(), valid_s);
    EXPECT_EQ(send("PUT", five, "123456").status, 403u);
    EXPECT_EQ(send("PUT", five, "12345").status, 200u);
    const std::string any = client.presigned_put_part("length", upload, 1, std::nullopt, now_unix_s(), valid_s);
    EXPECT_EQ(send("PUT", any, "123456").status, 200u);

    const std::string mine = client.presigned_get("mine", now_unix_s(), valid_s);
    EXPECT_EQ(send("GET", mine).status, 200u);
    EXPECT_EQ(send("PUT", mine, "y").status, 403u);
    std::string other = mine;
    other.replace(other.find("mine"), 4, "length");
    EXPECT_EQ(send("GET", other).status, 403u);
    std::string longer = mine;
    longer.replace(longer.find("Expires=600"), 11, "Expires=601");
    EXPECT_EQ(send("GET", longer).status, 403u);
    EXPECT_EQ(send("GET", client.presigned_get("mine", now_unix_s() - 700, valid_s)).status, 403u);
}

TEST_F(S3, SaysWhatIsWrongWithTheSettings) {
    const auto refusal = [&](const S3Settings& wrong, Clock& clock = system_clock()) {
        S3Client refused(wrong, clock);
        const Result<ObjectPage> page = run(refused.list("", ""));
        return page ? Error{ErrorKind::transient, "(accepted)"} : page.error();
    };
    S3Settings wrong = settings();
    wrong.credentials.secret_key = "hush";
    const Error signature = refusal(wrong);
    EXPECT_EQ(signature.kind, ErrorKind::permanent);
    EXPECT_THAT(signature.message, HasSubstr("ListObjectsV2 in the bucket emeth-test at " + store->url()));
    EXPECT_THAT(signature.message, HasSubstr("SignatureDoesNotMatch"));
    EXPECT_THAT(signature.message, HasSubstr("check the secret key and the region"));
    EXPECT_THAT(signature.message, Not(HasSubstr("hush")));

    wrong = settings();
    wrong.region = "mars-1";
    EXPECT_THAT(refusal(wrong).message, HasSubstr("set the region that the bucket is in"));
    wrong = settings();
    wrong.bucket = "no-such-bucket";
    EXPECT_THAT(refusal(wrong).message, HasSubstr("create the bucket, or name another"));

    test::ManualClock slow(system_clock().unix_ms() - 20 * 60'000);
    const Error skewed = refusal(settings(), slow);
    EXPECT_EQ(skewed.kind, ErrorKind::transient);
    EXPECT_THAT(skewed.message, HasSubstr("RequestTimeTooSkewed"));
    EXPECT_THAT(skewed.message, HasSubstr("this machine's clock is 20 minutes behind the store's"));

    wrong = settings();
    wrong.endpoint.port = 1;
    const Error unreachable = refusal(wrong);
    EXPECT_EQ(unreachable.kind, ErrorKind::transient);
    EXPECT_THAT(unreachable.message, HasSubstr("the object store: http://127.0.0.1:1: "));
}

}  // namespace
}  // namespace emeth::network::s3
