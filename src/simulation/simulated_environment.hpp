// RocksDB's environment over a simulated disk. After a flush or a compaction that failed, RocksDB sleeps for a real
// second on a thread that closing the store waits for. A life has hours of failing disks, so here it hardly sleeps.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstdarg>
#include <memory>
#include <utility>

namespace emeth::simulation {

class ImpatientClock final : public rocksdb::SystemClockWrapper {
public:
    ImpatientClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
    const char* Name() const override { return "ImpatientClock"; }
    void SleepForMicroseconds(int microseconds) override {
        SystemClockWrapper::SleepForMicroseconds(std::min(microseconds, longest_sleep_us));
    }

private:
    static constexpr int longest_sleep_us = 50;
};

class NoInfoLog final : public rocksdb::Logger {
public:
    using Logger::Logv;
    void Logv(const char*, va_list) override {}
};

class SimulatedEnvironment final : public rocksdb::EnvWrapper {
public:
    explicit SimulatedEnvironment(const std::shared_ptr<rocksdb::FileSystem>& disk)
        : EnvWrapper(rocksdb::NewCompositeEnv(disk)) {
        system_clock_ = std::make_shared<ImpatientClock>();
    }
};

}  // namespace emeth::simulation
