// Why results were rejected: who may tell the Storage API, and what it takes, keeps and says.
#include <map>

#include "integration/network/storage_api_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StorageVerdict : public StorageApi {
protected:
    StorageVerdict() {
        assign_job("x");
        chain.submit(job, "result");
    }
    json::object told_by(const crypto::PrivateKey& key, const std::string& reason, std::int64_t signed_at_ms) {
        return {{"sig", key.sign(api_client::verdict_reason_digest(job, block, reason, signed_at_ms)).hex()},
                {"address", key.address().hex()},
                {"jobId", job.hex()},
                {"signedtime", signed_at_ms},
                {"submitBlock", block.hex()},
                {"reason", reason}};
    }
    json::object told_by(const crypto::PrivateKey& key, const std::string& reason) {
        return told_by(key, reason, fresh_time());
    }
    http::ClientResponse tell(const json::object& body) { return post("verifier/verdict-reason", body); }
    http::ClientResponse ask(const std::string& id) { return send("GET", url("/api/v1/verdict-reason?jobId=" + id)); }
    /// What whoever asks is told; empty: nothing.
    std::string kept() {
        const http::ClientResponse answer = ask(job.hex());
        EXPECT_TRUE(answer.status == 200 || answer.status == 404) << answer.body;
        return answer.status == 200 ? text(answer, "reason") : std::string();
    }
    [[nodiscard]] api_client::StorageApiClient client_of(const crypto::PrivateKey& key) {
        return {http::Url::parse(server->url()).value(), key, clock};
    }

    const Hash256 block = repeated<Hash256>(0xb1);
};

TEST_F(StorageVerdict, KeepsTheVerifiersReasonForWhoeverAsks) {
    EXPECT_EQ(kept(), "");
    ASSERT_EQ(tell(told_by(verifier, "the artifact is no tar")).status, 200u);
    const json::object answer = object(ask(job.hex()));
    EXPECT_EQ(answer.at("jobId").as_string(), job.hex());
    EXPECT_EQ(answer.at("submitBlock").as_string(), block.hex());
    EXPECT_EQ(answer.at("reason").as_string(), "the artifact is no tar");
    EXPECT_FALSE(answer.contains("sig"));
    start();
    EXPECT_EQ(kept(), "the artifact is no tar") << "also after a restart";
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
}

TEST_F(StorageVerdict, TakesItFromNobodyElse) {
    for (const crypto::PrivateKey* key : {&node, &requester, &stranger}) {
        const http::ClientResponse refused = tell(told_by(*key, "it is theirs"));
        EXPECT_EQ(refused.status, 403u);
        EXPECT_THAT(refused.body, HasSubstr("only the verifier"));
        json::object borrowed = told_by(*key, "it is theirs");
        borrowed["address"] = verifier.address().hex();
        EXPECT_EQ(tell(borrowed).status, 401u);
    }
    EXPECT_EQ(kept(), "");
}

TEST_F(StorageVerdict, ASignatureCountsForItsJobBlockReasonAndTime) {
    const json::object good = told_by(verifier, "the artifact is no tar");
    const auto other = repeated<JobId>(0x22);
    chain.request(other, requester.address(), "x", "{}", test::wei(1), 0);
    chain.process(other, node.address());
    chain.submit(other, "result");
    const json::object others{{"jobId", other.hex()},
                              {"submitBlock", repeated<Hash256>(0xb2).hex()},
                              {"reason", "the artifact is no tat"},
                              {"signedtime", now_ms - 30'000}};
    for (const json::key_value_pair& changed : others) {
        json::object altered = good;
        altered[changed.key()] = changed.value();
        EXPECT_EQ(tell(altered).status, 401u) << changed.key();
    }
    json::object of_another_request = signed_by(verifier);
    of_another_request["submitBlock"] = block.hex();
    of_another_request["reason"] = "the artifact is no tar";
    EXPECT_EQ(tell(of_another_request).status, 401u);
    clock.now_unix_ms = now_ms + 61'000;
    EXPECT_EQ(tell(good).status, 401u) << "replayed";
    EXPECT_EQ(ask(other.hex()).status, 404u);
}

TEST_F(StorageVerdict, TakesItOnlyWhileThereCanBeSuchAVerdict) {
    const auto status = [this](chain::JobStatus is) {
        chain.jobs.at(job).record.status = is;
        return tell(told_by(verifier, "the artifact is no tar")).status;
    };
    using enum chain::JobStatus;
    for (const chain::JobStatus is : {requested, processing, verified, canceled, timeout, declined})
        EXPECT_EQ(status(is), 403u) << chain::name(is);
    EXPECT_EQ(status(submitted), 200u);
    EXPECT_EQ(status(failed), 200u) << "it may come late";
    chain.jobs.erase(job);
    EXPECT_EQ(tell(told_by(verifier, "x")).status, 404u);
}

TEST_F(StorageVerdict, TakesOneLineOfBoundedLength) {
    for (const std::string& reason : {std::string(), std::string("two\nlines"), std::string("\x1b[2J"),
                                      std::string("\xc2\x9b"), std::string(1'025, 'x')})
        EXPECT_EQ(tell(told_by(verifier, reason)).status, 400u) << reason;
    EXPECT_EQ(tell(told_by(verifier, std::string(1'024, 'x'))).status, 200u);
    EXPECT_EQ(tell(told_by(verifier, std::string(100'000, 'x'))).status, 413u);
    for (const char* body : {"", "[]", "{", "null", "{\"reason\":NaN}", "{\"reason\":\"\xff\"}"})
        EXPECT_EQ(send("POST", url("/api/v1/verifier/verdict-reason"), body).status, 400u) << body;
    for (const char* field : {"sig", "address", "jobId", "signedtime", "submitBlock", "reason"}) {
        json::object lacking = told_by(verifier, "the artifact is no tar");
        lacking.erase(field);
        EXPECT_EQ(tell(lacking).status, 400u) << field;
    }
    for (const char* id : {"", "0x12", "../../secret", "0x1111111111111111111111111111111g"})
        EXPECT_EQ(ask(id).status, 400u) << id;
    EXPECT_EQ(send("GET", url("/api/v1/verdict-reason")).status, 400u);
}

/// After a reorganisation there may be another verdict, on another draw.
TEST_F(StorageVerdict, TheReasonThatWasSignedLastCounts) {
    ASSERT_EQ(tell(told_by(verifier, "first", now_ms - 2)).status, 200u);
    ASSERT_EQ(tell(told_by(verifier, "second", now_ms - 1)).status, 200u);
    EXPECT_EQ(tell(told_by(verifier, "first", now_ms - 3)).status, 409u);
    EXPECT_EQ(tell(told_by(verifier, "second", now_ms - 1)).status, 401u) << "a signature counts once";
    EXPECT_EQ(tell(told_by(verifier, "second", now_ms)).status, 200u) << "the same again";
    EXPECT_EQ(kept(), "second");
}

TEST_F(StorageVerdict, AFullStoreSaysSo) {
    limits.total_bytes_max = 10;
    start();
    const http::ClientResponse refused = tell(told_by(verifier, "the artifact is no tar"));
    EXPECT_EQ(refused.status, 507u) << refused.body;
    EXPECT_EQ(kept(), "");
}

TEST_F(StorageVerdict, ItsClientTellsAndAsks) {
    auto judge = client_of(verifier), passer_by = client_of(stranger);
    EXPECT_EQ(run(passer_by.verdict_reason(job)).value(), std::nullopt);
    const api_client::VerdictReason reason{block, "loss 3.21, claimed 2.98"};
    ASSERT_TRUE(run(judge.put_verdict_reason(job, reason)).has_value());
    EXPECT_EQ(run(passer_by.verdict_reason(job)).value(), reason);
    EXPECT_THAT(run(passer_by.put_verdict_reason(job, reason)).error().message, HasSubstr("only the verifier"));
}

}  // namespace
}  // namespace emeth::network
