// What the parts of a network say of themselves to their page: docs/PROTOCOL.md.
#include <gtest/gtest.h>

#include "network/server_page.hpp"
#include "network/storage_api/storage_summary.hpp"
#include "network/verifier/verifier_view.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::network {
namespace {

JobId job(std::uint8_t number) {
    JobId id;
    id.bytes.fill(number);
    return id;
}

TEST(NetworkJson, OfAServer) {
    EXPECT_EQ(json_text(server_json("verifier", {})), R"({"name":"verifier","ready":true})");
    EXPECT_EQ(json_text(server_json("chain", {"it is away"})),
              R"({"name":"chain","ready":false,"reasons":["it is away"]})");
}

TEST(NetworkJson, OfAVerifier) {
    VerifierView view;
    view.checks_max = 2;
    view.unjudged_total = 3;
    view.unjudged = {{job(0x11), CheckStage::checking, 5},
                     {job(0x22), CheckStage::waiting, 60},
                     {job(0x33), CheckStage::postponed, 7, "there is no evidence of it in the Storage API"}};
    view.verdicts = {{job(0x44), Decision::rejected, "the \"artifact\" is <no> tar", 0, 2'999},
                     {job(0x55), Decision::passed, {}, 5, 1'000},
                     {job(0x66), Decision::timed_out, {}, 0, 0}};
    EXPECT_EQ(json_text(to_json(view)),
              R"({"checksMax":2,"queueTotal":3,"queue":[)"
              R"({"job":"0x11111111111111111111111111111111","stage":"checking","seconds":5},)"
              R"({"job":"0x22222222222222222222222222222222","stage":"waiting","seconds":60},)"
              R"({"job":"0x33333333333333333333333333333333","stage":"postponed","seconds":7,)"
              R"("why":"there is no evidence of it in the Storage API"}],"verdicts":[)"
              R"({"job":"0x44444444444444444444444444444444","verdict":"rejected","at":2,)"
              R"("reason":"the \"artifact\" is <no> tar"},)"
              R"({"job":"0x55555555555555555555555555555555","verdict":"passed","at":1,"gas":5},)"
              R"({"job":"0x66666666666666666666666666666666","verdict":"timed_out","at":0}]})");
}

TEST(NetworkJson, OfAStore) {
    StorageSummary summary;
    summary.datasets = 3;
    summary.results = 2;
    summary.uploads_open = 1;
    summary.bytes_used = 1'000;
    summary.limits = {10, 20, 30, 40, 50, 2, 3, 4};
    EXPECT_EQ(json_text(to_json(summary)),
              R"({"datasets":3,"results":2,"uploadsOpen":1,"bytes":1000,)"
              R"("limits":{"bytes":20,"addressBytes":40,"jobBytes":50,"datasetBytes":10,"diskFreeBytesMin":30,)"
              R"("uploadsPerJob":256,"unclaimedDatasetDays":2,"abandonedUploadDays":3,"endedJobDays":4}})");
    summary.disk_free_bytes = 77;
    EXPECT_EQ(to_json(summary).at("diskFreeBytes"), 77);
}

}  // namespace
}  // namespace emeth::network
