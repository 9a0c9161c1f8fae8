// Multipart uploads of results to the Storage API, on the wire.
#include <sys/stat.h>

#include "network/storage_api/upload_records.hpp"
#include "storage_api_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class StorageUpload : public StorageApi {
protected:
    StorageUpload() { assign_job("any"); }
};

TEST_F(StorageUpload, TakesAResultInParts) {
    const json::object upload = open_upload(2.3);
    EXPECT_EQ(upload.at("urls").as_object().size(), 3u);
    const std::vector<std::string> parts{full_part('a'), full_part('b'), "the end"};
    std::vector<std::string> etags;
    for (std::size_t i = 0; i < parts.size(); ++i) etags.push_back(put_part(upload, i, parts[i]));
    EXPECT_THAT(etags[0], MatchesRegex("\"[0-9a-f]{64}\""));
    const http::ClientResponse completed = complete(upload, etags);
    ASSERT_EQ(completed.status, 200u) << completed.body;

    const std::string name(upload.at("fileName").as_string());
    EXPECT_THAT(name, MatchesRegex("1{32}-[0-9a-f]{16}\\.tar")) << "as published clients know it";
    EXPECT_EQ(test::read_text(folder / "result" / name) == parts[0] + parts[1] + parts[2], true);
    EXPECT_EQ(object(send("GET", url("/api/v1/sizeOf?key=result/" + name))).at("result").to_number<std::uint64_t>(),
              20'000'007u);
    const std::vector<std::string> left = test::files_below(folder / "uploads");
    EXPECT_EQ(left.size(), 1u) << "parts are removed, the record stays";
}

TEST_F(StorageUpload, ServesTheCeilingOfPartNumAndAtLeastOne) {
    for (const auto& [part_number, parts] : std::vector<std::pair<json::value, std::size_t>>{
             {0, 1}, {0.00001, 1}, {1, 1}, {1.0, 1}, {1.0000001, 2}, {2.5, 3}, {999.5, 1'000}})
        EXPECT_EQ(open_upload(part_number).at("urls").as_object().size(), parts) << part_number;
    const json::object largest = open_upload(10'000);
    EXPECT_EQ(largest.at("urls").as_object().size(), 1'000u) << "the first page";
    EXPECT_EQ(largest.at("nextPart").to_number<std::size_t>(), 1'000u);
    for (const json::value& refused : {json::value(-1), json::value(-0.5), json::value(10'000.5), json::value(1e300),
                                       json::value("2"), json::value(nullptr)})
        EXPECT_EQ(post(open_endpoint, open_body(node, refused)).status, 400u) << refused;
}

TEST_F(StorageUpload, OnlyTheAssignedNodeWritesAndOnlyInTime) {
    const std::string open = "node/multipartUpload/getPutSignedUrls";
    for (const crypto::PrivateKey* key : {&stranger, &requester, &verifier})
        EXPECT_EQ(post(open, open_body(*key, 1)).status, 403u);
    EXPECT_EQ(post(open, open_body(node, 1, ".evidence")).status, 403u);
    EXPECT_EQ(post(open, open_body(node, 1, ".tar")).status, 200u);
    chain.submit(job, "x");
    EXPECT_EQ(post(open, open_body(node, 1, ".evidence")).status, 200u);
    EXPECT_EQ(post(open, open_body(node, 1, ".tar")).status, 403u);
    EXPECT_EQ(post(open, open_body(node, 1, ".pt")).status, 403u);
    chain.verify(job, 1);
    EXPECT_EQ(post(open, open_body(node, 1, ".evidence")).status, 403u);
}

TEST_F(StorageUpload, AnExtensionIsADotAndLettersOrDigits) {
    for (const char* extension :
         {"", ".", "tar", ".tar.gz", "/../x.tar", ".t/x", ".t\u00fc", "..", ".12345678901234567", ". "})
        EXPECT_EQ(post(open_endpoint, open_body(node, 1, extension)).status, 400u) << extension;
    for (const char* extension : {".pt", ".tar", ".SafeTensors", ".7", ".1234567890123456"}) {
        const json::object upload = open_upload(1, extension);
        EXPECT_TRUE(std::string(upload.at("fileName").as_string()).ends_with(extension)) << extension;
        EXPECT_EQ(complete(upload, {put_part(upload, 0, "weights")}, extension).status, 200u) << extension;
    }
}

TEST_F(StorageUpload, ADigestThatIsAskedForIsInTheNameAndBinds) {
    const Hash256 sha256 = crypto::sha256("artifact");
    const json::object upload = open_upload(1, ".tar", sha256);
    const std::string name = std::string(32, '1') + "-" + sha256.hex().substr(2) + ".tar";
    EXPECT_EQ(upload.at("fileName").as_string(), name);
    const std::string other = put_part(upload, 0, "another artifact");
    const http::ClientResponse refused = complete(upload, {other});
    EXPECT_EQ(refused.status, 409u);
    EXPECT_THAT(refused.body, HasSubstr("the upload was opened for " + sha256.hex()));
    EXPECT_THAT(test::files_below(folder / "result"), IsEmpty());
    const std::string etag = put_part(upload, 0, "artifact");
    start();
    EXPECT_EQ(complete(upload, {other}).status, 409u);
    EXPECT_EQ(text(complete(upload, {etag}), "fileName"), name);
    EXPECT_EQ(test::read_text(folder / "result" / name), "artifact");
    json::object evidence = open_body(node, 1, ".evidence");
    chain.submit(job, name);
    evidence["sha256"] = sha256.hex();
    EXPECT_EQ(post(open_endpoint, evidence).status, 400u);
}

/// The answer to the first was lost.
TEST_F(StorageUpload, TheSameDigestAgainIsTheSameObject) {
    const std::string name = upload_result("artifact");
    const json::object again = open_upload(1, ".tar", crypto::sha256("artifact"));
    EXPECT_EQ(again.at("fileName").as_string(), name);
    const std::string etag = put_part(again, 0, "artifact");
    EXPECT_EQ(text(complete(again, {etag}), "fileName"), name);
    put_part(again, 0, "another artifact");
    EXPECT_EQ(test::read_text(folder / "result" / name), "artifact");
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
}

TEST_F(StorageUpload, PartsOfASecondUploadOfTheSameDigestGoWithIt) {
    const json::object first = open_upload(1, ".tar", crypto::sha256("artifact"));
    const json::object second = open_upload(1, ".tar", crypto::sha256("artifact"));
    const std::string etag = put_part(first, 0, "artifact");
    put_part(second, 0, "artifact");
    EXPECT_EQ(complete(first, {etag}).status, 200u);
    EXPECT_EQ(complete(second, {etag}).status, 200u);
    EXPECT_EQ(test::files_below(folder / "uploads").size(), 2u) << "the records alone";
}

/// Else a node could read the draw, train what is drawn, and have it taken for what was submitted.
TEST_F(StorageUpload, NoResultIsCompletedOnceTheJobIsSubmitted) {
    const std::string early = upload_result("early");
    const json::object bound = open_upload(1, ".tar", crypto::sha256("late"));
    const json::object unbound = open_upload(1);
    const std::string etag = put_part(bound, 0, "late");
    put_part(unbound, 0, "late");
    chain.submit(job, std::string(unbound.at("fileName").as_string()));
    for (const json::object& upload : {bound, unbound}) {
        const http::ClientResponse refused = complete(upload, {etag});
        EXPECT_EQ(refused.status, 403u);
        EXPECT_THAT(refused.body, HasSubstr("while the JOB is PROCESSING"));
    }
    EXPECT_EQ(test::files_below(folder / "result"), std::vector<std::string>{early});
    EXPECT_EQ(put(part_url(unbound, 0), "another one").status, 200u) << "which nothing can be made of";
}

TEST_F(StorageUpload, AMissingPartCannotBeCompleted) {
    const json::object upload = open_upload(2);
    const std::string etag = put_part(upload, 0, full_part('a'));
    const http::ClientResponse refused = complete(upload, {etag, etag});
    EXPECT_EQ(refused.status, 409u);
    EXPECT_THAT(refused.body, HasSubstr("part 2 of 2 is missing"));
    EXPECT_EQ(complete(upload, {etag}).status, 400u);
    EXPECT_EQ(complete(upload, {}).status, 400u);
    EXPECT_THAT(test::files_below(folder / "result"), IsEmpty());
}

TEST_F(StorageUpload, AnotherPartThanItsEtagSaysCannotBeCompleted) {
    const json::object upload = open_upload(2);
    const std::string first = put_part(upload, 0, full_part('a'));
    const std::string second = put_part(upload, 1, "second");
    EXPECT_EQ(complete(upload, {first, first}).status, 409u);
    EXPECT_EQ(complete(upload, {second, first}).status, 409u);
    EXPECT_EQ(complete(upload, {first, ""}).status, 409u);
    EXPECT_THAT(test::files_below(folder / "result"), IsEmpty());
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
    EXPECT_EQ(complete(upload, {first.substr(1, 64), second}).status, 200u) << "an ETag may come without its quotes";
}

TEST_F(StorageUpload, PartsAreFullButTheLast) {
    const json::object upload = open_upload(2);
    EXPECT_THAT(put(part_url(upload, 0), "too short").body, HasSubstr("must have 10000000 bytes"));
    EXPECT_EQ(put(part_url(upload, 0), full_part('a') + "x").status, 413u);
    const std::string whole = put_part(upload, 0, full_part('a'));
    const std::string empty = put_part(upload, 1, "");
    EXPECT_THAT(complete(upload, {whole, empty}).body, HasSubstr("is empty"));
}

TEST_F(StorageUpload, ADigestThatIsGivenMustBeThatOfTheBody) {
    const json::object upload = open_upload(1);
    const auto put_with = [&](const char* header, const std::string& value) {
        http::ClientRequest request;
        request.method = "PUT";
        request.url = http::Url::parse(part_url(upload, 0)).value();
        request.headers[header] = value;
        request.body = "hello world";
        return run(http::request(std::move(request))).value().status;
    };
    const std::string sha256 = "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:";
    for (const char* header : {"content-digest", "repr-digest"}) {
        EXPECT_EQ(put_with(header, sha256), 200u);
        EXPECT_EQ(put_with(header, "sha-512=:AAAA:, " + sha256), 200u) << "others are not for us to judge";
        EXPECT_EQ(put_with(header, "sha-256=:vU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:"), 400u);
        EXPECT_EQ(put_with(header, "sha-512=:AAAA:,sha-256=:AAAA:"), 400u);
        EXPECT_EQ(put_with(header, "sha-256="), 400u);
    }
    EXPECT_EQ(put_with("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="), 200u);
    EXPECT_EQ(put_with("content-md5", "YrY7u+Ae7tCTyyK7j1rNww=="), 400u);
    EXPECT_EQ(put_with("content-md5", "x"), 400u);
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
}

TEST_F(StorageUpload, PartNumbersGoUpFromOne) {
    const json::object upload = open_upload(2);
    json::object body = complete_body(upload, {put_part(upload, 0, full_part('a')), put_part(upload, 1, "b")});
    std::swap(body["parts"].as_array()[0], body["parts"].as_array()[1]);
    EXPECT_EQ(post("node/multipartUpload/completeUpload", body).status, 400u);
}

TEST_F(StorageUpload, APartMayBeSentAgainUntilCompletion) {
    const json::object upload = open_upload(1);
    const std::string old = put_part(upload, 0, "first try");
    const std::string etag = put_part(upload, 0, "second try");
    EXPECT_EQ(complete(upload, {old}).status, 409u);
    EXPECT_EQ(complete(upload, {etag}).status, 200u);
    const http::ClientResponse late = put(part_url(upload, 0), "third try");
    EXPECT_EQ(late.status, 409u);
    EXPECT_EQ(test::read_text(folder / "result" / std::string(upload.at("fileName").as_string())), "second try");
}

TEST_F(StorageUpload, CompletingAgainSucceedsAndChangesNothing) {
    const json::object upload = open_upload(1);
    const std::string etag = put_part(upload, 0, "result");
    const http::ClientResponse first = complete(upload, {etag});
    const http::ClientResponse second = complete(upload, {etag});
    EXPECT_EQ(second.status, 200u);
    EXPECT_EQ(first.body, second.body);
    start();
    EXPECT_EQ(complete(upload, {etag}).status, 200u);
    EXPECT_EQ(test::files_below(folder / "result").size(), 1u);
}

TEST_F(StorageUpload, TheUploadIdIsBoundToAddressJobAndExtension) {
    const json::object upload = open_upload(1);
    const std::string etag = put_part(upload, 0, "result");
    json::object body = complete_body(upload, {etag});
    const auto with = [&](const char* field, const std::string& value) {
        json::object changed = body;
        changed[field] = value;
        return post("node/multipartUpload/completeUpload", changed).status;
    };
    EXPECT_EQ(with("address", stranger.address().hex()), 404u);
    EXPECT_EQ(with("jobId", repeated<JobId>(0x22).hex()), 404u);
    EXPECT_EQ(with("extension", ".evidence"), 404u);
    EXPECT_EQ(with("uploadId", std::string(64, '0')), 404u);
    EXPECT_EQ(with("uploadId", "../../secret"), 404u);
    EXPECT_THAT(test::files_below(folder / "result"), IsEmpty());
    EXPECT_EQ(post("node/multipartUpload/completeUpload", body).status, 200u);
}

TEST_F(StorageUpload, UrlsOfPartsDoNotGiveTheUploadIdAway) {
    const json::object upload = open_upload(1);
    const std::string id(upload.at("uploadId").as_string());
    EXPECT_EQ(id.size(), 64u);
    EXPECT_EQ(part_url(upload, 0).find(id.substr(0, 16)), std::string::npos);
    EXPECT_EQ(std::string(upload.at("fileName").as_string()).find(id.substr(0, 16)), std::string::npos);
}

TEST_F(StorageUpload, AnotherUploadOfTheJobIsAnotherObject) {
    const std::string first = upload_result("one");
    const std::string second = upload_result("two");
    EXPECT_NE(first, second);
    EXPECT_EQ(test::read_text(folder / "result" / first), "one");
}

TEST_F(StorageUpload, SurvivesARestartBetweenParts) {
    const json::object upload = open_upload(2);
    const std::string first = put_part(upload, 0, full_part('a'));
    test::write_text(folder / "incoming" / "assembled-x.tmp", "of a crash");
    start();
    const std::string target = http::Url::parse(part_url(upload, 1)).value().target;
    const http::ClientResponse stored = send("PUT", url(target), "second");
    ASSERT_EQ(stored.status, 200u) << stored.body;
    EXPECT_EQ(complete(upload, {first, stored.headers.at("etag")}).status, 200u);
    EXPECT_EQ(upload.at("fileName").as_string(),
              text(complete(upload, {first, stored.headers.at("etag")}), "fileName"));
}

TEST_F(StorageUpload, TheStateTellsSizeAndDigestBeforeAndAfterCompletion) {
    const json::object upload = open_upload(2);
    const std::string first = put_part(upload, 0, full_part('a'));
    EXPECT_EQ(state_of(upload, node).status, 409u);
    const std::string second = put_part(upload, 1, "second");
    const std::string digest = crypto::sha256(full_part('a') + "second").hex();
    json::object state = object(state_of(upload, node));
    EXPECT_EQ(state.at("bytes").to_number<std::uint64_t>(), 10'000'006u);
    EXPECT_EQ(state.at("sha256").as_string(), digest);
    EXPECT_FALSE(state.at("completed").as_bool());
    complete(upload, {first, second});
    state = object(state_of(upload, node));
    EXPECT_EQ(state.at("bytes").to_number<std::uint64_t>(), 10'000'006u);
    EXPECT_EQ(state.at("sha256").as_string(), digest);
    EXPECT_TRUE(state.at("completed").as_bool());
    EXPECT_EQ(state_of(upload, stranger).status, 403u);
}

TEST_F(StorageUpload, ResultsAreReadByNodeVerifierAndOnceVerifiedByTheOwner) {
    const std::string name = upload_result("artifact");
    EXPECT_EQ(post("node/signed-result-url", result_request(node)).status, 404u) << "nothing was submitted";
    chain.submit(job, name);
    for (const crypto::PrivateKey* key : {&node, &verifier}) {
        const json::object location = object(post("node/signed-result-url", result_request(*key)));
        EXPECT_EQ(location.at("bytes").to_number<int>(), 8);
        EXPECT_EQ(get(std::string(location.at("url").as_string())).body, "artifact");
    }
    EXPECT_EQ(post("node/signed-result-url", result_request(requester)).status, 403u);
    EXPECT_EQ(post("node/signed-result-url", result_request(stranger)).status, 403u);
    chain.verify(job, 1);
    EXPECT_EQ(post("node/signed-result-url", result_request(requester)).status, 200u);
    EXPECT_EQ(post("node/signed-result-url", result_request(stranger)).status, 403u);
}

TEST_F(StorageUpload, WhatANodeSubmitsOpensNothingElse) {
    const std::string dataset = upload_dataset("text");
    const std::string own = upload_result("artifact");
    const std::string foreign = "22222222222222222222222222222222" + own.substr(32);
    test::write_text(folder / "result" / foreign, "of another JOB");
    for (const std::string& submitted :
         {std::string("../secret"), "../dataset/" + dataset, foreign, std::string(), own + "x", "/" + own}) {
        chain.submit(job, submitted);
        EXPECT_EQ(post("node/signed-result-url", result_request(verifier)).status, 404u) << submitted;
    }
}

TEST_F(StorageUpload, TheNewestEvidenceIsFoundByItsJob) {
    chain.submit(job, "x");
    const auto ask = [this] { return post("node/signed-result-url", result_request(verifier, ".evidence")); };
    EXPECT_EQ(ask().status, 404u);
    upload_result("first draw", ".evidence");
    upload_result("draw after a reorganisation", ".evidence");
    EXPECT_EQ(get(text(ask(), "url")).body, "draw after a reorganisation");
}

TEST_F(StorageUpload, AJobHasABoundOnItsUploads) {
    for (std::size_t i = 0; i < UploadRecords::uploads_per_job_max; ++i) put_part(open_upload(1), 0, "x");
    const http::ClientResponse refused = post(open_endpoint, open_body(node, 1));
    EXPECT_EQ(refused.status, 429u);
    EXPECT_THAT(refused.body, HasSubstr("256 uploads of this JOB have parts"));
}

TEST_F(StorageUpload, TheOldestUploadWithoutAPartMakesRoom) {
    const json::object first = open_upload(1);
    const std::string etag = put_part(first, 0, "the first");
    const json::object empty = open_upload(1);
    for (std::size_t i = 2; i < UploadRecords::uploads_per_job_max; ++i) open_upload(1);
    const json::object last = open_upload(1);
    EXPECT_EQ(put(part_url(empty, 0), "x").status, 404u) << "it has made room";
    EXPECT_EQ(complete(first, {etag}).status, 200u);
    EXPECT_EQ(complete(last, {put_part(last, 0, "the last")}).status, 200u);
}

TEST_F(StorageUpload, ForgetsUploadsThatNobodyCameBackTo) {
    const std::int64_t day_ms = 86'400'000;
    const json::object upload = open_upload(1);
    put_part(upload, 0, "part");
    const auto entry = std::filesystem::directory_iterator(folder / "uploads" / std::string(32, '1'))->path();
    struct stat status{};
    ASSERT_EQ(::stat(entry.c_str(), &status), 0);
    clock.now_unix_ms = status.st_mtim.tv_sec * 1'000 + 29 * day_ms;
    start();
    run(server->sweep());
    EXPECT_TRUE(std::filesystem::exists(entry));
    clock.now_unix_ms += 2 * day_ms;
    start();
    run(server->sweep());
    EXPECT_FALSE(std::filesystem::exists(entry));
}

}  // namespace
}  // namespace emeth::network
