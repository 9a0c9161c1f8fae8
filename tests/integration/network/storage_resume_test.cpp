// An open upload is gone on with: the URLs of a large one come in pages, and new ones when the old ones are lost.
#include "network/storage_api/url_budget.hpp"
#include "storage_api_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

class StorageResume : public StorageApi {
protected:
    StorageResume() { assign_job("any"); }

    json::object resume_body(const json::object& upload, json::value part_number,
                             const std::string& extension = ".tar") {
        json::object body = open_body(node, std::move(part_number), extension);
        body["uploadId"] = upload.at("uploadId");
        return body;
    }
    http::ClientResponse resume(const json::object& upload, json::value part_number) {
        return post(open_endpoint, resume_body(upload, std::move(part_number)));
    }
    http::ClientResponse page(const json::object& upload, json::value part_number, json::value first) {
        json::object body = resume_body(upload, std::move(part_number));
        body["firstPart"] = std::move(first);
        return post(open_endpoint, body);
    }
};

TEST_F(StorageResume, AnAnswerHasAThousandUrlsAndSaysWhereToGoOn) {
    const json::object opened = open_upload(10'000);
    std::size_t first = 0;
    for (json::object answer = opened;; answer = object(page(opened, 10'000, first))) {
        EXPECT_EQ(answer.at("uploadId"), opened.at("uploadId"));
        EXPECT_EQ(answer.at("fileName"), opened.at("fileName"));
        const json::object& urls = answer.at("urls").as_object();
        ASSERT_EQ(urls.size(), 1'000u);
        EXPECT_LT(json::serialize(answer).size(), 400u << 10);
        for (std::size_t index = first; index < first + 1'000; ++index)
            ASSERT_THAT(part_url(answer, index), HasSubstr(fmt::format("/{}/", index + 1)));
        first += 1'000;
        if (!answer.contains("nextPart")) break;
        ASSERT_EQ(answer.at("nextPart").to_number<std::size_t>(), first);
    }
    EXPECT_EQ(first, 10'000u);
    EXPECT_EQ(uploads(), 1u);
}

TEST_F(StorageResume, APageBeginsAtAnyPartOfTheUpload) {
    const json::object opened = open_upload(1'001);
    EXPECT_EQ(opened.at("nextPart").to_number<int>(), 1'000);
    const json::object last = object(page(opened, 1'001, 1'000));
    EXPECT_EQ(last.at("urls").as_object().size(), 1u);
    EXPECT_FALSE(last.contains("nextPart"));
    EXPECT_EQ(put(part_url(last, 1'000), "the end").status, 200u);
    EXPECT_EQ(object(page(opened, 1'001, 1)).at("urls").as_object().size(), 1'000u);
    for (const json::value& wrong :
         {json::value(1'001), json::value(-1), json::value(0.5), json::value("0"), json::value(1e18)})
        EXPECT_EQ(page(opened, 1'001, wrong).status, 400u) << wrong;
    EXPECT_FALSE(open_upload(1'000).contains("nextPart"));
}

TEST_F(StorageResume, AnOpenUploadGetsNewUrlsAfterARestartAndItsPartsStay) {
    const json::object opened = open_upload(2);
    const std::string first = put_part(opened, 0, full_part('a'));
    clock.now_unix_ms += 13 * 3'600'000;
    EXPECT_EQ(put(part_url(opened, 1), "second").status, 403u) << "the URL has expired";
    signatures += 13 * 3'600'000;
    start();
    const json::object again = object(resume(opened, 2));
    EXPECT_EQ(again.at("uploadId"), opened.at("uploadId"));
    EXPECT_EQ(complete(again, {first, put_part(again, 1, "second")}).status, 200u);
    EXPECT_EQ(uploads(), 0u);
}

TEST_F(StorageResume, NobodyElsesUploadIsGoneOnWith) {
    const json::object opened = open_upload(2);
    const auto expect_unknown = [](const http::ClientResponse& answer) {
        EXPECT_EQ(answer.status, 404u);
        EXPECT_THAT(answer.body, HasSubstr("there is no such upload"));
    };
    json::object unknown = resume_body(opened, 2);
    for (const std::string& id : {std::string(64, '0'), std::string(), std::string("../../secret")}) {
        unknown["uploadId"] = id;
        expect_unknown(post(open_endpoint, unknown));
    }
    unknown["uploadId"] = std::string(65, '0');
    EXPECT_EQ(post(open_endpoint, unknown).status, 400u);

    const JobId other = repeated<JobId>(0x22);
    chain.request(other, requester.address(), "any", R"({"language":"en","epoch":2})", test::wei(1'000),
                  now_ms / 1'000 + 3'600);
    chain.process(other, node.address());
    const std::int64_t time = fresh_time();
    json::object of_other = resume_body(opened, 2);
    for (const auto& field : signed_for(node, crypto::job_request_digest(other, time), time))
        of_other[field.key()] = field.value();
    of_other["jobId"] = other.hex();
    expect_unknown(post(open_endpoint, of_other));

    json::object by_stranger = resume_body(opened, 2);
    for (const auto& field : signed_by(stranger)) by_stranger[field.key()] = field.value();
    EXPECT_EQ(post(open_endpoint, by_stranger).status, 403u);
    chain.jobs.at(job).assign.node = stranger.address();
    expect_unknown(post(open_endpoint, by_stranger));
    EXPECT_EQ(uploads(), 1u);
}

TEST_F(StorageResume, WhatContradictsTheUploadIsRefused) {
    json::object opening = open_body(node, 2);
    opening["bytes"] = 10'000'005;
    const json::object opened = object(post(open_endpoint, opening));
    json::object same = resume_body(opened, 2);
    EXPECT_EQ(post(open_endpoint, same).status, 409u) << "the length of the last part is known";
    same["bytes"] = 10'000'005;
    EXPECT_EQ(post(open_endpoint, same).status, 200u);
    const std::vector<std::pair<const char*, json::value>> changes{
        {"extension", ".pt"}, {"bytes", 10'000'006}, {"sha256", json::string(Hash256{}.hex())}};
    for (const auto& [field, value] : changes) {
        json::object altered = same;
        altered[field] = value;
        EXPECT_EQ(post(open_endpoint, altered).status, 409u) << field;
    }
    same.erase("bytes");
    same["partNum"] = 3;
    EXPECT_EQ(post(open_endpoint, same).status, 409u);
    EXPECT_EQ(uploads(), 1u);
}

/// As at its opening: what the JOB's state no longer allows gets no URLs.
TEST_F(StorageResume, OnlyWhileTheJobLetsItBeOpened) {
    const json::object opened = open_upload(1);
    chain.submit(job, "x");
    EXPECT_EQ(resume(opened, 1).status, 403u);
    const json::object evidence = open_upload(1, ".evidence");
    EXPECT_EQ(post(open_endpoint, resume_body(evidence, 1, ".evidence")).status, 200u);
    chain.verify(job, 1);
    EXPECT_EQ(post(open_endpoint, resume_body(evidence, 1, ".evidence")).status, 403u);
}

/// Else a copied request would have URLs signed until the node gets none itself.
TEST_F(StorageResume, ASignatureIsAnsweredSoOftenWhateverUploadItNames) {
    const json::object opened = open_upload(1), other = open_upload(1);
    json::object copied = resume_body(opened, 1);
    for (int i = 0; i < 16; ++i) {
        copied["uploadId"] = (i % 2 == 0 ? opened : other).at("uploadId");
        ASSERT_EQ(post(open_endpoint, copied).status, 200u);
    }
    EXPECT_EQ(post(open_endpoint, copied).status, 401u);
    copied.erase("uploadId");
    EXPECT_EQ(post(open_endpoint, copied).status, 401u);
    EXPECT_EQ(uploads(), 2u);
}

TEST_F(StorageResume, AnAddressIsGivenSoManyUrlsAMinute) {
    const json::object opened = open_upload(10'000);
    const std::size_t pages = UrlBudget::urls_per_minute_max / 1'000;
    for (std::size_t i = 1; i < pages; ++i) ASSERT_EQ(page(opened, 10'000, 9'000).status, 200u);
    EXPECT_EQ(page(opened, 10'000, 9'999).status, 429u);
    EXPECT_EQ(post(open_endpoint, open_body(node, 1)).status, 429u);
    clock.now_unix_ms += 59'000;
    EXPECT_EQ(page(opened, 10'000, 9'999).status, 200u);
}

}  // namespace
}  // namespace emeth::network
