// The outbox of a store in memory; what belongs to JOBs is not asked for by these tests.
#pragma once

#include <map>
#include <stdexcept>

#include "storage/job_store.hpp"

namespace emeth::chain::test {

class MemoryOutbox : public storage::JobStore {
public:
    using Entries = std::vector<storage::OutboxEntry>;

    std::optional<Error> put_error;
    bool fail_after_writing = false;  ///< the write is durable, but the caller is told otherwise
    int full_reads = 0;               ///< calls of outbox_all

    [[nodiscard]] const storage::OutboxEntry& at(std::uint64_t nonce) const { return entries_.at(nonce); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    void erase(std::uint64_t nonce) { entries_.erase(nonce); }

    Result<Entries> outbox_pending() override {
        Entries pending;
        for (const auto& [nonce, entry] : entries_) {
            if (entry.mined_block == 0) pending.push_back(entry);
        }
        return pending;
    }
    Result<Entries> outbox_all() override {
        ++full_reads;
        Entries all;
        for (const auto& [nonce, entry] : entries_) all.push_back(entry);
        return all;
    }
    Result<std::optional<storage::OutboxEntry>> outbox_find(std::uint64_t nonce) override {
        const auto found = entries_.find(nonce);
        if (found == entries_.end()) return std::optional<storage::OutboxEntry>();
        return std::optional(found->second);
    }
    Result<std::optional<std::uint64_t>> last_nonce() override {
        if (entries_.empty()) return std::optional<std::uint64_t>();
        return std::optional(entries_.rbegin()->first);
    }
    Result<void> outbox_put(const Entries& entries) override {
        if (put_error && !fail_after_writing) return *put_error;
        for (const storage::OutboxEntry& entry : entries) {
            storage::OutboxEntry& stored = entries_[entry.nonce];
            std::vector<storage::Replacement> replacements = std::move(stored.replacements);
            stored = entry;
            stored.replacements = std::move(replacements);
        }
        if (put_error) return *put_error;
        return {};
    }
    Result<void> outbox_add_replacement(std::uint64_t nonce, const storage::Replacement& replacement) override {
        if (put_error && !fail_after_writing) return *put_error;
        entries_.at(nonce).replacements.push_back(replacement);
        if (put_error) return *put_error;
        return {};
    }

    Result<statemachine::Job> create(const statemachine::Discovered&, std::int64_t) override { unexpected(); }
    Result<Applied> apply(const statemachine::Job&, const statemachine::Event&, const storage::SideWrites&) override {
        unexpected();
    }
    Result<std::optional<statemachine::Job>> find(const JobId&) override { unexpected(); }
    Result<std::vector<statemachine::Job>> active() override { unexpected(); }
    Result<void> for_each(const std::function<bool(const statemachine::Job&)>&) override { unexpected(); }
    Result<std::vector<storage::HistoryEntry>> history(const JobId&) override { unexpected(); }
    Result<void> verify(const JobId&) override { unexpected(); }
    Result<std::optional<std::string>> cursor(std::string_view) override { unexpected(); }
    Result<void> set_cursor(std::string_view, std::string_view) override { unexpected(); }
    Result<void> put_refusal(const Refusal&) override { unexpected(); }
    Result<std::vector<Refusal>> refusals() override { unexpected(); }
    Result<void> dump(const std::function<void(std::string_view)>&) override { unexpected(); }

private:
    [[noreturn]] static void unexpected() { throw std::logic_error("the tests of chain/ use the outbox alone"); }

    std::map<std::uint64_t, storage::OutboxEntry> entries_;
};

}  // namespace emeth::chain::test
