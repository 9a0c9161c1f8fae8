// A store whose process dies at a chosen write, before or after it became durable. From then on nothing gets through
// until revive().
#pragma once

#include <optional>

#include "storage/guarded_store.hpp"

namespace emeth::test {

/// Thrown where the process would have died.
struct Crash {};

class CrashingStore final : private storage::WriteGuard {
public:
    explicit CrashingStore(storage::NodeStore& inner) : guarded_(inner, *this) {}

    storage::JobStore& jobs() { return guarded_.jobs(); }
    storage::Outbox& outbox() { return guarded_.outbox(); }

    /// The process dies at the write with this number, counted from 1: either before the write, or after it is durable
    /// but before the caller learns of it.
    void crash_at(int write, bool before) { crash_at_ = write, before_ = before, writes_ = 0; }
    void revive() { dead_ = false, crash_at_ = 0; }
    /// A full disk: writes fail while set.
    std::optional<Error> failure;
    /// The disk begins to fail with the write of this number from now on (0: with none), which is found durable all the
    /// same.
    int fails_too_late = 0;
    [[nodiscard]] int writes() const { return writes_; }

private:
    void before_read() override {
        if (dead_) throw Crash{};
    }
    std::optional<Error> before_write() override {
        before_read();
        if (failure) return failure;
        ++writes_;
        if (writes_ == crash_at_ && before_) die();
        return std::nullopt;
    }
    std::optional<Error> after_write() override {
        if (writes_ == crash_at_) die();
        if (fails_too_late > 0 && --fails_too_late == 0) failure = transient_error("the disk is full");
        return failure;
    }
    [[noreturn]] void die() {
        dead_ = true;
        throw Crash{};
    }

    storage::GuardedStore guarded_;
    int crash_at_ = 0;
    int writes_ = 0;
    bool before_ = false;
    bool dead_ = false;
};

}  // namespace emeth::test
