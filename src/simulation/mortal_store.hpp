// The node's store as its process sees it: it may die at any write, before or after it became durable.
#pragma once

#include <memory>
#include <utility>

#include "simulation/weather.hpp"
#include "storage/job_store.hpp"

namespace emeth::simulation {

class MortalStore final : public storage::JobStore {
public:
    MortalStore(std::unique_ptr<storage::JobStore> inner, Mortality& process)
        : inner_(std::move(inner)), process_(process) {}

    /// The process dies at the write with this number, counted from 1 from now on.
    void die_at(std::uint64_t write, bool before) { deadly_ = writes_ + write, before_ = before; }
    [[nodiscard]] std::uint64_t writes() const { return writes_; }

    Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at) override {
        return write([&] { return inner_->create(discovered, at); });
    }
    Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                          const storage::SideWrites& side) override {
        return write([&] { return inner_->apply(job, event, side); });
    }
    Result<void> outbox_put(const std::vector<storage::OutboxEntry>& entries) override {
        return write([&] { return inner_->outbox_put(entries); });
    }
    Result<void> outbox_add_replacement(std::uint64_t nonce, const storage::Replacement& replacement) override {
        return write([&] { return inner_->outbox_add_replacement(nonce, replacement); });
    }
    Result<void> set_cursor(std::string_view key, std::string_view value) override {
        return write([&] { return inner_->set_cursor(key, value); });
    }
    Result<void> put_refusal(const Refusal& refusal) override {
        return write([&] { return inner_->put_refusal(refusal); });
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
        process_.check();
        return *inner_;
    }
    template <class Work>
    auto write(Work work) -> decltype(work()) {
        process_.check();
        ++writes_;
        const bool now = writes_ == deadly_;
        if (now && before_) die();
        auto result = work();
        if (now) die();
        return result;
    }
    void die() {
        process_.dead = true;
        process_.check();
    }

    std::unique_ptr<storage::JobStore> inner_;
    Mortality& process_;
    std::uint64_t writes_ = 0, deadly_ = 0;
    bool before_ = false;
};

}  // namespace emeth::simulation
