// Messages pass the wire unchanged, and values out of bounds do not pass it.
#include "trainer_protocol/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>

namespace emeth::trainer_protocol {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

template <class Value>
json::value over_the_wire(const Value& value) {
    return json::parse(json::serialize(to_json(value)));
}

TrainRequest train_request() {
    TrainRequest request;
    request.job = {*JobId::parse("0x00112233445566778899aabbccddeeff"), "ja", 3, "gpt2"};
    request.folder = "/var/lib/emeth/jobs/1 with a space";
    request.dataset_sha256.bytes.fill(0xab);
    request.compute = {"cuda:1", 8, 12, "bf16", 2500};
    return request;
}

void expect_equal(const ComputeOptions& a, const ComputeOptions& b) {
    EXPECT_EQ(a.device, b.device);
    EXPECT_EQ(a.threads, b.threads);
    EXPECT_EQ(a.micro_batch, b.micro_batch);
    EXPECT_EQ(a.precision, b.precision);
    EXPECT_EQ(a.checkpoint_interval_ms, b.checkpoint_interval_ms);
}

void expect_equal(const JobSpec& a, const JobSpec& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.language, b.language);
    EXPECT_EQ(a.epochs, b.epochs);
    EXPECT_EQ(a.model, b.model);
}

TEST(Messages, TrainRequestRoundTrip) {
    const TrainRequest sent = train_request();
    const Result<Request> received = parse_request(over_the_wire(Request(sent)));
    ASSERT_TRUE(received) << received.error().message;
    const auto& request = std::get<TrainRequest>(*received);
    expect_equal(request.job, sent.job);
    expect_equal(request.compute, sent.compute);
    EXPECT_EQ(request.folder, sent.folder);
    EXPECT_EQ(request.dataset_sha256, sent.dataset_sha256);
}

TEST(Messages, WhatCooperationNeedsRoundTrips) {
    TrainRequest train = train_request();
    train.cooperation = CooperationOptions{"10.0.0.7", 5'000, 0};
    const Result<Request> leader = parse_request(over_the_wire(Request(train)));
    ASSERT_TRUE(leader) << leader.error().message;
    EXPECT_EQ(std::get<TrainRequest>(*leader).cooperation->host, "10.0.0.7");
    EXPECT_EQ(std::get<TrainRequest>(*leader).cooperation->timeout_ms, 5'000u);
    EXPECT_EQ(std::get<TrainRequest>(*leader).cooperation->trial_steps, 0u);

    const HelpRequest sent{train, {"127.0.0.1", 40'000, Hash256{{9}}}};
    const Result<Request> helper = parse_request(over_the_wire(Request(sent)));
    ASSERT_TRUE(helper) << helper.error().message;
    const auto& request = std::get<HelpRequest>(*helper);
    expect_equal(request.train.job, sent.train.job);
    expect_equal(request.train.compute, sent.train.compute);
    EXPECT_EQ(request.train.folder, sent.train.folder);
    EXPECT_EQ(request.train.dataset_sha256, sent.train.dataset_sha256);
    EXPECT_EQ(request.train.cooperation->timeout_ms, 5'000u);
    EXPECT_EQ(request.rendezvous, sent.rendezvous);

    HelpRequest named = sent;
    named.rendezvous.host = "leader.example";
    const Result<Request> refused = parse_request(over_the_wire(Request(named)));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("'rendezvous.host' is \"leader.example\"; expected an IP address"));
}

/// One flat object, as workers and trainers of earlier versions write it.
TEST(Messages, AHelpRequestIsATrainRequestWithARendezvous) {
    TrainRequest train = train_request();
    train.cooperation = CooperationOptions{"10.0.0.7", 5'000, 0};
    json::object expected = to_json(Request(train)).as_object();
    const Rendezvous rendezvous{"127.0.0.1", 40'000, Hash256{{9}}};
    expected["type"] = "help";
    expected["rendezvous"] = to_json(rendezvous);
    json::value help = to_json(Request(HelpRequest{train, rendezvous}));
    EXPECT_EQ(help, expected);

    help.as_object().erase("cooperation");
    const Result<Request> refused = parse_request(help);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("'cooperation'"));
}

TEST(Messages, CheckRequestRoundTrip) {
    const CheckRequest sent{
        train_request().job, "/a/artifact.tar", "/a/dataset", "/a/scratch", {}, "/a/evidence", Hash256{{1, 2, 3}}, 5};
    const Result<Request> received = parse_request(over_the_wire(Request(sent)));
    ASSERT_TRUE(received) << received.error().message;
    const auto& request = std::get<CheckRequest>(*received);
    expect_equal(request.job, sent.job);
    expect_equal(request.compute, sent.compute);
    EXPECT_EQ(request.artifact, sent.artifact);
    EXPECT_EQ(request.dataset, sent.dataset);
    EXPECT_EQ(request.folder, sent.folder);
    EXPECT_EQ(request.evidence, sent.evidence);
    EXPECT_EQ(request.block_hash, sent.block_hash);
    EXPECT_EQ(request.draws, sent.draws);
}

template <class T>
T report_round_trip(const T& sent) {
    const Result<TrainerReport> received = parse_report(over_the_wire(TrainerReport(sent)));
    if (!received) throw ErrorException(received.error());
    return std::get<T>(*received);
}

TEST(Messages, ReportRoundTrips) {
    EXPECT_EQ(report_round_trip(Prepared{4096, 77}).tokens, 4096u);
    EXPECT_EQ(report_round_trip(Prepared{4096, 77}).steps_total, 77u);
    EXPECT_EQ(report_round_trip(Started{12}).step, 12u);
    const Rendezvous rendezvous{"::1", 40'000, Hash256{{7}}};
    EXPECT_EQ(report_round_trip(RendezvousOpened{rendezvous}).rendezvous, rendezvous);
    EXPECT_EQ(report_round_trip(Helped{31}).steps, 31u);
    EXPECT_EQ(report_round_trip(Progress{.stage = "training", .workers = 4}).workers, 4u);

    const Progress progress = report_round_trip(Progress{"training", 1, 20, 200, 3.25, 61234.5});
    EXPECT_EQ(progress.stage, "training");
    EXPECT_EQ(progress.epoch, 1u);
    EXPECT_EQ(progress.step, 20u);
    EXPECT_EQ(progress.steps_total, 200u);
    EXPECT_EQ(progress.loss, 3.25);
    EXPECT_EQ(progress.tokens_per_s, 61234.5);

    Hash256 digest;
    digest.bytes.fill(7);
    const CheckpointSaved checkpoint = report_round_trip(CheckpointSaved{{1, 150, digest, 2.5}});
    EXPECT_EQ(checkpoint.checkpoint, (statemachine::Checkpoint{1, 150, digest, 2.5}));

    const Trained trained = report_round_trip(Trained{{digest, 1'000'000, 2, 200, {5.125, 4.0}, 4.1}});
    EXPECT_EQ(trained.artifact, (statemachine::Artifact{digest, 1'000'000, 2, 200, {5.125, 4.0}, 4.1}));

    const Checked checked =
        report_round_trip(Checked{false, "one epoch is missing", 4.5, 4.75, {0.5, 0.75, 0.25, 0.125, 2, 1e6}});
    EXPECT_EQ(checked.worst.weights, 0.5);
    EXPECT_EQ(checked.worst.weighted_weights, 0.75);
    EXPECT_EQ(checked.worst.first_moments, 0.25);
    EXPECT_EQ(checked.worst.second_moments, 0.125);
    EXPECT_EQ(checked.worst.next_step, 2);
    EXPECT_EQ(checked.worst.loss, 1e6);
    EXPECT_FALSE(checked.passed);
    EXPECT_EQ(checked.reason, "one epoch is missing");
    EXPECT_EQ(checked.claimed_validation_loss, 4.5);
    EXPECT_EQ(checked.recomputed_validation_loss, 4.75);

    const Failed failed = report_round_trip(Failed{true, "no such preset"});
    EXPECT_TRUE(failed.permanent);
    EXPECT_EQ(failed.message, "no such preset");
}

TEST(Messages, WhatIsNotFiniteIsReportedAsVeryLarge) {
    const double none = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
    const Checked checked = report_round_trip(Checked{false, "it diverged", none, infinite, {none, infinite}});
    for (const double number : {checked.claimed_validation_loss, checked.recomputed_validation_loss,
                                checked.worst.weights, checked.worst.weighted_weights})
        EXPECT_EQ(number, 1e300);
    EXPECT_EQ(report_round_trip(Progress{"training", 0, 1, 2, none, infinite}).loss, 1e300);
}

struct BadField {
    const char* path;
    json::value value;
    const char* named;
};

std::string error_with(const BadField& bad) {
    json::value request = to_json(Request(train_request()));
    request.at_pointer(bad.path) = bad.value;
    const Result<Request> parsed = parse_request(request);
    return parsed ? "accepted" : parsed.error().message;
}

TEST(Messages, RequestFieldsAreBounded) {
    const BadField bad_fields[] = {
        {"/type", "dance", "type"},
        {"/job/id", "0x12", "job.id"},
        {"/job/language", "fr", "job.language"},
        {"/job/epochs", 0, "job.epochs"},
        {"/job/epochs", 1'001, "job.epochs"},
        {"/job/model", "../../etc/passwd", "job.model"},
        {"/job/model", "", "job.model"},
        {"/job/model", "GPT2", "job.model"},
        {"/folder", "relative/folder", "folder"},
        {"/folder", json::string(std::string("/a\0b", 4)), "folder"},
        {"/folder", json::string(5000, '/'), "folder"},
        {"/datasetSha256", "0xzz", "datasetSha256"},
        {"/compute/device", "tpu", "compute.device"},
        {"/compute/device", "cuda:", "compute.device"},
        {"/compute/threads", 0, "compute.threads"},
        {"/compute/threads", -1, "compute.threads"},
        {"/compute/microBatch", 1'000'000, "compute.microBatch"},
        {"/compute/precision", "int4", "compute.precision"},
        {"/compute/checkpointIntervalMs", -1, "compute.checkpointIntervalMs"},
    };
    for (const BadField& bad : bad_fields) {
        EXPECT_THAT(error_with(bad), HasSubstr(std::string("field '") + bad.named + "'")) << json::serialize(bad.value);
    }
}

TEST(Messages, WhatIsNoReportIsRefused) {
    for (const char* text : {"[]", "{}", "null", R"({"type":"dance"})", R"({"type":"started"})",
                             R"({"type":"started","step":-1})", R"({"type":"prepared","tokens":1e3,"stepsTotal":1})",
                             R"({"type":"trained","artifact":{"sha256":"0x00","bytes":1}})"}) {
        EXPECT_FALSE(parse_report(json::parse(text))) << text;
    }
}

}  // namespace
}  // namespace emeth::trainer_protocol
