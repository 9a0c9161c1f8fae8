#include "runtime/env_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.hpp"

namespace emeth {
namespace {

using testing::HasSubstr;
using testing::Not;

EnvConfig parsed(std::string_view text) {
    return EnvConfig::parse(text, "master.env").value();
}

std::string parse_error(std::string_view text) {
    const Result<EnvConfig> config = EnvConfig::parse(text, "master.env");
    return config.has_error() ? config.error().message : "no error";
}

TEST(EnvConfig, ParsesWhatPeopleWriteIntoSuchFiles) {
    const EnvConfig config = parsed(
        "\xef\xbb\xbf# settings of the master\r\n"
        "\n"
        "endpoint = http://127.0.0.1:8545 # local\r\n"
        "export device=cpu\n"
        "a=\"two words # no comment\"   # comment\n"
        "b='single \"quoted\"'\n"
        "url=http://host/#fragment\n"
        "empty=\n"
        "last=without newline");
    EXPECT_EQ(config.text("endpoint", ""), "http://127.0.0.1:8545");
    EXPECT_EQ(config.text("device", ""), "cpu");
    EXPECT_EQ(config.text("a", ""), "two words # no comment");
    EXPECT_EQ(config.text("b", ""), "single \"quoted\"");
    EXPECT_EQ(config.text("url", ""), "http://host/#fragment");
    EXPECT_EQ(config.text("empty", "fallback"), "fallback");
    EXPECT_EQ(config.text("last", ""), "without newline");
    EXPECT_EQ(config.find("device")->place, "master.env:4");
}

TEST(EnvConfig, ErrorsNameTheLineAndNeverTheValue) {
    EXPECT_EQ(parse_error("a=1\n\nsecret without equals"),
              "master.env:3: this is not a setting; expected KEY=value, or # before a comment");
    EXPECT_THAT(parse_error("two words=1"), HasSubstr("master.env:1: this is not a setting"));
    EXPECT_THAT(parse_error("=1"), HasSubstr("master.env:1: this is not a setting"));
    EXPECT_EQ(parse_error("privateKey='0xabc"), "master.env:1: the value of privateKey has a quote that is not closed");
    EXPECT_EQ(parse_error("privateKey='0xabc' def"),
              "master.env:1: the value of privateKey has text after the closing quote");
    EXPECT_EQ(parse_error("n_epoch=1\n\nn_epoch=2"),
              "master.env:3: n_epoch is given twice, first at master.env:1; remove one");
    EXPECT_EQ(parse_error(std::string_view("a=\0", 3)), "master.env is not a text file");
    EXPECT_THAT(parse_error(std::string(EnvConfig::file_bytes_max + 1, '#')),
                HasSubstr("has 1048577 bytes; at most 1048576"));
}

TEST(EnvConfig, FlagOverridesEnvironmentOverridesFile) {
    EnvConfig config = parsed("emeth_test_a=file\nemeth_test_b=file\nemeth_test_c=file\n");
    ::setenv("emeth_test_b", "environment", 1);
    ::setenv("emeth_test_c", "environment", 1);
    ::setenv("emeth_test_a", "", 1);  // empty: as if unset
    config.overlay_environment({"emeth_test_a", "emeth_test_b", "emeth_test_c"});
    config.set_flag("emeth_test_c", "flag");
    EXPECT_EQ(config.text("emeth_test_a", ""), "file");
    EXPECT_EQ(config.text("emeth_test_b", ""), "environment");
    EXPECT_EQ(config.find("emeth_test_b")->place, "environment");
    EXPECT_EQ(config.text("emeth_test_c", ""), "flag");
    EXPECT_EQ(config.find("emeth_test_c")->place, "--emeth_test_c");
}

TEST(EnvConfig, UnknownVariablesOfTheEnvironmentAreNotTaken) {
    ::setenv("emeth_test_other", "x", 1);
    EnvConfig config;
    config.overlay_environment({"emeth_test_known"});
    EXPECT_EQ(config.find("emeth_test_other"), nullptr);
}

TEST(EnvConfig, DotAndUnderscoreAreOneKey) {
    EnvConfig config = parsed("timeout.learning=1");
    EXPECT_EQ(config.text("timeout_learning", ""), "1");
    EXPECT_TRUE(config.check_known({"timeout.learning"}).has_value());
    EXPECT_THAT(parse_error("timeout.idle=1\ntimeout_idle=2"), HasSubstr("given twice"));
    ::setenv("timeout_learning", "2", 1);
    config.overlay_environment({"timeout.learning"});
    ::unsetenv("timeout_learning");
    EXPECT_EQ(config.text("timeout.learning", ""), "2");
}

TEST(EnvConfig, UnknownKeySuggestsTheNearest) {
    const std::set<std::string> known{"min_fee", "n_epoch", "storageApi"};
    EXPECT_TRUE(parsed("n_epoch=1").check_known(known).has_value());
    EXPECT_EQ(parsed("\nn_epochs=1").check_known(known).error().message,
              "master.env:2: n_epochs is not a known setting; did you mean n_epoch?");
    EXPECT_EQ(parsed("STORAGEAPI=1").check_known(known).error().message,
              "master.env:1: STORAGEAPI is not a known setting; did you mean storageApi?");
    EXPECT_EQ(parsed("colour=1").check_known(known).error().message, "master.env:1: colour is not a known setting");
}

TEST(EnvConfig, RequireNamesThreePlacesToSetIt) {
    EXPECT_EQ(parsed("a=1").require("privateKey").error().message,
              "privateKey is missing: set it in master.env, the environment or by --privateKey");
    EXPECT_TRUE(parsed("privateKey=").require("privateKey").has_error());
    EXPECT_EQ(parsed("a=1").require("a").value(), "1");
}

TEST(EnvConfig, LoadNamesTheFile) {
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "worker.env";
    EXPECT_THAT(EnvConfig::load(file).error().message, HasSubstr(file.string()));
    std::ofstream(file) << "device=cpu\n";
    EXPECT_EQ(EnvConfig::load(file).value().find("device")->place, file.string() + ":1");
}

}  // namespace
}  // namespace emeth
