#include "network/storage_api/s3/s3_error.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/date.hpp"
#include "network/storage_api/s3/s3_client.hpp"

namespace emeth::network::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t now_unix_s = 1'700'000'000;

http::ClientResponse answer(unsigned status, const std::string& code, std::int64_t date_unix_s = now_unix_s) {
    const std::string body = fmt::format("<Error><Code>{}</Code><Message>Words.</Message></Error>", code);
    return {status, {{"date", http::format_date(date_unix_s)}}, code.empty() ? "" : body};
}

Error error(unsigned status, const std::string& code, std::int64_t date_unix_s = now_unix_s) {
    return to_error("ListObjectsV2", answer(status, code, date_unix_s), now_unix_s);
}

TEST(S3Error, IsTransientWhereTryingAgainMayHelp) {
    for (const auto& [status, code] : std::vector<std::pair<unsigned, std::string>>{{503, "SlowDown"},
                                                                                    {500, "InternalError"},
                                                                                    {200, "InternalError"},
                                                                                    {200, "SlowDown"},
                                                                                    {400, "RequestTimeout"},
                                                                                    {409, "OperationAborted"},
                                                                                    {403, "RequestTimeTooSkewed"},
                                                                                    {429, ""},
                                                                                    {502, ""}})
        EXPECT_EQ(error(status, code).kind, ErrorKind::transient) << status << code;
    for (const auto& [status, code] : std::vector<std::pair<unsigned, std::string>>{{403, "AccessDenied"},
                                                                                    {403, "SignatureDoesNotMatch"},
                                                                                    {404, "NoSuchBucket"},
                                                                                    {404, "NoSuchUpload"},
                                                                                    {400, "InvalidPart"},
                                                                                    {400, "EntityTooSmall"},
                                                                                    {501, "NotImplemented"},
                                                                                    {405, "MethodNotAllowed"},
                                                                                    {301, "PermanentRedirect"},
                                                                                    {403, ""},
                                                                                    {200, "InvalidPart"}})
        EXPECT_EQ(error(status, code).kind, ErrorKind::permanent) << status << code;
    EXPECT_EQ(error(200, "SlowDown").fault, Fault::service);
}

TEST(S3Error, SaysWhatS3SaidAndTheRemedy) {
    EXPECT_EQ(error(404, "NoSuchBucket").message,
              "ListObjectsV2 answered 404 Not Found: NoSuchBucket: Words.; create the bucket, or name another");
    EXPECT_THAT(error(403, "InvalidAccessKeyId").message,
                HasSubstr("InvalidAccessKeyId: Words.; check the access key"));
    EXPECT_EQ(error(400, "InvalidPart").message, "ListObjectsV2 answered 400 Bad Request: InvalidPart: Words.");
    EXPECT_THAT(error(403, "").message, HasSubstr("no reason is given; allow the access key s3:GetObject"));
    EXPECT_THAT(to_error("x", {502, {}, "<html>bad gateway</html>"}, 0).message, HasSubstr("<html>bad gateway"));
}

TEST(S3Error, BlamesAClockThatIsOff) {
    EXPECT_THAT(error(403, "RequestTimeTooSkewed", now_unix_s - 1'200).message,
                HasSubstr("this machine's clock is 20 minutes ahead of the store's"));
    const Error behind = error(403, "", now_unix_s + 7'200);
    EXPECT_THAT(behind.message, HasSubstr("this machine's clock is 120 minutes behind the store's"));
    EXPECT_EQ(behind.kind, ErrorKind::transient);
    EXPECT_THAT(error(403, "AccessDenied", now_unix_s - 900).message, Not(HasSubstr("clock")));
    EXPECT_THAT(error(404, "NoSuchBucket", 0).message, Not(HasSubstr("clock")));
}

class Settings : public ::testing::Test {
protected:
    std::string refusal() {
        const Result<void> checked = check(settings);
        if (checked) return "(accepted)";
        EXPECT_EQ(checked.error().kind, ErrorKind::permanent);
        EXPECT_THAT(checked.error().message, Not(HasSubstr("hush")));
        return checked.error().message;
    }

    S3Settings settings{http::Url::parse("https://s3.example.org").value(),
                        "us-east-1",
                        "bucket",
                        "emeth/results/",
                        {"AKIAIOSFODNN7EXAMPLE", "hush", ""}};
};

TEST_F(Settings, AreAccepted) {
    EXPECT_EQ(refusal(), "(accepted)");
    settings.prefix = "";
    settings.credentials.session_token = "hush//+=";
    settings.endpoint = http::Url::parse("http://127.0.0.1:9000/path").value();
    EXPECT_EQ(refusal(), "(accepted)");
}

TEST_F(Settings, SayWhichIsWrong) {
    for (const char* prefix : {"a", "/", "a//", "/a/", "../", "a/./", "ä/", "a b/"}) {
        settings.prefix = prefix;
        EXPECT_THAT(refusal(), HasSubstr("the object store's prefix is '")) << prefix;
    }
    settings.prefix = "";
    for (const char* bucket : {"", "ab", "a/b", "a b"}) {
        settings.bucket = bucket;
        EXPECT_THAT(refusal(), HasSubstr("the object store's bucket is '")) << bucket;
    }
    settings.bucket = "bucket";
    settings.region = "";
    EXPECT_THAT(refusal(), HasSubstr("region is ''"));
    settings.region = "us-east-1";
    settings.endpoint = http::Url::parse("wss://s3.example.org").value();
    EXPECT_THAT(refusal(), HasSubstr("endpoint is 'wss://s3.example.org"));
}

TEST_F(Settings, NeverShowACredential) {
    settings.credentials.secret_key = "hush\n";
    EXPECT_THAT(refusal(), HasSubstr("secret key is empty, or has a blank"));
    settings.credentials = {"hush/", "hush", ""};
    EXPECT_THAT(refusal(), HasSubstr("access key is none"));
    settings.credentials = {"a", "hush", "hush hush"};
    EXPECT_THAT(refusal(), HasSubstr("session token has a blank"));
}

}  // namespace
}  // namespace emeth::network::s3
