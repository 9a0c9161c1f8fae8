#include "worker/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Result<WorkerSettings> settings(const std::string& text) {
    const auto config = EnvConfig::parse("master_node_url=ws://10.0.0.5:5000\n" + text, "worker.env");
    if (config.has_error()) return config.error();
    return read_settings(*config, "/data");
}

std::string error(const std::string& text) {
    const auto read = settings(text);
    return read.has_error() ? read.error().message : "accepted";
}

std::string session_url(const std::string& master) {
    const auto config = EnvConfig::parse("master_node_url=" + master, "worker.env");
    const auto read = read_settings(config.value(), "/data");
    return read.has_error() ? read.error().message : read->master.text();
}

TEST(WorkerSettings, HaveDefaults) {
    const auto read = settings("");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->power_capacity, 0U) << "what it measures counts";
    EXPECT_FALSE(read->master_address);
    EXPECT_EQ(read->compute.device, "cpu");
    EXPECT_EQ(read->compute.micro_batch, 0u);
    EXPECT_GE(read->compute.threads, 1u);
    EXPECT_EQ(read->limits.wait_data, Milliseconds(60'000));
    EXPECT_EQ(read->data, "/data");
}

TEST(WorkerSettings, AreRead) {
    const auto read = settings(
        "master_address=0x1111111111111111111111111111111111111111\npowerCapacity=5\ndevice=cuda:1\nbatchSize="
        "3\nthreads=7\n"
        "precision=bf16\ntimeout_wait_data=1000\ntimeout_idle=2000\ntimeout_learning=3000\ntimeout_checkpoint=4000\n");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->master_address, Address::parse("0x1111111111111111111111111111111111111111"));
    EXPECT_EQ(read->power_capacity, 5u);
    EXPECT_EQ(read->compute.device, "cuda:1");
    EXPECT_EQ(read->compute.micro_batch, 3u);
    EXPECT_EQ(read->compute.threads, 7u);
    EXPECT_EQ(read->compute.precision, "bf16");
    EXPECT_EQ(read->limits.wait_data, Milliseconds(1'000));
    EXPECT_EQ(read->limits.idle, Milliseconds(2'000));
    EXPECT_EQ(read->limits.learning, Milliseconds(3'000));
    EXPECT_EQ(read->limits.checkpoint, Milliseconds(4'000));
}

TEST(WorkerSettings, TheMastersUrlMayBeWrittenAsOperatorsWriteIt) {
    EXPECT_EQ(session_url("ws://10.0.0.5:5000"), "ws://10.0.0.5:5000/api/v1/worker-session");
    EXPECT_EQ(session_url("http://10.0.0.5:5000/"), "ws://10.0.0.5:5000/api/v1/worker-session");
    EXPECT_EQ(session_url("https://master.example:443/emeth"), "wss://master.example:443/emeth/api/v1/worker-session");
    EXPECT_THAT(session_url("10.0.0.5:5000"), AllOf(HasSubstr("worker.env:1"), HasSubstr("master_node_url")));
}

TEST(WorkerSettings, ErrorsNameKeyValueAndPlace) {
    EXPECT_THAT(error("device=gpu"),
                AllOf(HasSubstr("worker.env:2"), HasSubstr("device"), HasSubstr("gpu"), HasSubstr("cuda:n")));
    EXPECT_THAT(error("device=cuda:"), AllOf(HasSubstr("device"), HasSubstr("auto")));
    EXPECT_THAT(error("device=cuda:1x"), HasSubstr("device"));
    EXPECT_THAT(error("master_address=0x12"), AllOf(HasSubstr("master_address"), HasSubstr("0x12")));
    EXPECT_THAT(error("precision=int4"), HasSubstr("precision"));
    EXPECT_THAT(error("threads=0"), HasSubstr("threads"));
    EXPECT_THAT(error("batchSize=-1"), HasSubstr("batchSize"));
    EXPECT_THAT(error("powerCapacity=0"), HasSubstr("powerCapacity"));
    EXPECT_THAT(error("timeout_learning=10"), HasSubstr("timeout_learning"));
    const auto config = EnvConfig::parse("", "worker.env");
    EXPECT_THAT(read_settings(config.value(), "/data").error().message, HasSubstr("master_node_url"));
}

TEST(WorkerSettings, CooperationListensOnOneAddressThatOthersReach) {
    EXPECT_EQ(settings("")->cooperation.host, "127.0.0.1");
    const auto read = settings("cooperative_host=10.0.0.7\ntimeout_cooperation=5000\n");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->cooperation.host, "10.0.0.7");
    EXPECT_EQ(read->cooperation.timeout_ms, 5'000u);
    EXPECT_THAT(error("timeout_learning=60000\ntimeout_cooperation=6000\n"),
                AllOf(HasSubstr("timeout_cooperation"), HasSubstr("timeout_learning (60000 ms)")));
    for (const char* host : {"0.0.0.0", "::", "worker.example"})
        EXPECT_THAT(error(std::string("cooperative_host=") + host + "\n"), HasSubstr("cooperative_host")) << host;
}

TEST(WorkerSettings, EveryKeyThatIsReadIsKnown) {
    const auto config = EnvConfig::parse(
        "master_node_url=x\nmaster_address=x\nprivateKey=x\nprivateKey_file=x\npowerCapacity=x\ndevice=x\nbatchSize="
        "x\nthreads=x\n"
        "precision=x\ntimeout_wait_data=x\ntimeout_idle=x\ntimeout_learning=x\ntimeout_checkpoint=x\nlog_level=x\n",
        "worker.env");
    EXPECT_TRUE(config.value().check_known(keys_of(worker_settings())).has_value());
}

TEST(WorkerSettings, SecretsInTheWrongPlaceAreNotRepeated) {
    const std::string digits = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
    for (const auto& declared : worker_settings())
        for (const std::string& secret : {"0x" + digits, "https://alice:" + digits + "@host"}) {
            EnvConfig config = EnvConfig::parse("master_node_url=ws://10.0.0.5:5000", "worker.env").value();
            config.set_flag(declared.key, secret);
            const auto read = read_settings(config, "/data");
            const std::string said = read.has_error() ? read.error().message : "";
            EXPECT_EQ(said.find(digits), std::string::npos) << said;
        }
}

}  // namespace
}  // namespace emeth::worker
