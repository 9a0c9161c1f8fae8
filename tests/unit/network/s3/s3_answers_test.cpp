#include "network/storage_api/s3/s3_answers.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::network::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// As in the example of "ListObjectsV2".
std::string contents(std::string_view key, std::string_view size = "434234",
                     std::string_view time = "2009-10-12T17:50:30.000Z",
                     std::string_view etag = "&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;") {
    return fmt::format(
        "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>",
        key, time, etag, size);
}

std::string listing(std::string_view entries, std::string_view is_truncated = "false") {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Name>bucket</Name><Prefix/><KeyCount>205</KeyCount><MaxKeys>1000</MaxKeys>"
        "<IsTruncated>{}</IsTruncated>{}</ListBucketResult>",
        is_truncated, entries);
}

std::string refusal(const std::string& answer) {
    const Result<ObjectPage> page = read_object_page(answer);
    if (page.has_value()) return "(accepted)";
    EXPECT_EQ(page.error().kind, ErrorKind::transient);
    return page.error().message;
}

TEST(ObjectPage, IsReadWithItsObjects) {
    const Result<ObjectPage> page = read_object_page(listing(contents("a &amp; b.txt") + contents("ä", "0"), "true"));
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_TRUE(page->is_truncated);
    EXPECT_THAT(page->objects,
                ElementsAre(S3Object{"a & b.txt", 434'234, 1'255'369'830, "70ee1738b6b21e2c8a43f3a5ab0eee71"},
                            S3Object{"ä", 0, 1'255'369'830, "70ee1738b6b21e2c8a43f3a5ab0eee71"}));
    EXPECT_EQ(read_object_page(listing("")).value(), ObjectPage{});
}

TEST(ObjectPage, IsRefusedWithTheFieldThatIsWrong) {
    EXPECT_THAT(refusal(listing(contents(""))), HasSubstr("Key is missing"));
    EXPECT_THAT(refusal(listing(contents(std::string(key_bytes_max + 1, 'k')))), HasSubstr("Key has 1025 bytes"));
    EXPECT_THAT(refusal(listing(contents("\xff"))), HasSubstr("Key is not UTF-8"));
    for (const char* size : {"", "-1", "1.5", "0x10", "9223372036854775808", "1 "})
        EXPECT_THAT(refusal(listing(contents("k", size))), HasSubstr(fmt::format("Size is '{}'", size)));
    for (const char* time : {"", "2009-10-12", "2009-13-12T17:50:30Z", "2009-02-30T17:50:30Z", "2009-10-12T24:50:30Z",
                             "2009-10-12T17:50:30.x00Z", "2009-10-12T17:50:30+01:00", "2009-10--2T17:50:30Z"})
        EXPECT_THAT(refusal(listing(contents("k", "1", time))), HasSubstr(fmt::format("LastModified is '{}'", time)));
    for (const char* etag : {"", "a b", "a\"b", "ä"})
        EXPECT_THAT(refusal(listing(contents("k", "1", "2009-10-12T17:50:30Z", etag))), HasSubstr("no ETag"));
    EXPECT_THAT(refusal(listing("", "yes")), HasSubstr("IsTruncated is 'yes'"));
}

TEST(ObjectPage, IsRefusedIfNothingCanComeAfterIt) {
    EXPECT_THAT(refusal(listing(contents("b") + contents("a"))), HasSubstr("Contents is out of order"));
    EXPECT_THAT(refusal(listing(contents("a") + contents("a"))), HasSubstr("Contents is out of order"));
    EXPECT_THAT(refusal(listing("", "true")), HasSubstr("no entry to go on from"));
}

TEST(ObjectPage, HasAThousandObjectsAtMost) {
    std::string entries;
    for (int i = 0; i < 1'000; ++i) entries += contents(fmt::format("key-{:04}", i));
    EXPECT_EQ(read_object_page(listing(entries)).value().objects.size(), 1'000u);
    EXPECT_THAT(refusal(listing(entries + contents("last"))), HasSubstr("more than 1000 times"));
}

TEST(Answer, OfAnotherKindIsRefused) {
    EXPECT_THAT(refusal("<Error><Code>NoSuchBucket</Code></Error>"), HasSubstr("it is a <Error>"));
    EXPECT_THAT(refusal("<html><body>busy</body></html>"), HasSubstr("it is a <html>"));
    EXPECT_THAT(refusal("<ListBucketResult><Name>"), HasSubstr("at byte"));
    EXPECT_THAT(refusal(""), HasSubstr("ListBucketResult is unusable"));
    EXPECT_THAT(refusal(std::string(answer_bytes_max + 1, ' ')), HasSubstr("expected at most"));
}

TEST(Answer, DefinesNoEntities) {
    const std::string doctype = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]>";
    EXPECT_THAT(refusal(doctype + listing(contents("&a;"))), HasSubstr("it has a DOCTYPE"));
    EXPECT_EQ(read_object_page(listing(contents("&a;"))).value().objects.front().key, "&a;");
}

TEST(PartPage, IsReadWithItsParts) {
    const Result<PartPage> page = read_part_page(
        "<ListPartsResult><UploadId>u</UploadId><PartNumberMarker>1</PartNumberMarker><IsTruncated>true</IsTruncated>"
        "<Part><PartNumber>2</PartNumber><LastModified>2010-11-10T20:48:34.000Z</LastModified>"
        "<ETag>\"7778aef83f66abc1fa1e8477f296d394\"</ETag><Size>10485760</Size></Part>"
        "<Part><PartNumber>10000</PartNumber><ETag>b</ETag><Size>0</Size></Part></ListPartsResult>");
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_TRUE(page->is_truncated);
    EXPECT_THAT(page->parts,
                ElementsAre(S3Part{2, 10'485'760, "7778aef83f66abc1fa1e8477f296d394"}, S3Part{10'000, 0, "b"}));
}

TEST(PartPage, HasNoOtherNumbersThanPartsHave) {
    for (const char* number : {"0", "10001", "", "-1"}) {
        const Result<PartPage> page = read_part_page(fmt::format(
            "<ListPartsResult><Part><PartNumber>{}</PartNumber><ETag>b</ETag><Size>0</Size></Part></ListPartsResult>",
            number));
        ASSERT_FALSE(page) << number;
        EXPECT_THAT(page.error().message, HasSubstr("expected a number from 1 to 10000"));
    }
}

TEST(InitiatedUpload, IsItsId) {
    const auto answer = [](const std::string& id) {
        return "<InitiateMultipartUploadResult><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>";
    };
    EXPECT_EQ(read_initiated_upload(answer("VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA")).value(),
              "VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA");
    for (const std::string& id : {std::string(), std::string("a b"), std::string(upload_id_bytes_max + 1, 'u')})
        EXPECT_FALSE(read_initiated_upload(answer(id))) << id;
}

TEST(CompletedUpload, MayBeAFailureAlthoughItIsA200) {
    EXPECT_EQ(read_completed_upload("\n \n<CompleteMultipartUploadResult><ETag>\"3858f62230ac3c915f300c664312c11f-9\""
                                    "</ETag></CompleteMultipartUploadResult>")
                  .value(),
              "3858f62230ac3c915f300c664312c11f-9");
    const std::string failed =
        "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code><Message>We encountered an "
        "internal error. Please try again.</Message><HostId>x</HostId></Error>";
    EXPECT_FALSE(read_completed_upload(failed));
    EXPECT_EQ(read_failure(failed),
              (S3Failure{"InternalError", "We encountered an internal error. Please try again."}));
}

TEST(Failure, IsShownOnOneShortLine) {
    const auto failure =
        read_failure("<Error><Code>A\nB</Code><Message>" + std::string(9'000, 'm') + "</Message></Error>");
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, "A\\x0aB");
    EXPECT_LE(failure->message.size(), 200u);
    for (const char* answer : {"", "busy", "<Error></Error>", "<html/>"}) EXPECT_FALSE(read_failure(answer)) << answer;
}

TEST(CompletionBody, NamesThePartsAndTheirETags) {
    EXPECT_EQ(completion_body({{1, "a54357aff0632cce46d942af68356b38"}, {2, "\"0c78aef83f66abc1fa1e8477f296d394\""}}),
              "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
              "<Part><PartNumber>1</PartNumber><ETag>\"a54357aff0632cce46d942af68356b38\"</ETag></Part>"
              "<Part><PartNumber>2</PartNumber><ETag>\"0c78aef83f66abc1fa1e8477f296d394\"</ETag></Part>"
              "</CompleteMultipartUpload>");
}

}  // namespace
}  // namespace emeth::network::s3
