// Our client of the Storage API against the server, and against what others answer.
#include "statemachine/upload_parts.hpp"
#include "storage_api_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

class StorageClient : public StorageApi {
protected:
    StorageClient() { assign_job("any"); }
    /// As time passes, so that each request has a signature of its own.
    api_client::StorageApiClient client_of(const crypto::PrivateKey& key) {
        ++clock.now_unix_ms;
        return {http::Url::parse(server->url()).value(), key, clock};
    }
    Result<api_client::OpenedUpload> open(api_client::StorageApiClient& client, const statemachine::WorkerFile& file,
                                          const std::optional<std::string>& upload_id = std::nullopt) {
        return run(client.open_upload(job, file, ".tar", upload_id));
    }
};

TEST_F(StorageClient, UploadsAndReadsDatasets) {
    test::write_text(folder / "text", std::string(300'000, 't'));
    const std::string name = run(client_of(requester).upload_dataset(job, folder / "text")).value();
    EXPECT_EQ(run(client_of(requester).upload_dataset(job, folder / "text")).value(), name) << "again after a crash";
    EXPECT_EQ(run(client_of(node).dataset_bytes(name)).value(), 300'000u);
    EXPECT_EQ(run(client_of(node).dataset_bytes("absent")).error().kind, ErrorKind::permanent);
    chain.jobs.at(job).details.dataset = name;
    const std::string permitted = run(client_of(node).dataset_url(job)).value();
    EXPECT_EQ(get(permitted).body.size(), 300'000u);
}

TEST_F(StorageClient, UploadsResults) {
    test::write_text(folder / "artifact", full_part('a') + "end");
    api_client::StorageApiClient client = client_of(node);
    const statemachine::WorkerFile file{crypto::sha256_of_file(folder / "artifact").value(), 10'000'003};
    const api_client::OpenedUpload upload = run(client.open_upload(job, file, ".tar", std::nullopt)).value();
    EXPECT_EQ(api_client::digest_in(upload.file_name, job, ".tar"), file.sha256);
    ASSERT_EQ(upload.urls.size(), 2u);
    std::map<std::uint32_t, std::string> etags;
    for (std::uint32_t i = 0; i < 2; ++i) {
        const std::uint64_t offset = i * upload_part_bytes;
        const std::uint64_t length = std::min<std::uint64_t>(upload_part_bytes, 10'000'003 - offset);
        etags[i + 1] = run(http::upload_range(http::Url::parse(upload.urls[i]).value(), folder / "artifact", offset,
                                              length, Milliseconds{10'000}))
                           .value()
                           .headers.at("etag");
    }
    const auto state = run(client.upload_state(job, upload.upload_id)).value().value();
    EXPECT_EQ(state.bytes, 10'000'003u);
    EXPECT_EQ(state.sha256, crypto::sha256_of_file(folder / "artifact").value());
    EXPECT_TRUE(run(client.complete_upload(job, upload.upload_id, etags, ".tar")));
    EXPECT_TRUE(run(client.complete_upload(job, upload.upload_id, etags, ".tar")));
    chain.submit(job, upload.file_name);
    EXPECT_EQ(run(client_of(verifier).result_url(job, ".tar")).value()->bytes, 10'000'003u);
    chain.submit(job, "what was never uploaded");
    EXPECT_FALSE(run(client_of(verifier).result_url(job, ".tar")).value().has_value());
}

TEST_F(StorageClient, ALargeUploadHasAllItsUrls) {
    api_client::StorageApiClient client = client_of(node);
    const statemachine::WorkerFile file{crypto::sha256("artifact"), 2'499 * upload_part_bytes + 7};
    const api_client::OpenedUpload upload = open(client, file).value();
    ASSERT_EQ(upload.urls.size(), 2'500u);
    for (std::size_t index = 0; index < 2'499; ++index)
        ASSERT_THAT(upload.urls[index], HasSubstr(fmt::format("/{}/10000000?", index + 1)));
    EXPECT_EQ(put(upload.urls.back(), "the end").status, 200u);
    EXPECT_EQ(run(server->summary()).uploads_open, 1u);
    EXPECT_EQ(open(client, {file.sha256, upload_parts_max * upload_part_bytes}).value().urls.size(), upload_parts_max);
}

TEST_F(StorageClient, AnUploadIsGoneOnWithAfterARestartOfTheServer) {
    api_client::StorageApiClient client = client_of(node);
    const statemachine::WorkerFile file{crypto::sha256("artifact"), 8};
    const api_client::OpenedUpload opened = open(client, file).value();
    const http::ClientResponse stored = put(opened.urls[0], "artifact");
    start();
    api_client::StorageApiClient later = client_of(node);
    const api_client::OpenedUpload again = open(later, file, opened.upload_id).value();
    EXPECT_EQ(again.upload_id, opened.upload_id);
    EXPECT_EQ(again.file_name, opened.file_name);
    EXPECT_TRUE(run(later.complete_upload(job, again.upload_id, {{1, stored.headers.at("etag")}}, ".tar")));
}

TEST_F(StorageClient, WhatCannotBeGoneOnWithIsAPermanentError) {
    api_client::StorageApiClient client = client_of(node);
    const statemachine::WorkerFile file{crypto::sha256("artifact"), 8}, other{crypto::sha256("another"), 7};
    const std::string opened = open(client, file).value().upload_id;
    const std::vector<std::pair<statemachine::WorkerFile, std::string>> wrong{
        {file, std::string(64, '0')}, {file, std::string(200, 'x')}, {other, opened}};
    for (const auto& [named, id] : wrong) {
        const auto refused = open(client, named, id);
        ASSERT_TRUE(refused.has_error());
        EXPECT_EQ(refused.error().kind, ErrorKind::permanent) << refused.error().message;
    }
    chain.failure = transient_error("down");
    EXPECT_EQ(open(client, file, opened).error().kind, ErrorKind::transient);
    chain.failure.reset();
    chain.submit(job, "x");
    EXPECT_EQ(open(client, file, opened).error().kind, ErrorKind::transient) << "the upload is there";
}

TEST_F(StorageClient, OnlyAnExplicitAnswerEndsAnUpload) {
    const auto asked = [this](const std::string& status, const std::string& body, bool completing) {
        test::CannedServer canned(
            executor(),
            fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status, body.size(), body));
        const test::Background answering(io, canned.run());
        api_client::StorageApiClient client(
            http::Url::parse(fmt::format("http://127.0.0.1:{}/", canned.port())).value(), node, system_clock());
        if (completing) {
            const auto completed = run(client.complete_upload(job, "u", {{1, "e"}}, ".tar"));
            return completed.has_value()                            ? "completed"
                   : completed.error().kind == ErrorKind::permanent ? "ended"
                                                                    : "later";
        }
        const auto state = run(client.upload_state(job, "u"));
        if (state.has_value()) return state->has_value() ? "state" : "no such endpoint";
        return state.error().kind == ErrorKind::permanent ? "ended" : "later";
    };
    const std::string no_upload = R"({"error":"there is no such upload of this JOB and address"})";
    EXPECT_STREQ(asked("404 Not Found", no_upload, false), "ended");
    EXPECT_STREQ(asked("404 Not Found", no_upload, true), "ended");
    EXPECT_STREQ(asked("404 Not Found", "<Error><Code>NoSuchUpload</Code></Error>", true), "ended");
    EXPECT_STREQ(asked("400 Bad Request", R"({"error":"part 2 is missing"})", true), "ended");
    EXPECT_STREQ(asked("404 Not Found", R"({"error":"there is no JOB 0x11 on chain"})", false), "later");
    for (const char* status : {"404 Not Found", "405 Method Not Allowed", "501 Not Implemented"})
        EXPECT_STREQ(asked(status, "<html>Cannot POST</html>", false), "no such endpoint") << status;
    for (const char* status :
         {"401 Unauthorized", "403 Forbidden", "404 Not Found", "429 Too Many Requests", "503 Service Unavailable"})
        EXPECT_STREQ(asked(status, "<html></html>", true), "later") << status;
    for (const char* status :
         {"401 Unauthorized", "403 Forbidden", "429 Too Many Requests", "507 Insufficient Storage"})
        EXPECT_STREQ(asked(status, "{}", false), "later") << status;
    EXPECT_STREQ(asked("200 OK", "{}", false), "later") << "an answer of another form";
}

/// Somebody may have copied the request, and sent another one with its signature before it arrived.
TEST_F(StorageClient, ASignatureThatOpenedAnotherUploadIsReplacedByANewOne) {
    json::object copied = signed_by(node, clock.now_unix_ms + 1);
    copied["partNum"] = 7;
    copied["extension"] = ".tar";
    ASSERT_EQ(post(open_endpoint, copied).status, 200u);
    const auto opened = run(client_of(node).open_upload(job, {Hash256{}, 1}, ".tar", std::nullopt));
    EXPECT_EQ(opened.error().kind, ErrorKind::transient);
    EXPECT_THAT(opened.error().message, HasSubstr("sign the request again"));
    EXPECT_TRUE(run(client_of(node).open_upload(job, {Hash256{}, 1}, ".tar", std::nullopt)).has_value());
}

TEST_F(StorageClient, ErrorsSayWhetherTryingAgainMayHelp) {
    EXPECT_EQ(run(client_of(stranger).open_upload(job, {Hash256{}, 1}, ".tar", std::nullopt)).error().kind,
              ErrorKind::permanent);
    chain.failure = transient_error("down");
    EXPECT_EQ(run(client_of(node).open_upload(job, {Hash256{}, 1}, ".tar", std::nullopt)).error().kind,
              ErrorKind::transient);
}

}  // namespace
}  // namespace emeth::network
