// Signatures held to the examples that AWS publishes in the Amazon S3 API Reference.
#include "network/storage_api/s3/sigv4.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::network::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t example_unix_s = 1'369'353'600;  // 2013-05-24 00:00:00
constexpr std::string_view region = "us-east-1";
const Credentials example{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

http::Url bucket_url(const std::string& path) {
    return http::Url::parse("https://examplebucket.s3.amazonaws.com" + encoded_path(path)).value();
}

std::string value_of(const std::string& url, const std::string& name) {
    const std::size_t begin = url.find(name + "=");
    if (begin == std::string::npos) return "(none)";
    const std::size_t from = begin + name.size() + 1;
    return url.substr(from, url.find('&', from) - from);
}

class OwnRequest : public ::testing::Test {
protected:
    /// The Authorization of a request, without Credential, which is the same in all examples.
    std::string authorization(const Query& query = {}) {
        sign(request, query, example, region, example_unix_s);
        const std::string text = request.headers.at("authorization");
        const std::string begin =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,";
        EXPECT_TRUE(text.starts_with(begin)) << text;
        return text.substr(begin.size());
    }

    http::ClientRequest request;
};

TEST_F(OwnRequest, IsSignedAsInTheExampleGetObject) {
    request.url = bucket_url("/test.txt");
    request.headers["range"] = "bytes=0-9";
    EXPECT_EQ(authorization(),
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(request.headers.at("x-amz-date"), "20130524T000000Z");
    EXPECT_EQ(request.headers.at("x-amz-content-sha256"),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(request.url.target, "/test.txt");
}

TEST_F(OwnRequest, IsSignedAsInTheExamplePutObject) {
    request.method = "PUT";
    request.url = bucket_url("/test$file.text");
    request.body = "Welcome to Amazon S3.";
    request.headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    EXPECT_EQ(authorization(),
              "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,"
              "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_F(OwnRequest, IsSignedAsInTheExampleGetBucketLifecycle) {
    request.url = bucket_url("/");
    EXPECT_EQ(authorization({{"lifecycle", ""}}),
              "SignedHeaders=host;x-amz-content-sha256;x-amz-date,"
              "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    EXPECT_EQ(request.url.target, "/?lifecycle=");
}

TEST_F(OwnRequest, IsSignedAsInTheExampleListObjects) {
    request.url = bucket_url("/");
    EXPECT_THAT(authorization({{"prefix", "J"}, {"max-keys", "2"}}),
                HasSubstr("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
    EXPECT_EQ(request.url.target, "/?max-keys=2&prefix=J");
}

TEST_F(OwnRequest, CarriesTheTokenOfASession) {
    request.url = bucket_url("/");
    Credentials temporary = example;
    temporary.session_token = "AQoDYXdzEPT//";
    sign(request, {}, temporary, region, example_unix_s);
    EXPECT_EQ(request.headers.at("x-amz-security-token"), "AQoDYXdzEPT//");
    EXPECT_THAT(request.headers.at("authorization"), HasSubstr("x-amz-date;x-amz-security-token,"));
}

class PresignedUrl : public ::testing::Test {
protected:
    PresignedUrl() { request.url = bucket_url("/test.txt"); }
    std::string url(const Credentials& credentials = example) {
        return presigned_url(credentials, region, request, example_unix_s, 86'400);
    }

    PresignedRequest request;
};

TEST_F(PresignedUrl, IsTheOneOfTheExample) {
    EXPECT_EQ(url(),
              "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
              "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
              "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
              "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_F(PresignedUrl, OfABodyOfOneLengthServesNoOther) {
    request.method = "PUT";
    request.content_length = 5;
    const std::string five = url();
    EXPECT_EQ(value_of(five, "X-Amz-SignedHeaders"), "content-length%3Bhost");
    request.content_length = 6;
    EXPECT_NE(value_of(five, "X-Amz-Signature"), value_of(url(), "X-Amz-Signature"));
}

TEST_F(PresignedUrl, SignsTheQueryAndHasItSorted) {
    request.query = {{"uploadId", "a/b+c"}, {"partNumber", "7"}};
    const std::string with_query = url();
    EXPECT_THAT(with_query, HasSubstr("&X-Amz-SignedHeaders=host&partNumber=7&uploadId=a%2Fb%2Bc&X-Amz-Signature="));
    request.query.clear();
    EXPECT_NE(value_of(with_query, "X-Amz-Signature"), value_of(url(), "X-Amz-Signature"));
}

TEST_F(PresignedUrl, CarriesTheTokenOfASessionAndNeverTheSecretKey) {
    Credentials temporary = example;
    temporary.session_token = "AQoD//";
    EXPECT_EQ(value_of(url(temporary), "X-Amz-Security-Token"), "AQoD%2F%2F");
    EXPECT_THAT(url(temporary), Not(HasSubstr("wJalr")));
}

TEST(EncodedPath, KeepsItsSlashesAlone) {
    EXPECT_EQ(encoded_path("/bucket/result/0x1 2+ä~.tar"), "/bucket/result/0x1%202%2B%C3%A4~.tar");
    EXPECT_EQ(encoded_path("//a/"), "//a/");
}

}  // namespace
}  // namespace emeth::network::s3
