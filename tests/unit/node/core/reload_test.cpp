// A node's settings read again: what takes effect, and that no secret is shown.
#include "node/core/reload.hpp"

#include <gmock/gmock.h>

#include "chain/amount.hpp"

namespace emeth::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

SettingTexts texts(const std::string& text) {
    return node::node_setting_texts(EnvConfig::parse(text, "master.env").value());
}

TEST(NodeReload, OnlyWhatMayChangeWhileItRunsIsTaken) {
    node::NodeConfig running, read;
    running.selection.disk_bytes_per_dataset_byte = 4;  // by the master itself
    read.selection.max_fee = chain::parse_coins("7").value();
    read.selection.deadline_margin_s = 1;
    read.worker_port = 1;
    read.log_level = "debug";
    read.worker_whitelist = {"10.0.0.0/8"};
    node::NodeConfig now = running;
    take_over(node::reloaded_at_once(), now, read);
    EXPECT_EQ(now.selection.max_fee, read.selection.max_fee);
    EXPECT_EQ(now.log_level, "debug");
    EXPECT_EQ(now.worker_whitelist, read.worker_whitelist);
    EXPECT_EQ(now.worker_port, running.worker_port);
    EXPECT_EQ(now.selection.deadline_margin_s, running.selection.deadline_margin_s);
    EXPECT_EQ(now.selection.disk_bytes_per_dataset_byte, 4U);
}

TEST(NodeReload, WhatTakesEffectIsASetting) {
    const SettingTexts all = texts("");
    for (const std::string& key : keys_of(node::reloaded_at_once())) EXPECT_TRUE(all.contains(key)) << key;
}

TEST(NodeReload, AKeyIsNeverShown) {
    const std::string key(64, '7');
    for (const auto& [name, text] : texts("privateKey=0x" + key + "\n")) EXPECT_THAT(text, Not(HasSubstr(key))) << name;
    EXPECT_THAT(changes(texts("privateKey=0x" + key + "\n"), texts("")), IsEmpty());
}

}  // namespace
}  // namespace emeth::test
