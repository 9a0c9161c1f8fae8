// An outbox in memory, which counts full reads and fails on request.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "storage/outbox.hpp"

namespace emeth::chain::test {

class MemoryOutbox : public storage::Outbox {
public:
    using Entries = std::vector<storage::OutboxEntry>;

    std::optional<Error> put_error;
    bool fail_after_writing = false;  ///< the write is durable, but the caller is told otherwise
    int full_reads = 0;               ///< calls of all()

    [[nodiscard]] const storage::OutboxEntry& at(std::uint64_t nonce) const { return entries_.at(nonce); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    void erase(std::uint64_t nonce) { entries_.erase(nonce); }

    Result<Entries> pending() override {
        Entries pending;
        for (const auto& [nonce, entry] : entries_) {
            if (entry.mined_block == 0) pending.push_back(entry);
        }
        return pending;
    }
    Result<Entries> all() override {
        ++full_reads;
        Entries all;
        for (const auto& [nonce, entry] : entries_) all.push_back(entry);
        return all;
    }
    Result<std::optional<storage::OutboxEntry>> find(std::uint64_t nonce) override {
        const auto found = entries_.find(nonce);
        if (found == entries_.end()) return std::optional<storage::OutboxEntry>();
        return std::optional(found->second);
    }
    Result<std::optional<std::uint64_t>> last_nonce() override {
        if (entries_.empty()) return std::optional<std::uint64_t>();
        return std::optional(entries_.rbegin()->first);
    }
    Result<void> put(const Entries& entries) override {
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
    Result<void> add_replacement(std::uint64_t nonce, const storage::Replacement& replacement) override {
        if (put_error && !fail_after_writing) return *put_error;
        entries_.at(nonce).replacements.push_back(replacement);
        if (put_error) return *put_error;
        return {};
    }

private:
    std::map<std::uint64_t, storage::OutboxEntry> entries_;
};

}  // namespace emeth::chain::test
