// A worker's settings read again.
#include "worker/reload.hpp"

#include <gtest/gtest.h>

namespace emeth::test {
namespace {

using worker::WorkerSettings;

TEST(WorkerReload, LimitsAndLogLevelAreTakenAndWhatItComputesWithStays) {
    WorkerSettings running, read;
    read.log_level = "debug";
    read.limits = {Milliseconds(1), Milliseconds(2), Milliseconds(3), Milliseconds(4)};
    read.cooperation.timeout_ms = 5;
    read.cooperation.host = "10.0.0.5";
    read.states_bytes_max = 6;
    read.compute.threads = 7;
    read.power_capacity = 8;
    take_over(worker::reloaded_at_once(), running, read);
    EXPECT_EQ(running.log_level, "debug");
    EXPECT_EQ(running.limits.wait_data, Milliseconds(1));
    EXPECT_EQ(running.limits.idle, Milliseconds(2));
    EXPECT_EQ(running.limits.learning, Milliseconds(3));
    EXPECT_EQ(running.limits.checkpoint, Milliseconds(4));
    EXPECT_EQ(running.cooperation.timeout_ms, 5U);
    EXPECT_EQ(running.states_bytes_max, 6U);
    EXPECT_EQ(running.compute.threads, WorkerSettings{}.compute.threads);
    EXPECT_EQ(running.cooperation.host, WorkerSettings{}.cooperation.host);
    EXPECT_EQ(running.power_capacity, 0U);
}

TEST(WorkerReload, WhatTakesEffectIsASetting) {
    const SettingTexts all = worker::worker_setting_texts(EnvConfig{});
    for (const std::string& key : keys_of(worker::reloaded_at_once())) EXPECT_TRUE(all.contains(key)) << key;
}

}  // namespace
}  // namespace emeth::test
