// The Storage API in front of an object store that speaks S3 and was written elsewhere: bytes go straight there.
#include "network/storage_api/upload_records.hpp"
#include "storage_api_fixture.hpp"
#include "support/object_store_process.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class StorageS3 : public StorageApi {
protected:
    StorageS3() {
        // Presigned URLs hold by the store's clock.
        time_zero_ms = system_clock().unix_ms();
        clock.now_unix_ms = time_zero_ms;
        s3 = s3::S3Settings{http::Url::parse(store.url()).value(),
                            test::ObjectStoreProcess::region,
                            test::ObjectStoreProcess::bucket,
                            "net/",
                            {test::ObjectStoreProcess::access_key, test::ObjectStoreProcess::secret_key, ""}};
        start_and_take_stock();
        assign_job("any");
    }

    void start_and_take_stock() {
        start();
        while (!run(server->why_not_ready()).empty()) {
        }
    }
    http::ClientResponse get_range(const std::string& full_url, const std::string& range) {
        http::ClientRequest asked;
        asked.url = http::Url::parse(full_url).value();
        asked.headers["range"] = range;
        return run(http::request(std::move(asked))).value();
    }
    std::uint64_t size_of(const std::string& key) {
        const http::ClientResponse sized = send("GET", url("/api/v1/sizeOf?key=" + key));
        return sized.status == 200 ? object(sized).at("result").to_number<std::uint64_t>() : 0;
    }
    json::object open_sized(std::uint64_t bytes, const std::optional<Hash256>& sha256 = std::nullopt,
                            const std::string& extension = ".tar") {
        json::object body = open_body(node, upload_parts_of(bytes), extension);
        body["bytes"] = bytes;
        if (sha256) body["sha256"] = sha256->hex();
        const http::ClientResponse opened = post(open_endpoint, body);
        EXPECT_EQ(opened.status, 200u) << opened.body;
        return object(opened);
    }
    /// Puts and completes; the object's name.
    std::string upload_sized(const std::string& content, const std::optional<Hash256>& sha256) {
        const json::object upload = open_sized(content.size(), sha256);
        const http::ClientResponse completed = complete(upload, {put_part(upload, 0, content)});
        EXPECT_EQ(completed.status, 200u) << completed.body;
        return std::string(upload.at("fileName").as_string());
    }

    test::ObjectStoreProcess store{io, {"allowable_clock_skew=1000000000"}};  // a test may put its clock ahead
};

TEST_F(StorageS3, ResultsGoFromTheNodeToTheStoreAndFromThereToTheVerifier) {
    const std::vector<std::string> parts{full_part('a'), full_part('b'), "the end"};
    const std::string whole = parts[0] + parts[1] + parts[2];
    const json::object upload = open_sized(whole.size(), crypto::sha256(whole));
    ASSERT_EQ(upload.at("urls").as_object().size(), 3u);
    std::vector<std::string> etags;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_THAT(part_url(upload, i), StartsWith(store.url())) << "not through this server";
        etags.push_back(put_part(upload, i, parts[i]));
    }
    EXPECT_THAT(etags[0], MatchesRegex("\"?[0-9a-f]{32}\"?")) << "S3's, an MD5";
    const std::string name(upload.at("fileName").as_string());
    EXPECT_EQ(size_of("result/" + name), 0u) << "nothing is seen before it is complete";

    const json::object state = object(state_of(upload, node));
    EXPECT_EQ(state.at("bytes").to_number<std::uint64_t>(), whole.size());
    EXPECT_FALSE(state.contains("sha256")) << "nobody here has read it";
    EXPECT_FALSE(state.at("completed").as_bool());

    for (int times = 0; times < 2; ++times) {
        const http::ClientResponse completed = complete(upload, etags);
        ASSERT_EQ(completed.status, 200u) << completed.body;
        EXPECT_EQ(text(completed, "fileName"), name);
    }
    EXPECT_TRUE(object(state_of(upload, node)).at("completed").as_bool());
    EXPECT_EQ(size_of("result/" + name), whole.size());

    chain.submit(job, name);
    const json::object located = object(post("node/signed-result-url", result_request(verifier)));
    EXPECT_EQ(located.at("bytes").to_number<std::uint64_t>(), whole.size());
    const std::string from(located.at("url").as_string());
    EXPECT_THAT(from, StartsWith(store.url()));
    const http::ClientResponse end = get_range(from, "bytes=20000000-");
    EXPECT_EQ(end.status, 206u);
    EXPECT_EQ(end.body, "the end");
    EXPECT_EQ(get(from).body == whole, true);
}

TEST_F(StorageS3, AnObjectIsNeverReplaced) {
    const Hash256 sha256 = crypto::sha256("first");
    const json::object late = open_sized(5, sha256);
    const std::string late_etag = put_part(late, 0, "other");
    const std::string name = upload_sized("first", sha256);
    EXPECT_EQ(complete(late, {late_etag}).status, 200u) << "another upload has brought what it is for";
    EXPECT_NE(put(part_url(late, 0), "third").status, 200u) << "its parts are given up";
    chain.submit(job, name);
    EXPECT_EQ(get(text(post("node/signed-result-url", result_request(verifier)), "url")).body, "first");
}

TEST_F(StorageS3, APartHasTheLengthThatItsUrlWasMadeFor) {
    const json::object upload = open_sized(8);
    EXPECT_EQ(put(part_url(upload, 0), "too long for it").status, 403u);
    EXPECT_EQ(put(part_url(upload, 0), "short").status, 403u);
    const std::string etag = put_part(upload, 0, "8 bytes.");
    EXPECT_EQ(complete(upload, {etag}).status, 200u);

    // A published client does not say how long the last part is: that is seen when it completes.
    const json::object rough = open_upload(0.0001);
    const std::string rough_etag = put_part(rough, 0, std::string(100'000, 'x'));
    const http::ClientResponse refused = complete(rough, {rough_etag});
    EXPECT_EQ(refused.status, 409u);
    EXPECT_THAT(refused.body, HasSubstr("at most 66536"));
}

TEST_F(StorageS3, RefusesWhatIsMissingOrAnother) {
    const json::object upload = open_sized(upload_part_bytes + 3);
    const http::ClientResponse early = state_of(upload, node);
    EXPECT_EQ(early.status, 409u);
    EXPECT_THAT(early.body, HasSubstr("part 1 of 2 is missing"));
    const std::string first = put_part(upload, 0, full_part('a'));
    EXPECT_EQ(complete(upload, {first, first}).status, 409u) << "part 2 is missing";
    const std::string second = put_part(upload, 1, "end");
    EXPECT_EQ(complete(upload, {first, first}).status, 409u) << "part 2 is another";
    EXPECT_EQ(complete(upload, {first}).status, 400u);
    const std::string replaced = put_part(upload, 1, "END");
    EXPECT_EQ(complete(upload, {first, second}).status, 409u) << "it was put again since";
    EXPECT_EQ(complete(upload, {first, replaced}).status, 200u);
}

TEST_F(StorageS3, AnUploadGoesOnAfterARestart) {
    const json::object upload = open_sized(upload_part_bytes + 3);
    const std::string first = put_part(upload, 0, full_part('a'));
    start_and_take_stock();
    const std::string second = put_part(upload, 1, "end");
    EXPECT_EQ(complete(upload, {first, second}).status, 200u);
    start_and_take_stock();
    EXPECT_EQ(complete(upload, {first, second}).status, 200u) << "as before";
}

TEST_F(StorageS3, WhatIsThereCountsAfterARestart) {
    limits.job_bytes_max = 2'600;  // of which two records take their share
    start_and_take_stock();
    upload_sized(std::string(900, 'a'), std::nullopt);
    start_and_take_stock();
    const json::object begun = open_sized(1'000);
    put_part(begun, 0, std::string(1'000, 'b'));
    start_and_take_stock();
    json::object body = open_body(node, 1);
    body["bytes"] = 600;
    const http::ClientResponse refused = post(open_endpoint, body);
    EXPECT_EQ(refused.status, 507u) << refused.body;
    EXPECT_EQ(run(server->summary()).results, 1u);
    EXPECT_EQ(uploads(), 1u);
}

TEST_F(StorageS3, UploadsWithoutAPartMakeRoom) {
    limits.job_bytes_max = 25'000;  // and the records of uploads count as well
    start_and_take_stock();
    const json::object kept = open_sized(8'000);
    const std::string etag = put_part(kept, 0, std::string(8'000, 'a'));
    std::optional<json::object> last;
    for (int i = 0; i < 5; ++i) last = open_sized(8'000);
    EXPECT_EQ(complete(kept, {etag}).status, 200u);
    EXPECT_EQ(complete(*last, {put_part(*last, 0, std::string(8'000, 'b'))}).status, 200u);
}

TEST_F(StorageS3, OurClientPutsDatasetsInParts) {
    const std::string text = full_part('t') + "and the end";
    test::write_text(folder / "text", text);
    const auto client_of = [&](const crypto::PrivateKey& key) {
        ++clock.now_unix_ms;
        return api_client::StorageApiClient(http::Url::parse(server->url()).value(), key, clock);
    };
    const JobId other = repeated<JobId>(0x22);
    const std::string name = run(client_of(requester).upload_dataset(other, folder / "text")).value();
    EXPECT_EQ(size_of("dataset/" + name), text.size());
    EXPECT_EQ(run(client_of(requester).upload_dataset(other, folder / "text")).value(), name) << "again after a crash";

    test::write_text(folder / "text", full_part('t') + "and the END");
    const Result<std::string> replaced = run(client_of(requester).upload_dataset(other, folder / "text"));
    ASSERT_TRUE(replaced.has_error());
    EXPECT_THAT(replaced.error().message, HasSubstr("cannot be replaced"));
    EXPECT_EQ(replaced.error().kind, ErrorKind::permanent);

    chain.request(other, requester.address(), name, R"({"language":"en","epoch":2})", test::wei(1'000),
                  time_zero_ms / 1'000 + 3'600);
    chain.process(other, node.address());
    const std::string permitted = run(client_of(node).dataset_url(other)).value();
    EXPECT_EQ(get(permitted).body == text, true);
    EXPECT_EQ(get_range(permitted, "bytes=10000004-").body, "the end");
}

TEST_F(StorageS3, ADatasetIsWhatOneUploadMadeOfIt) {
    const JobId other = repeated<JobId>(0x22);
    const auto announce = [&](const std::string& content) {
        const http::ClientResponse opened =
            post("requester/signed-put-url", dataset_announcement(requester, other, content));
        EXPECT_EQ(opened.status, 200u) << opened.body;
        return object(opened);
    };
    const auto complete_dataset = [&](const json::object& upload, const std::string& etag) {
        json::object body = complete_body(upload, {etag}, ".dataset");
        body["address"] = requester.address().hex();
        body["jobId"] = other.hex();
        return post("node/multipartUpload/completeUpload", body);
    };
    const json::object first = announce("what the node trains");
    const json::object second = announce("what it is blamed by");
    const std::string first_etag = put_part(first, 0, "what the node trains");
    const std::string second_etag = put_part(second, 0, "what it is blamed by");
    EXPECT_EQ(complete_dataset(first, first_etag).status, 200u);
    EXPECT_EQ(complete_dataset(second, second_etag).status, 404u) << "it was given up with the first one's end";
    EXPECT_NE(put(part_url(second, 0), "what it is blamed by").status, 200u);
    EXPECT_EQ(complete_dataset(first, first_etag).status, 200u) << "as before";
    EXPECT_EQ(
        post("requester/signed-put-url", dataset_announcement(requester, other, "longer than what there is")).status,
        409u);

    // Only what is meant for them opens uploads of datasets.
    EXPECT_EQ(post(open_endpoint, open_body(node, 1, ".dataset")).status, 400u);
}

TEST_F(StorageS3, WhatStrangersOpenUsesUpNothing) {
    limits.total_bytes_max = 30'000'000;
    start_and_take_stock();
    const Hash256 sha256 = repeated<Hash256>(7);
    const std::uint64_t bytes = 25'000'000;
    for (std::uint8_t i = 0; i < 4; ++i) {
        const crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
        const JobId id = repeated<JobId>(static_cast<std::uint8_t>(0x30 + i));
        const std::int64_t time = fresh_time();
        json::object body = signed_for(key, api_client::dataset_upload_digest(id, sha256, bytes, time), time);
        body["jobId"] = id.hex();
        body["sha256"] = sha256.hex();
        body["bytes"] = bytes;
        EXPECT_EQ(post("requester/signed-put-url", body).status, 200u);
    }
    test::write_text(folder / "text", full_part('t'));
    api_client::StorageApiClient client(http::Url::parse(server->url()).value(), requester, clock);
    const JobId other = repeated<JobId>(0x22);
    EXPECT_TRUE(run(client.upload_dataset(other, folder / "text")).has_value());
    EXPECT_LT(run(server->summary()).bytes_used, 10'010'000u);
    EXPECT_EQ(uploads(), 4u);

    clock.now_unix_ms += std::int64_t{3} * 86'400'000;
    run(server->sweep());
    EXPECT_EQ(uploads(), 0u) << "after unclaimed_dataset_days";
}

TEST_F(StorageS3, ForgetsUploadsAndObjectsThatNobodyNeeds) {
    const json::object upload = open_sized(4);
    put_part(upload, 0, "part");
    const std::string name = upload_sized("result", std::nullopt);
    chain.submit(job, name);
    chain.verify(job, 1);
    clock.now_unix_ms += std::int64_t{2} * 86'400'000;
    chain.now_unix_s = clock.now_unix_ms / 1'000;
    run(server->sweep());  // it learns that the JOB has ended
    clock.now_unix_ms += std::int64_t{31} * 86'400'000;
    chain.now_unix_s = clock.now_unix_ms / 1'000;
    run(server->sweep());
    EXPECT_TRUE(test::files_below(folder / "uploads").empty()) << "no record is left";
    clock.now_unix_ms = time_zero_ms;
    start_and_take_stock();
    EXPECT_EQ(run(server->summary()).results, 0u);
    EXPECT_EQ(run(server->summary()).bytes_used, 0u);
}

TEST_F(StorageS3, TakesNothingInBeforeTheStoreAnswersAndSaysWhy) {
    s3->endpoint = http::Url::parse("http://127.0.0.1:1").value();
    start();
    const http::ClientResponse refused = post(open_endpoint, open_body(node, 1));
    EXPECT_EQ(refused.status, 503u);
    EXPECT_EQ(send("GET", url("/api/v1/sizeOf?key=result/x")).status, 503u) << "not: there is none";
    EXPECT_THAT(run(server->why_not_ready()), ::testing::Contains("the object store does not answer"));
}

TEST_F(StorageS3, AFolderWithObjectsIsNotOverlooked) {
    write_file_durably(folder / "dataset" / "old.txt", "there before").value();
    serving.reset();
    server.reset();
    StorageApiOptions options{{}, folder.path(), limits};
    options.s3 = s3;
    server.emplace(executor(), StorageApiPorts{chain, clock, system_random(), pool}, std::move(options));
    const Result<void> listening = server->listen();
    ASSERT_TRUE(listening.has_error());
    EXPECT_THAT(listening.error().message, HasSubstr("s3_endpoint"));
}

}  // namespace
}  // namespace emeth::network
