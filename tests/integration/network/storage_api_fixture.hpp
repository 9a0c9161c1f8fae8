// A Storage API on loopback over a chain in memory, asked with raw JSON as other people's programs do.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "crypto/api_signature.hpp"
#include "crypto/sha256.hpp"
#include "http/client.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "runtime/random.hpp"
#include "statemachine/upload_parts.hpp"
#include "support/fake_chain.hpp"
#include "support/io_fixture.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::network {

namespace json = boost::json;
using test::repeated;

/// Its latest block may be of any time.
class TimedChain : public test::FakeChain {
public:
    Task<Result<chain::Block>> latest_block() override {
        auto asking = test::FakeChain::latest_block();
        Result<chain::Block> block = co_await std::move(asking);
        if (block && now_unix_s) block->timestamp_unix_s = *now_unix_s;
        co_return block;
    }
    std::optional<std::int64_t> now_unix_s;
};

class StorageApi : public test::IoFixture {
protected:
    static constexpr std::int64_t now_ms = 1'700'000'000'000;
    static constexpr const char* open_endpoint = "node/multipartUpload/getPutSignedUrls";

    StorageApi() {
        chain.network.verifier = verifier.address();
        start();
    }

    void start() {
        serving.reset();
        server.reset();
        StorageApiOptions options{{}, folder.path(), limits};
        options.s3 = s3;
        server.emplace(executor(), StorageApiPorts{chain, clock, system_random(), pool}, std::move(options));
        server->listen().value();
        serving.emplace(io, server->run());
    }

    http::Url url(const std::string& target) { return http::Url::parse(server->url()).value().at(target); }

    http::ClientResponse send(const std::string& method, const http::Url& to, std::string body = {}) {
        http::ClientRequest asked;
        asked.method = method;
        asked.url = to;
        asked.body = std::move(body);
        asked.timeout = Milliseconds{30'000};
        asked.response_bytes_max = 64 << 20;
        return run(http::request(std::move(asked))).value();
    }
    http::ClientResponse post(const std::string& endpoint, const json::object& body) {
        return send("POST", url("/api/v1/" + endpoint), json::serialize(body));
    }
    http::ClientResponse get(const std::string& full_url) { return send("GET", http::Url::parse(full_url).value()); }
    http::ClientResponse put(const std::string& full_url, std::string body) {
        return send("PUT", http::Url::parse(full_url).value(), std::move(body));
    }
    static json::object object(const http::ClientResponse& response) { return json::parse(response.body).as_object(); }
    static std::string text(const http::ClientResponse& response, const char* field) {
        const json::object answer = object(response);
        return answer.contains(field) ? std::string(answer.at(field).as_string())
                                      : "(no " + std::string(field) + " in " + response.body + ")";
    }

    /// A later one at each call, as every request has a signature of its own.
    std::int64_t fresh_time() { return time_zero_ms - 1'000 + ++signatures; }
    /// {sig, address, jobId, signedtime} by `key`, as published endpoints want it.
    json::object signed_by(const crypto::PrivateKey& key) { return signed_by(key, fresh_time()); }
    json::object signed_by(const crypto::PrivateKey& key, std::int64_t signed_at_ms) {
        return signed_for(key, crypto::job_request_digest(job, signed_at_ms), signed_at_ms);
    }
    /// The same with another digest.
    json::object signed_for(const crypto::PrivateKey& key, const Hash256& digest, std::int64_t signed_at_ms) {
        return {{"sig", key.sign(digest).hex()},
                {"address", key.address().hex()},
                {"jobId", job.hex()},
                {"signedtime", signed_at_ms}};
    }
    json::object dataset_announcement(const crypto::PrivateKey& key, const std::string& content) {
        return dataset_announcement(key, job, content);
    }
    json::object dataset_announcement(const crypto::PrivateKey& key, const JobId& id, const std::string& content) {
        const Hash256 sha256 = crypto::sha256(content);
        const std::int64_t time = fresh_time();
        json::object body = signed_for(key, api_client::dataset_upload_digest(id, sha256, content.size(), time), time);
        body["jobId"] = id.hex();
        body["sha256"] = sha256.hex();
        body["bytes"] = content.size();
        return body;
    }
    json::object result_request(const crypto::PrivateKey& key, const std::string& extension = {}) {
        const std::int64_t time = fresh_time();
        json::object body = signed_for(key, api_client::result_url_digest(job, extension, time), time);
        if (!extension.empty()) body["extension"] = extension;
        return body;
    }
    /// Uploads a dataset as the requester and returns its name.
    std::string upload_dataset(const std::string& content) {
        const http::ClientResponse permit = post("requester/signed-put-url", dataset_announcement(requester, content));
        EXPECT_EQ(permit.status, 200u) << permit.body;
        const http::ClientResponse stored = put(text(permit, "url"), content);
        EXPECT_EQ(stored.status, 200u) << stored.body;
        return text(permit, "fileName");
    }
    /// The JOB is on chain with that dataset, and PROCESSING by the node.
    void assign_job(const std::string& dataset) {
        chain.request(job, requester.address(), dataset, R"({"language":"en","epoch":2})", test::wei(1'000),
                      time_zero_ms / 1'000 + 3'600);
        chain.process(job, node.address());
    }

    json::object open_body(const crypto::PrivateKey& key, json::value part_number,
                           const std::string& extension = ".tar") {
        json::object body = signed_by(key);
        body["partNum"] = std::move(part_number);
        body["extension"] = extension;
        return body;
    }
    /// As published clients ask, or with the digest that the result's name shall hold.
    json::object open_upload(json::value part_number, const std::string& extension = ".tar",
                             const std::optional<Hash256>& sha256 = std::nullopt) {
        json::object body = open_body(node, std::move(part_number), extension);
        if (sha256) body["sha256"] = sha256->hex();
        const http::ClientResponse opened = post(open_endpoint, body);
        EXPECT_EQ(opened.status, 200u) << opened.body;
        return object(opened);
    }
    std::size_t uploads() { return run(server->summary()).uploads_open; }
    std::string part_url(const json::object& upload, std::size_t index) {
        return std::string(upload.at("urls").at(std::to_string(index)).as_string());
    }
    /// The part's ETag.
    std::string put_part(const json::object& upload, std::size_t index, const std::string& content) {
        const http::ClientResponse stored = put(part_url(upload, index), content);
        EXPECT_EQ(stored.status, 200u) << stored.body;
        return stored.headers.at("etag");
    }
    json::object complete_body(const json::object& upload, const std::vector<std::string>& etags,
                               const std::string& extension = ".tar") {
        json::array parts;
        for (std::size_t i = 0; i < etags.size(); ++i) parts.push_back({{"ETag", etags[i]}, {"PartNumber", i + 1}});
        return {{"address", node.address().hex()},
                {"jobId", job.hex()},
                {"parts", std::move(parts)},
                {"uploadId", upload.at("uploadId")},
                {"extension", extension}};
    }
    http::ClientResponse complete(const json::object& upload, const std::vector<std::string>& etags,
                                  const std::string& extension = ".tar") {
        return post("node/multipartUpload/completeUpload", complete_body(upload, etags, extension));
    }
    http::ClientResponse state_of(const json::object& upload, const crypto::PrivateKey& key) {
        return post("node/multipartUpload/state", state_request(upload, key));
    }
    json::object state_request(const json::object& upload, const crypto::PrivateKey& key) {
        const std::int64_t time = fresh_time();
        const std::string id(upload.at("uploadId").as_string());
        json::object body = signed_for(key, api_client::upload_state_digest(job, id, time), time);
        body["uploadId"] = id;
        return body;
    }
    /// Uploads one part and completes; returns the object's name, which holds the digest unless it is evidence.
    std::string upload_result(const std::string& content, const std::string& extension = ".tar") {
        const std::optional<Hash256> sha256 = crypto::sha256(content);
        return upload_result(content, extension, extension == ".evidence" ? std::nullopt : sha256);
    }
    std::string upload_result(const std::string& content, const std::string& extension,
                              const std::optional<Hash256>& sha256) {
        const json::object upload = open_upload(1, extension, sha256);
        const http::ClientResponse completed = complete(upload, {put_part(upload, 0, content)}, extension);
        EXPECT_EQ(completed.status, 200u) << completed.body;
        return std::string(upload.at("fileName").as_string());
    }

    static std::string full_part(char fill) { return std::string(upload_part_bytes, fill); }

    std::int64_t time_zero_ms = now_ms;
    std::int64_t signatures = 0;
    const JobId job = repeated<JobId>(0x11);
    crypto::PrivateKey requester = crypto::PrivateKey::generate(system_random());
    crypto::PrivateKey node = crypto::PrivateKey::generate(system_random());
    crypto::PrivateKey verifier = crypto::PrivateKey::generate(system_random());
    crypto::PrivateKey stranger = crypto::PrivateKey::generate(system_random());
    test::TemporaryFolder folder;
    TimedChain chain;
    test::ManualClock clock{now_ms};
    BlockingPool pool{1};
    StorageLimits limits;
    std::optional<s3::S3Settings> s3;
    std::optional<StorageApiServer> server;
    std::optional<test::Background> serving;
};

}  // namespace emeth::network
