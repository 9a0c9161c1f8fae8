#include "worker_protocol/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace emeth::worker_protocol {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

template <class Bytes>
Bytes filled(std::uint8_t byte) {
    Bytes value;
    value.bytes.fill(byte);
    return value;
}

const JobId job = filled<JobId>(0xa1);
const Hash256 hash = filled<Hash256>(0x5c);

template <class Message>
Message through_master(const Message& message) {
    const auto parsed = parse_from_master(encode(FromMaster(message)));
    EXPECT_TRUE(parsed.has_value()) << (parsed.has_error() ? parsed.error().message : "");
    return std::get<Message>(parsed.value());
}

template <class Body>
Body through_worker(const Body& body, std::uint64_t id = 7) {
    const auto parsed = parse_from_worker(encode(FromWorker(Report{id, job, 3, body})));
    EXPECT_TRUE(parsed.has_value()) << (parsed.has_error() ? parsed.error().message : "");
    const auto report = std::get<Report>(parsed.value());
    EXPECT_EQ(report.id, id);
    EXPECT_EQ(report.job, job);
    EXPECT_EQ(report.lease, 3u);
    return std::get<Body>(report.body);
}

std::string master_error(std::string_view text) {
    const auto parsed = parse_from_master(text);
    return parsed.has_error() ? parsed.error().message : "accepted";
}

std::string worker_error(std::string_view text) {
    const auto parsed = parse_from_worker(text);
    return parsed.has_error() ? parsed.error().message : "accepted";
}

Assign an_assign() {
    Assign order;
    order.job = job;
    order.lease = std::numeric_limits<std::uint64_t>::max();
    order.spec = {job, "ja", 3, "gpt2-medium"};
    order.dataset_url = "http://127.0.0.1:4000/objects/dataset?expires=1&signature=ab";
    order.dataset_bytes = 123'456'789'012;
    return order;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(FromMasterMessages, GoThroughUnchanged) {
    const auto challenge = through_master(Challenge{hash, filled<Address>(0x11)});
    EXPECT_EQ(challenge.challenge, hash);
    EXPECT_EQ(challenge.master, filled<Address>(0x11));
    EXPECT_EQ(challenge.version, session_version);
    const auto first_version =
        R"({"type":"challenge","challenge":")" + hash.hex() + R"(","master":")" + filled<Address>(0x11).hex() + R"("})";
    EXPECT_EQ(std::get<Challenge>(parse_from_master(first_version).value()).version, 1u);

    crypto::Signature signature;
    signature.bytes.fill(0x2b);
    signature.bytes[64] = 27;
    EXPECT_EQ(through_master(Welcome{signature}).signature, signature);

    const auto assign = through_master(an_assign());
    EXPECT_EQ(assign.job, job);
    EXPECT_EQ(assign.lease, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(assign.spec.id, job);
    EXPECT_EQ(assign.spec.language, "ja");
    EXPECT_EQ(assign.spec.epochs, 3u);
    EXPECT_EQ(assign.spec.model, "gpt2-medium");
    EXPECT_EQ(assign.dataset_url, an_assign().dataset_url);
    EXPECT_EQ(assign.dataset_bytes, 123'456'789'012u);

    const auto upload = through_master(Upload{job, 4, hash, {{1, "http://a/1"}, {10'000, "http://a/2"}}, "upload-7"});
    EXPECT_EQ(upload.upload_id, "upload-7");
    EXPECT_EQ(upload.artifact_sha256, hash);
    EXPECT_EQ(upload.urls, (std::map<std::uint32_t, std::string>{{1, "http://a/1"}, {10'000, "http://a/2"}}));

    const auto stop = through_master(Stop{job, 0, true, "the JOB was \"declined\"\n"});
    EXPECT_TRUE(stop.forget);
    EXPECT_EQ(stop.reason, "the JOB was \"declined\"\n");
    EXPECT_EQ(through_master(Ack{99}).report, 99u);
    EXPECT_EQ(through_master(WorkerRefused{"no"}).reason, "no");
}

TEST(Messages, AnEvidenceOrderAndItsReportSurviveTheWire) {
    const auto order = through_master(Evidence{job, 4, hash, {0, 1, 7, 8}, {{2, "http://a/2"}}, "upload-9"});
    EXPECT_EQ(order.block_hash, hash);
    EXPECT_EQ(order.states, (std::vector<std::uint32_t>{0, 1, 7, 8}));
    EXPECT_EQ(order.urls.at(2), "http://a/2");
    EXPECT_EQ(order.upload_id, "upload-9");
    const auto packed = through_worker(EvidencePacked{hash, {filled<Hash256>(0x77), 123'456}});
    EXPECT_EQ(packed.block_hash, hash);
    EXPECT_EQ(packed.file.sha256, filled<Hash256>(0x77));
    EXPECT_EQ(packed.file.bytes, 123'456U);
}

TEST(Messages, AnEvidenceOrderNamesStatesThatMayBe) {
    std::string text = encode(FromMaster(Evidence{job, 4, hash, {7}}));
    text.replace(text.find("[7]"), 3, "[-1]");
    EXPECT_THAT(master_error(text), HasSubstr("states"));
    text.replace(text.find("[-1]"), 4, "[8000000]");
    EXPECT_THAT(master_error(text), HasSubstr("states"));
}

TEST(FromMasterMessages, AJoinGoesThroughUnchanged) {
    Join sent{an_assign(), {"127.0.0.1", 5'001, hash}};
    sent.work.cooperative = true;
    const auto join = through_master(sent);
    EXPECT_EQ(join.work.job, sent.work.job);
    EXPECT_EQ(join.work.lease, sent.work.lease);
    EXPECT_EQ(join.work.dataset_url, sent.work.dataset_url);
    EXPECT_EQ(join.work.dataset_bytes, sent.work.dataset_bytes);
    EXPECT_EQ(join.work.spec.model, sent.work.spec.model);
    EXPECT_TRUE(join.work.cooperative);
    EXPECT_EQ(join.rendezvous, sent.rendezvous);
    EXPECT_FALSE(through_master(an_assign()).cooperative);
    EXPECT_THAT(master_error(replaced(encode(FromMaster(sent)), "127.0.0.1\",\"port", "localhost\",\"port")),
                HasSubstr("rendezvous.host"));
}

TEST(FromWorkerMessages, FitnessGoesThroughUnchanged) {
    const Fitness fitness{"", {{"nano", 21'000.5}, {"gpt2", 80}}, 5'000'000'000, 7, 230};
    const auto parsed = parse_from_worker(encode(FromWorker(fitness)));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    const auto& result = std::get<Fitness>(*parsed);
    EXPECT_EQ(result.unfit, "");
    EXPECT_EQ(result.tokens_per_s, fitness.tokens_per_s);
    EXPECT_EQ(result.disk_free_bytes, 5'000'000'000U);
    EXPECT_EQ(result.states_free_bytes, 7U);
    EXPECT_EQ(result.watts, 230U);
}

/// An older worker tells nothing of its power; an older master ignores what it does not know.
TEST(FromWorkerMessages, FitnessOfAMachineThatDoesNotTellItsPower) {
    const std::string text = encode(FromWorker(Fitness{"", {{"nano", 2}}, 1, 1}));
    EXPECT_EQ(text.find("watts"), std::string::npos);
    EXPECT_EQ(std::get<Fitness>(*parse_from_worker(text)).watts, std::nullopt);
    EXPECT_EQ(worker_error(replaced(text, "\"disk_free_bytes\":1", "\"of_later_workers\":2,\"disk_free_bytes\":1")),
              "accepted");
}

TEST(FromWorkerMessages, FitnessIsBounded) {
    const std::string text = encode(FromWorker(Fitness{"", {{"nano", 2}}, 1, 1}));
    ASSERT_EQ(worker_error(text), "accepted");
    EXPECT_THAT(worker_error(replaced(text, "\"tokens_per_s\":2E0", "\"tokens_per_s\":0")), HasSubstr("tokens_per_s"));
    EXPECT_THAT(worker_error(replaced(text, "\"tokens_per_s\":2E0", "\"tokens_per_s\":-1")), HasSubstr("tokens_per_s"));
    EXPECT_THAT(worker_error(replaced(text, "nano", "../nano")), HasSubstr("model"));
    EXPECT_THAT(worker_error(replaced(text, "\"disk_free_bytes\":1", "\"disk_free_bytes\":-1")),
                HasSubstr("disk_free_bytes"));
    const std::string powered = encode(FromWorker(Fitness{"", {{"nano", 2}}, 1, 1, 100'000}));
    ASSERT_EQ(worker_error(powered), "accepted");
    EXPECT_THAT(worker_error(replaced(powered, "\"watts\":100000", "\"watts\":100001")), HasSubstr("watts"));
    EXPECT_THAT(worker_error(replaced(powered, "\"watts\":100000", "\"watts\":0")), HasSubstr("watts"));
    Fitness many;
    for (std::size_t number = 0; number <= presets_max; ++number) many.tokens_per_s["p" + std::to_string(number)] = 1;
    EXPECT_THAT(worker_error(encode(FromWorker(many))), HasSubstr("speeds"));
}

TEST(FromWorkerMessages, HelloGoesThroughUnchanged) {
    Hello hello;
    hello.challenge = hash;
    hello.worker = filled<Address>(0x22);
    hello.signature.bytes.fill(1);
    hello.signature.bytes[64] = 28;
    hello.power_capacity = 27'300;
    hello.held = {{job, 5}, {filled<JobId>(2), 0}};
    hello.dialled = "http://10.0.0.7:5000";
    hello.cooperative_host = "10.0.0.8";
    const auto parsed = parse_from_worker(encode(FromWorker(hello)));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    const auto& result = std::get<Hello>(*parsed);
    EXPECT_EQ(result.challenge, hash);
    EXPECT_EQ(result.worker, hello.worker);
    EXPECT_EQ(result.signature, hello.signature);
    EXPECT_EQ(result.power_capacity, 27'300u);
    EXPECT_EQ(result.dialled, "http://10.0.0.7:5000");
    EXPECT_EQ(result.cooperative_host, "10.0.0.8");
    const auto older = parse_from_worker(replaced(encode(FromWorker(hello)), "\"cooperative_host\":\"10.0.0.8\",", ""));
    EXPECT_EQ(std::get<Hello>(*older).cooperative_host, "127.0.0.1") << "it is not known";
    EXPECT_EQ(result.version, session_version);
    ASSERT_EQ(result.held.size(), 2u);
    EXPECT_EQ(result.held[0].job, job);
    EXPECT_EQ(result.held[0].lease, 5u);
    EXPECT_EQ(result.held[1].lease, 0u);
}

TEST(FromWorkerMessages, ReportsGoThroughUnchanged) {
    const auto ready = through_worker(DatasetReady{hash, 1'000, 300, 12});
    EXPECT_EQ(ready.sha256, hash);
    EXPECT_EQ(ready.bytes, 1'000u);
    EXPECT_EQ(ready.tokens, 300u);
    EXPECT_EQ(ready.steps_total, 12u);

    const auto started = through_worker(TrainingStarted{120, "continuing"});
    EXPECT_EQ(started.step, 120u);
    EXPECT_EQ(started.reason, "continuing");

    const auto saved = through_worker(CheckpointSaved{{1, 64, hash, 2.5}});
    EXPECT_EQ(saved.checkpoint, (statemachine::Checkpoint{1, 64, hash, 2.5}));

    const statemachine::Artifact artifact{hash, 25'000'000, 2, 40, {3.5, 2.25}, 2.5};
    EXPECT_EQ(through_worker(Trained{artifact}).artifact, artifact);

    const auto part = through_worker(PartUploaded{3, "\"abc\"", "upload-7"});
    EXPECT_EQ(part.upload_id, "upload-7");
    EXPECT_EQ(part.part, 3u);
    EXPECT_EQ(part.etag, "\"abc\"");

    const auto failed = through_worker(StepFailed{"download", true, "storage answered 503", true, true, true});
    EXPECT_EQ(failed.step, "download");
    EXPECT_TRUE(failed.permanent);
    EXPECT_EQ(failed.message, "storage answered 503");
    EXPECT_TRUE(failed.needs_order);
    EXPECT_TRUE(failed.url_refused);
    EXPECT_TRUE(failed.service_failed);

    const auto progress = through_worker(Progress{"training", 1, 20, 40, 5, 6, 2.5, 1'024.5}, 0);
    EXPECT_EQ(progress.stage, "training");
    EXPECT_EQ(progress.epoch, 1u);
    EXPECT_EQ(progress.step, 20u);
    EXPECT_EQ(progress.steps_total, 40u);
    EXPECT_EQ(progress.bytes, 5u);
    EXPECT_EQ(progress.bytes_total, 6u);
    EXPECT_EQ(progress.loss, 2.5);
    EXPECT_EQ(progress.tokens_per_s, 1'024.5);
    EXPECT_EQ(progress.workers, 1u);
    EXPECT_FALSE(progress.rendezvous);
}

TEST(FromWorkerMessages, ALeaderSaysWhereItsHelpersMeet) {
    Progress sent{"training", 1, 20, 40, 5, 6, 2.5, 1'024.5, 3};
    sent.rendezvous = trainer_protocol::Rendezvous{"10.0.0.7", 40'123, hash};
    const auto progress = through_worker(sent, 0);
    EXPECT_EQ(progress.workers, 3u);
    EXPECT_EQ(progress.rendezvous, sent.rendezvous);
    const std::string text = encode(FromWorker(Report{0, job, 3, sent}));
    EXPECT_THAT(worker_error(replaced(text, "10.0.0.7", "evil.example")), HasSubstr("rendezvous.host"));
    EXPECT_THAT(worker_error(replaced(text, "40123", "70000")), HasSubstr("rendezvous.port"));
    EXPECT_THAT(worker_error(replaced(text, "\"workers\":3", "\"workers\":0")), HasSubstr("workers"));
}

TEST(FromWorkerMessages, WhatIsEncodedIsAccepted) {
    // A trainer's last words may have any length and any bytes, and a diverged loss is no number.
    const auto failed = through_worker(StepFailed{std::string(100, 's'), false, std::string(5'000, '\xff'), false});
    EXPECT_EQ(failed.message, std::string(sentence_bytes_max, '?'));
    EXPECT_EQ(failed.step.size(), 32u);
    EXPECT_GT(through_worker(CheckpointSaved{{0, 1, hash, std::numeric_limits<double>::quiet_NaN()}}).checkpoint.loss,
              1e299);
    EXPECT_EQ(through_master(Stop{job, 1, false, std::string(5'000, 'x')}).reason.size(), sentence_bytes_max);
}

TEST(FromMasterMessages, AnOrderOfTheMostPartsFitsIntoAMessage) {
    Upload order{job, 1, hash, {}};
    for (std::uint32_t part = 9'001; part <= 9'000 + upload_urls_max; ++part)
        order.urls[part] = std::string(url_bytes_max, 'u');
    EXPECT_LE(encode(FromMaster(order)).size(), std::size_t{4} << 20);
    EXPECT_EQ(through_master(order).urls.size(), upload_urls_max);
    order.urls[1] = "http://a";
    EXPECT_THAT(master_error(encode(FromMaster(order))), HasSubstr("urls"));
}

TEST(FromMasterMessages, BoundsAreChecked) {
    const std::string assign = encode(FromMaster(an_assign()));
    ASSERT_EQ(master_error(assign), "accepted");
    EXPECT_THAT(master_error(replaced(assign, "\"ja\"", "\"fr\"")), AllOf(HasSubstr("language"), HasSubstr("fr")));
    EXPECT_THAT(master_error(replaced(assign, "\"epochs\":3", "\"epochs\":0")), HasSubstr("epochs"));
    EXPECT_THAT(master_error(replaced(assign, "\"epochs\":3", "\"epochs\":1001")), HasSubstr("epochs"));
    EXPECT_THAT(master_error(replaced(assign, "gpt2-medium", "../../etc")), HasSubstr("model"));
    EXPECT_THAT(master_error(replaced(assign, "123456789012", "0")), HasSubstr("dataset_bytes"));
    EXPECT_THAT(master_error(replaced(assign, "123456789012", "1099511627777")), HasSubstr("dataset_bytes"));
    EXPECT_THAT(master_error(replaced(assign, "18446744073709551615", "0")), HasSubstr("lease"));
    EXPECT_THAT(master_error(replaced(assign, job.hex(), "0xa1")), HasSubstr("job"));
    EXPECT_THAT(master_error(replaced(assign, "http://127", std::string(url_bytes_max, 'u'))),
                HasSubstr("dataset_url"));

    const std::string upload = encode(FromMaster(Upload{job, 1, hash, {{7, "http://a"}, {8, "http://b"}}}));
    EXPECT_THAT(master_error(replaced(upload, "\"part\":7", "\"part\":0")), HasSubstr("urls[0].part"));
    EXPECT_THAT(master_error(replaced(upload, "\"part\":7", "\"part\":10001")), HasSubstr("urls[0].part"));
    EXPECT_THAT(master_error(replaced(upload, "\"part\":7", "\"part\":8")), HasSubstr("each part once"));
    EXPECT_THAT(master_error(R"({"type":"welcome","signature":"0x12"})"), HasSubstr("signature"));
}

TEST(FromWorkerMessages, BoundsAreChecked) {
    const std::string part = encode(FromWorker(Report{7, job, 3, PartUploaded{3, "e"}}));
    ASSERT_EQ(worker_error(part), "accepted");
    EXPECT_THAT(worker_error(replaced(part, "\"part\":3", "\"part\":10001")), HasSubstr("report.part"));
    EXPECT_THAT(worker_error(replaced(part, "\"id\":7", "\"id\":0")), HasSubstr("id"));
    EXPECT_THAT(worker_error(replaced(part, "\"id\":7", "\"id\":-7")), HasSubstr("id"));
    EXPECT_THAT(worker_error(replaced(part, "\"e\"", '"' + std::string(257, 'e') + '"')), HasSubstr("etag"));
    EXPECT_THAT(worker_error(replaced(part, "part_uploaded", "part_downloaded")), HasSubstr("kind"));

    const statemachine::Artifact artifact{hash, 25'000'000, 2, 40, std::vector<double>(1'000, 1.5), 2.5};
    const std::string trained = encode(FromWorker(Report{7, job, 3, Trained{artifact}}));
    ASSERT_EQ(worker_error(trained), "accepted");
    EXPECT_THAT(worker_error(replaced(trained, "25000000", "100000000001")), HasSubstr("report.bytes"));
    EXPECT_THAT(worker_error(replaced(trained, "1.5E0,", "1.5E0,1.5E0,")), HasSubstr("epoch_losses"));
    EXPECT_THAT(worker_error(replaced(trained, "1.5E0,", "\"x\",")), HasSubstr("epoch_losses"));

    Hello hello;
    hello.signature.bytes[64] = 27;
    hello.held.resize(held_leases_max);
    ASSERT_EQ(worker_error(encode(FromWorker(hello))), "accepted") << "0: what it measures counts";
    EXPECT_THAT(worker_error(replaced(encode(FromWorker(hello)), "\"power_capacity\":0", "\"power_capacity\":-1")),
                HasSubstr("power_capacity"));
    EXPECT_THAT(worker_error(replaced(encode(FromWorker(hello)), "\"127.0.0.1\"", "\"localhost\"")),
                HasSubstr("cooperative_host"));
    hello.held.resize(held_leases_max + 1);
    EXPECT_THAT(worker_error(encode(FromWorker(hello))), HasSubstr("held"));
}

TEST(Messages, RubbishIsRefusedWithAReason) {
    for (const auto* text : {"", "{", "[]", "null", "7", "\"assign\"", "{}", R"({"type":7})", R"({"type":"shout"})"}) {
        EXPECT_THAT(master_error(text), HasSubstr("the master's message")) << text;
        EXPECT_THAT(worker_error(text), HasSubstr("the worker's message")) << text;
    }
    EXPECT_THAT(worker_error(std::string(100, '[')), HasSubstr("not valid JSON"));
    EXPECT_THAT(worker_error(std::string((std::size_t{4} << 20) + 1, ' ')), HasSubstr("at most"));
    // Each side may send only its own messages.
    EXPECT_NE(worker_error(encode(FromMaster(Ack{1}))), "accepted");
    EXPECT_NE(master_error(encode(FromWorker(Report{7, job, 3, PartUploaded{3, "e"}}))), "accepted");
}

}  // namespace
}  // namespace emeth::worker_protocol
