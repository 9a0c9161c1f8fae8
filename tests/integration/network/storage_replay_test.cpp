// Attacks with requests that somebody copied: what a signature is good for, and how often.
#include "network/storage_api/upload_records.hpp"
#include "storage_api_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

class StorageReplay : public StorageApi {
protected:
    StorageReplay() { assign_job("any"); }
};

/// One copied request once opened 252 uploads, and the node's own was refused from then on.
TEST_F(StorageReplay, OneSignatureOpensOneUpload) {
    const json::object copied = open_body(node, 1);
    const json::object first = object(post(open_endpoint, copied));
    for (int i = 0; i < 15; ++i) {
        const json::object again = object(post(open_endpoint, copied));
        ASSERT_EQ(again.at("uploadId"), first.at("uploadId"));
    }
    EXPECT_EQ(post(open_endpoint, copied).status, 401u) << "nor does it have URLs signed without end";
    EXPECT_EQ(uploads(), 1u);
    start();
    EXPECT_EQ(object(post(open_endpoint, copied)).at("uploadId"), first.at("uploadId")) << "also after a restart";
    const std::vector<std::pair<const char*, json::value>> changes{{"partNum", 7}, {"extension", ".pt"}, {"bytes", 5}};
    for (const auto& [field, value] : changes) {
        json::object altered = copied;
        altered[field] = value;
        EXPECT_EQ(post(open_endpoint, altered).status, 409u) << field;
    }
    EXPECT_EQ(uploads(), 1u);
    EXPECT_NE(object(post(open_endpoint, open_body(node, 1))).at("uploadId"), first.at("uploadId"));
}

TEST_F(StorageReplay, CopiesLeaveTheUploadOfTheNodeAlone) {
    const json::object copied = open_body(node, 1);
    const json::object upload = object(post(open_endpoint, copied));
    const std::string etag = put_part(upload, 0, "result");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(post(open_endpoint, copied).status, 200u);
    EXPECT_EQ(complete(upload, {etag}).status, 200u);
    EXPECT_EQ(post(open_endpoint, copied).status, 200u);
    EXPECT_EQ(put(part_url(upload, 0), "other").status, 409u);
}

/// A signature for one endpoint once served at all others.
TEST_F(StorageReplay, ASignatureServesNoOtherEndpoint) {
    const json::object upload = open_upload(1);
    put_part(upload, 0, "result");
    chain.submit(job, "x");
    json::object published = signed_by(node);
    published["uploadId"] = upload.at("uploadId");
    published["extension"] = ".tar";
    published["partNum"] = 1;
    published["sha256"] = Hash256{}.hex();
    published["bytes"] = 1;
    published["submitBlock"] = Hash256{}.hex();
    published["reason"] = "x";
    const char* own[] = {"node/multipartUpload/state", "node/signed-result-url", "requester/signed-put-url",
                         "verifier/verdict-reason"};
    for (const char* endpoint : own) EXPECT_EQ(post(endpoint, published).status, 401u) << endpoint;
    for (json::object request :
         {state_request(upload, node), result_request(node, ".tar"), dataset_announcement(node, "x")}) {
        json::object merged = published;
        for (const json::key_value_pair& field : request) merged[field.key()] = field.value();
        std::size_t refused = 0;
        for (const char* endpoint : own) refused += post(endpoint, merged).status == 401;
        EXPECT_EQ(refused, 3u) << json::serialize(merged);
        EXPECT_EQ(post("node/signed-get-url", merged).status, 401u);
        EXPECT_EQ(post(open_endpoint, merged).status, 401u);
    }
}

TEST_F(StorageReplay, ASignatureCountsForItsBody) {
    chain.submit(job, upload_result("artifact"));
    json::object other = result_request(node, ".tar");
    other["extension"] = ".evidence";
    EXPECT_EQ(post("node/signed-result-url", other).status, 401u);
    other.erase("extension");
    EXPECT_EQ(post("node/signed-result-url", other).status, 401u);
    json::object longer = dataset_announcement(requester, "text");
    longer["bytes"] = 1'000'000;
    EXPECT_EQ(post("requester/signed-put-url", longer).status, 401u);
    const json::object upload = open_upload(1, ".evidence");
    json::object elsewhere = state_request(upload, node);
    elsewhere["uploadId"] = std::string(64, '0');
    EXPECT_EQ(post("node/multipartUpload/state", elsewhere).status, 401u);
}

TEST_F(StorageReplay, ASignatureForOneOfOurEndpointsCountsOnce) {
    const json::object upload = open_upload(1);
    put_part(upload, 0, "result");
    const json::object state = state_request(upload, node), dataset = dataset_announcement(requester, "text");
    const std::pair<const char*, json::object> asked[] = {{"node/multipartUpload/state", state},
                                                          {"requester/signed-put-url", dataset}};
    for (const auto& [endpoint, request] : asked) {
        EXPECT_EQ(post(endpoint, request).status, 200u) << endpoint;
        const http::ClientResponse again = post(endpoint, request);
        EXPECT_EQ(again.status, 401u) << endpoint;
        EXPECT_THAT(again.body, HasSubstr("was used before"));
    }
    chain.submit(job, upload_result("artifact"));
    const json::object result = result_request(verifier);
    EXPECT_EQ(post("node/signed-result-url", result).status, 200u);
    EXPECT_EQ(post("node/signed-result-url", result).status, 401u);
}

/// Otherwise whoever copies a request could have it refused before it arrives.
TEST_F(StorageReplay, ARefusedRequestDoesNotUseItsSignatureUp) {
    const json::object asked = dataset_announcement(requester, "text");
    chain.failure = transient_error("connection refused");
    EXPECT_EQ(post("requester/signed-put-url", asked).status, 503u);
    chain.failure.reset();
    EXPECT_EQ(post("requester/signed-put-url", asked).status, 200u);
}

}  // namespace
}  // namespace emeth::network
