// The node's store as its process sees it. The process may die at any write, before or after that write became durable.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "simulation/weather.hpp"
#include "storage/guarded_store.hpp"

namespace emeth::simulation {

class MortalStore final : private storage::WriteGuard {
public:
    MortalStore(std::unique_ptr<storage::NodeStore> inner, Mortality& process)
        : inner_(std::move(inner)), process_(process) {}

    /// The process dies at the write with this number, counted from 1 from now on.
    void die_at(std::uint64_t write, bool before) { deadly_ = writes_ + write, before_ = before; }

    storage::JobStore& jobs() { return guarded_.jobs(); }
    storage::Outbox& outbox() { return guarded_.outbox(); }
    storage::Notes& notes() { return guarded_.notes(); }

private:
    void before_read() override { process_.check(); }
    std::optional<Error> before_write() override {
        process_.check();
        ++writes_;
        if (writes_ == deadly_ && before_) die();
        return std::nullopt;
    }
    std::optional<Error> after_write() override {
        if (writes_ == deadly_) die();
        return std::nullopt;
    }
    void die() {
        process_.dead = true;
        process_.check();
    }

    std::unique_ptr<storage::NodeStore> inner_;
    Mortality& process_;
    storage::GuardedStore guarded_{*inner_, *this};
    std::uint64_t writes_ = 0, deadly_ = 0;
    bool before_ = false;
};

}  // namespace emeth::simulation
