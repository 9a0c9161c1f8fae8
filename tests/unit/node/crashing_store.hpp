// A store whose process dies at a chosen write, before or after it became durable. From then on nothing gets through
// until revive().
#pragma once

#include <memory>
#include <utility>

#include "storage/job_store.hpp"

namespace emeth::test {

/// Thrown where the process would have died.
struct Crash {};

class CrashingStore final : public storage::JobStore {
public:
    explicit CrashingStore(storage::JobStore& inner) : inner_(inner) {}

    /// The write with this number, from 1, is the last one: not made at all, or made and then nobody is there to hear
    /// of it.
    void crash_at(int write, bool before) { crash_at_ = write, before_ = before, writes_ = 0; }
    void revive() { dead_ = false, crash_at_ = 0; }
    /// A full disk: writes fail while set.
    std::optional<Error> failure;
    /// The disk begins to fail with the next write, which is found durable all the same.
    bool fails_too_late = false;
    [[nodiscard]] int writes() const { return writes_; }

    Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at) override {
        return inner_.create(discovered, at);
    }
    Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                          const storage::SideWrites& side) override {
        return write([&] { return inner_.apply(job, event, side); });
    }
    Result<void> outbox_put(const std::vector<storage::OutboxEntry>& entries) override {
        return write([&] { return inner_.outbox_put(entries); });
    }
    Result<void> outbox_add_replacement(std::uint64_t nonce, const storage::Replacement& replacement) override {
        return write([&] { return inner_.outbox_add_replacement(nonce, replacement); });
    }
    Result<void> set_cursor(std::string_view key, std::string_view value) override {
        return write([&] { return inner_.set_cursor(key, value); });
    }
    Result<void> put_refusal(const Refusal& refusal) override {
        return write([&] { return inner_.put_refusal(refusal); });
    }

    Result<std::optional<statemachine::Job>> find(const JobId& id) override { return alive().find(id); }
    Result<std::vector<statemachine::Job>> active() override { return alive().active(); }
    Result<void> for_each(const std::function<bool(const statemachine::Job&)>& visit) override {
        return alive().for_each(visit);
    }
    Result<std::vector<storage::HistoryEntry>> history(const JobId& id) override { return alive().history(id); }
    Result<void> verify(const JobId& id) override { return alive().verify(id); }
    Result<std::vector<storage::OutboxEntry>> outbox_pending() override { return alive().outbox_pending(); }
    Result<std::vector<storage::OutboxEntry>> outbox_all() override { return alive().outbox_all(); }
    Result<std::optional<storage::OutboxEntry>> outbox_find(std::uint64_t nonce) override {
        return alive().outbox_find(nonce);
    }
    Result<std::optional<std::uint64_t>> last_nonce() override { return alive().last_nonce(); }
    Result<std::optional<std::string>> cursor(std::string_view key) override { return alive().cursor(key); }
    Result<std::vector<Refusal>> refusals() override { return alive().refusals(); }
    Result<void> dump(const std::function<void(std::string_view line)>& sink) override { return alive().dump(sink); }

private:
    storage::JobStore& alive() {
        if (dead_) throw Crash{};
        return inner_;
    }
    template <class Work>
    auto write(Work work) -> decltype(work()) {
        if (dead_) throw Crash{};
        if (failure) return *failure;
        if (std::exchange(fails_too_late, false)) {
            static_cast<void>(work());
            failure = transient_error("the disk is full");
            return *failure;
        }
        ++writes_;
        const bool now = writes_ == crash_at_;
        if (now && before_) die();
        auto result = work();
        if (now) die();
        return result;
    }
    [[noreturn]] void die() {
        dead_ = true;
        throw Crash{};
    }

    storage::JobStore& inner_;
    int crash_at_ = 0;
    int writes_ = 0;
    bool before_ = false;
    bool dead_ = false;
};

}  // namespace emeth::test
