// Datasets, permissions and signatures of the Storage API, on the wire.
#include "storage_api_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(StorageApi, TakesADatasetAndGivesItToTheAssignedNode) {
    const std::string name = upload_dataset("some text");
    EXPECT_EQ(object(send("GET", url("/api/v1/sizeOf?key=dataset/" + name))).at("result").to_number<int>(), 9);
    EXPECT_EQ(object(send("GET", url("/api/v1/sizeOf?key=dataset%2F" + name))).at("result").to_number<int>(), 9);
    assign_job(name);
    const http::ClientResponse permit = post("node/signed-get-url", signed_by(node));
    ASSERT_EQ(permit.status, 200u) << permit.body;
    EXPECT_EQ(get(text(permit, "url")).body, "some text");
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
}

TEST_F(StorageApi, TheVerifierReadsEveryDatasetAndNobodyElseDoes) {
    assign_job(upload_dataset("some text"));
    EXPECT_EQ(post("node/signed-get-url", signed_by(verifier)).status, 200u);
    for (const crypto::PrivateKey* key : {&stranger, &requester}) {
        const http::ClientResponse refused = post("node/signed-get-url", signed_by(*key));
        EXPECT_EQ(refused.status, 403u);
        EXPECT_THAT(refused.body, HasSubstr(key->address().hex()));
    }
}

TEST_F(StorageApi, ANodeReadsTheDatasetWhileItWorksOnTheJob) {
    const std::string name = upload_dataset("some text");
    chain.request(job, requester.address(), name, "{}", test::wei(1), 0);
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 403u);
    chain.process(job, node.address());
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 200u);
    chain.decline(job);
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 403u);
    EXPECT_EQ(post("node/signed-get-url", signed_by(verifier)).status, 200u);
}

TEST_F(StorageApi, AJobCannotOpenTheDatasetOfAnotherRequester) {
    const std::string name = upload_dataset("private text");
    chain.request(job, stranger.address(), name, "{}", test::wei(1), 0);
    chain.process(job, node.address());
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 403u);
    EXPECT_EQ(post("node/signed-get-url", signed_by(verifier)).status, 403u);
}

TEST_F(StorageApi, WhatTheChainCallsADatasetIsNoPath) {
    test::write_text(folder / "outside.txt", "secret");
    for (const char* name : {"../secret", "../outside.txt", "/etc/passwd", "", ".", "a/../../secret"}) {
        chain.request(job, requester.address(), name, "{}", test::wei(1), 0);
        chain.process(job, node.address());
        EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 403u) << name;
        EXPECT_EQ(
            send("GET", url("/api/v1/sizeOf?key=" + http::percent_encoded("dataset/" + std::string(name)))).status,
            404u)
            << name;
    }
    EXPECT_EQ(send("GET", url("/api/v1/sizeOf?key=secret")).status, 404u);
    EXPECT_EQ(send("GET", url("/api/v1/sizeOf")).status, 400u);
}

TEST_F(StorageApi, SaysThatADatasetIsMissing) {
    assign_job(upload_dataset("some text"));
    for (const auto& entry : std::filesystem::directory_iterator(folder / "dataset")) std::filesystem::remove(entry);
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 404u);
}

TEST_F(StorageApi, AnUnknownJobIs404AndASilentChain503) {
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 404u);
    assign_job(upload_dataset("some text"));
    chain.failure = transient_error("connection refused");
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 503u);
    EXPECT_EQ(post(open_endpoint, open_body(node, 1)).status, 503u);
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(requester, "x")).status, 503u);
    chain.failure.reset();
    EXPECT_EQ(post("node/signed-get-url", signed_by(node)).status, 200u);
}

TEST_F(StorageApi, IsReadyWhileTheChainAnswersAndThereIsRoom) {
    EXPECT_EQ(send("GET", url("/healthz")).status, 200u);
    EXPECT_EQ(send("GET", url("/readyz")).status, 200u);
    chain.failure = transient_error("http://10.0.0.1: connection refused");
    EXPECT_EQ(send("GET", url("/readyz")).status, 200u) << "whoever asks often does not ask the chain as often";
    limits.total_bytes_max = 0;
    start();
    const http::ClientResponse not_ready = send("GET", url("/readyz"));
    EXPECT_EQ(not_ready.status, 503u);
    EXPECT_EQ(object(not_ready).at("reasons").as_array().size(), 2u) << not_ready.body;
    EXPECT_THAT(not_ready.body, ::testing::Not(::testing::HasSubstr("10.0.0.1")));
}

TEST_F(StorageApi, TellsABrowserThatItIsOneAndWhetherItIsReady) {
    const http::ClientResponse page = send("GET", url("/"));
    EXPECT_EQ(page.status, 200u);
    EXPECT_THAT(page.headers.at("content-type"), HasSubstr("text/html"));
    const json::object said = object(send("GET", url("/api/v1/network")));
    EXPECT_EQ(said.size(), 2u) << "no more than /readyz says";
    EXPECT_EQ(said.at("at").as_int64(), now_ms / 1'000);
    EXPECT_EQ(json::serialize(said.at("servers")), R"([{"name":"storage_api","ready":true}])");
}

TEST_F(StorageApi, CountsWhatItHolds) {
    assign_job(upload_dataset("some text"));
    upload_result("a result");
    open_upload(1);
    const StorageSummary summary = run(server->summary());
    EXPECT_EQ(summary.datasets, 1u);
    EXPECT_EQ(summary.results, 1u);
    EXPECT_EQ(summary.uploads_open, 1u);
    EXPECT_GE(summary.bytes_used, 17u);
    EXPECT_GT(summary.disk_free_bytes.value(), 0u);
    EXPECT_EQ(summary.limits.total_bytes_max, limits.total_bytes_max);
}

TEST_F(StorageApi, SignaturesExpireAndTheFutureIsRefused) {
    assign_job(upload_dataset("some text"));
    const json::object asked = signed_by(node, now_ms);
    clock.now_unix_ms = now_ms + 60'000;
    EXPECT_EQ(post("node/signed-get-url", asked).status, 200u);
    clock.now_unix_ms = now_ms + 61'000;
    const http::ClientResponse replayed = post("node/signed-get-url", asked);
    EXPECT_EQ(replayed.status, 401u);
    EXPECT_THAT(replayed.body, HasSubstr("61000 ms old"));
    EXPECT_EQ(post(open_endpoint, open_body(node, 1)).status, 401u);
    clock.now_unix_ms = now_ms - 10'000;
    EXPECT_EQ(post("node/signed-get-url", asked).status, 401u);
}

TEST_F(StorageApi, ASignatureCountsForItsSignerJobAndTime) {
    assign_job(upload_dataset("some text"));
    json::object borrowed = signed_by(stranger);
    borrowed["address"] = node.address().hex();
    EXPECT_EQ(post("node/signed-get-url", borrowed).status, 401u);
    json::object redated = signed_by(node, now_ms - 50'000);
    redated["signedtime"] = now_ms;
    EXPECT_EQ(post("node/signed-get-url", redated).status, 401u);
    json::object redirected = signed_by(node);
    redirected["jobId"] = repeated<JobId>(0x22).hex();
    EXPECT_EQ(post("node/signed-get-url", redirected).status, 401u);
}

TEST_F(StorageApi, MalformedRequestsAre400) {
    for (const char* body :
         {"", "[]", "{", "null", R"({"sig":1})", R"({"address":"0x12","jobId":"0x12","signedtime":1,"sig":"0x"})"})
        EXPECT_EQ(send("POST", url("/api/v1/node/signed-get-url"), body).status, 400u) << body;
    json::object no_hex = signed_by(node);
    no_hex["address"] = "../../x";
    EXPECT_EQ(post("node/signed-get-url", no_hex).status, 400u);
    EXPECT_EQ(send("POST", url("/api/v1/node/signed-get-url"), std::string(100'000, ' ')).status, 413u);
    EXPECT_EQ(send("GET", url("/api/v1/node/signed-get-url")).status, 405u);
}

TEST_F(StorageApi, ADatasetMustBeWhatWasAnnounced) {
    const http::ClientResponse permit = post("requester/signed-put-url", dataset_announcement(requester, "announced"));
    EXPECT_EQ(put(text(permit, "url"), "different").status, 400u);
    EXPECT_EQ(put(text(permit, "url"), "announced and more").status, 400u);
    EXPECT_THAT(test::files_below(folder / "dataset"), IsEmpty());
    EXPECT_EQ(put(text(permit, "url"), "announced").status, 200u);
}

TEST_F(StorageApi, ADatasetIsNeverReplaced) {
    const http::ClientResponse other = post("requester/signed-put-url", dataset_announcement(requester, "cherry"));
    const std::string name = upload_dataset("banana");
    EXPECT_EQ(put(text(other, "url"), "cherry").status, 409u);
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(requester, "another length")).status, 409u);
    EXPECT_EQ(upload_dataset("banana"), name) << "the same content again is no replacement";
    EXPECT_EQ(test::read_text(folder / "dataset" / name), "banana");
}

TEST_F(StorageApi, OnlyItsOwnerWritesTheDatasetOfAJobOnChain) {
    chain.request(job, requester.address(), "x", "{}", test::wei(1), 0);
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(stranger, "x")).status, 403u);
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(requester, "x")).status, 200u);
}

TEST_F(StorageApi, NobodyCanTakeTheNameOfAnothersDataset) {
    const http::ClientResponse squatted = post("requester/signed-put-url", dataset_announcement(stranger, "junk"));
    EXPECT_EQ(put(text(squatted, "url"), "junk").status, 200u);
    const std::string name = upload_dataset("real");
    assign_job(name);
    EXPECT_EQ(get(text(post("node/signed-get-url", signed_by(node)), "url")).body, "real");
}

TEST_F(StorageApi, TheAnnouncementIsSignedWithItsDigest) {
    json::object forged = dataset_announcement(requester, "real");
    forged["sha256"] = crypto::sha256("junk").hex();
    EXPECT_EQ(post("requester/signed-put-url", forged).status, 401u);
}

TEST_F(StorageApi, UrlsAreGoodForOneMethodAndPathAndNotForEver) {
    assign_job(upload_dataset("some text"));
    const std::string permitted = text(post("node/signed-get-url", signed_by(node)), "url");
    EXPECT_EQ(send("PUT", http::Url::parse(permitted).value(), "x").status, 405u);
    std::string tampered = permitted;
    tampered.back() = tampered.back() == '0' ? '1' : '0';
    EXPECT_EQ(get(tampered).status, 403u);
    const std::string path = permitted.substr(0, permitted.find('?'));
    EXPECT_EQ(get(path).status, 403u);
    EXPECT_EQ(get(path + "x" + permitted.substr(permitted.find('?'))).status, 403u);
    clock.now_unix_ms = now_ms + 12 * 3'600'000;
    const http::ClientResponse expired = get(permitted);
    EXPECT_EQ(expired.status, 403u);
    EXPECT_THAT(expired.body, HasSubstr("expired"));
}

TEST_F(StorageApi, UrlsOutliveARestart) {
    assign_job(upload_dataset("some text"));
    const std::string permitted = text(post("node/signed-get-url", signed_by(node)), "url");
    const std::string target = http::Url::parse(permitted).value().target;
    start();
    EXPECT_EQ(send("GET", url(target)).body, "some text");
    EXPECT_EQ(std::filesystem::status(folder / "secret").permissions(), std::filesystem::perms(0600));
}

TEST_F(StorageApi, SweepsWhatACrashLeft) {
    const std::string name = upload_dataset("some text");
    test::write_text(folder / "incoming" / "incoming-1.tmp", "half");
    std::filesystem::create_directories(folder / "uploads" / "11111111111111111111111111111111" / "half-made");
    start();
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(folder / "uploads" / "11111111111111111111111111111111" / "half-made"));
    EXPECT_EQ(send("GET", url("/api/v1/sizeOf?key=dataset/" + name)).status, 200u);
}

/// A link in place of a folder once had its target emptied at the start.
TEST_F(StorageApi, ItsFoldersAreItsOwn) {
    test::TemporaryFolder elsewhere;
    test::write_text(elsewhere / "precious", "mine");
    serving.reset();
    server.reset();
    const auto listens = [this] {
        StorageApiServer other(executor(), StorageApiPorts{chain, clock, system_random(), pool},
                               StorageApiOptions{{}, folder.path(), limits});
        const Result<void> listening = other.listen();
        return listening.has_error() ? listening.error().message : std::string();
    };
    for (const char* name : {"incoming", "dataset", "result", "uploads", "verdict"}) {
        std::filesystem::remove_all(folder / name);
        std::filesystem::create_directory_symlink(elsewhere.path(), folder / name);
        EXPECT_THAT(listens(), HasSubstr((folder / name).string() + " is a link")) << name;
        std::filesystem::remove(folder / name);
        std::filesystem::create_directory(folder / name);
        std::filesystem::permissions(folder / name, std::filesystem::perms(0777));
        EXPECT_THAT(listens(), HasSubstr("chmod go-w " + (folder / name).string())) << name;
        std::filesystem::permissions(folder / name, std::filesystem::perms(0700));
    }
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
    EXPECT_THAT(listens(), HasSubstr("chmod go-w"));
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
    EXPECT_EQ(listens(), "");
    EXPECT_EQ(test::read_text(elsewhere / "precious"), "mine");
}

TEST_F(StorageApi, HasABoundOnWhatItStores) {
    limits.dataset_bytes_max = 1'000;
    limits.total_bytes_max = 1'500;
    start();
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(requester, std::string(1'001, 'x'))).status, 413u);
    upload_dataset(std::string(900, 'x'));
    const http::ClientResponse full =
        post("requester/signed-put-url", dataset_announcement(stranger, std::string(900, 'x')));
    EXPECT_EQ(full.status, 507u);
    EXPECT_THAT(full.body, HasSubstr("the store is full"));
    start();
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(stranger, std::string(900, 'x'))).status, 507u)
        << "counted again at the start";
}

TEST_F(StorageApi, LeavesTheDiskSomeRoom) {
    assign_job("x");
    const std::string part = http::Url::parse(part_url(open_upload(1), 0)).value().target;
    limits.disk_free_bytes_min = std::uint64_t{1} << 62;
    start();
    const http::ClientResponse full = post("requester/signed-put-url", dataset_announcement(requester, "x"));
    EXPECT_EQ(full.status, 507u);
    EXPECT_THAT(full.body, HasSubstr("disk is full"));
    EXPECT_EQ(send("PUT", url(part), "x").status, 507u);
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
}

}  // namespace
}  // namespace emeth::network
