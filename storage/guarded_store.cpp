#include "storage/guarded_store.hpp"

namespace emeth::storage {
namespace {

/// Puts the guard in front of a port.
template <class Port>
class Guarded {
public:
    Guarded(Port& inner, WriteGuard& guard) : inner_(inner), guard_(guard) {}

    Port& read() const {
        guard_.before_read();
        return inner_;
    }

    template <class Work>
    auto write(Work work) const -> decltype(work(std::declval<Port&>())) {
        if (const std::optional<Error> refused = guard_.before_write()) return *refused;
        auto result = work(inner_);
        if (const std::optional<Error> hidden = guard_.after_write()) return *hidden;
        return result;
    }

private:
    Port& inner_;
    WriteGuard& guard_;
};

class GuardedJobs final : public JobStore {
public:
    GuardedJobs(JobStore& inner, WriteGuard& guard) : port_(inner, guard) {}

    Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at_unix_ms) override {
        return port_.write([&](JobStore& jobs) { return jobs.create(discovered, at_unix_ms); });
    }
    Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                          const SideWrites& side) override {
        return port_.write([&](JobStore& jobs) { return jobs.apply(job, event, side); });
    }
    Result<std::optional<statemachine::Job>> find(const JobId& id) override { return port_.read().find(id); }
    Result<std::vector<statemachine::Job>> active() override { return port_.read().active(); }
    Result<void> for_each(const std::function<bool(const statemachine::Job&)>& visit) override {
        return port_.read().for_each(visit);
    }
    Result<std::vector<statemachine::Job>> page(const std::optional<JobId>& after, std::size_t count) override {
        return port_.read().page(after, count);
    }
    Result<std::vector<HistoryEntry>> history(const JobId& id) override { return port_.read().history(id); }
    Result<void> verify(const JobId& id) override { return port_.read().verify(id); }

private:
    Guarded<JobStore> port_;
};

class GuardedOutbox final : public Outbox {
public:
    GuardedOutbox(Outbox& inner, WriteGuard& guard) : port_(inner, guard) {}

    Result<std::vector<OutboxEntry>> pending() override { return port_.read().pending(); }
    Result<std::vector<OutboxEntry>> all() override { return port_.read().all(); }
    Result<std::optional<OutboxEntry>> find(std::uint64_t nonce) override { return port_.read().find(nonce); }
    Result<std::optional<std::uint64_t>> last_nonce() override { return port_.read().last_nonce(); }
    Result<void> put(const std::vector<OutboxEntry>& entries) override {
        return port_.write([&](Outbox& outbox) { return outbox.put(entries); });
    }
    Result<void> add_replacement(std::uint64_t nonce, const Replacement& replacement) override {
        return port_.write([&](Outbox& outbox) { return outbox.add_replacement(nonce, replacement); });
    }

private:
    Guarded<Outbox> port_;
};

class GuardedNotes final : public Notes {
public:
    GuardedNotes(Notes& inner, WriteGuard& guard) : port_(inner, guard) {}

    Result<std::optional<std::string>> cursor(std::string_view key) override { return port_.read().cursor(key); }
    Result<void> set_cursor(std::string_view key, std::string_view value) override {
        return port_.write([&](Notes& notes) { return notes.set_cursor(key, value); });
    }
    Result<void> put_refusal(const RefusedJob& refusal) override {
        return port_.write([&](Notes& notes) { return notes.put_refusal(refusal); });
    }
    Result<std::vector<RefusedJob>> refusals() override { return port_.read().refusals(); }

private:
    Guarded<Notes> port_;
};

}  // namespace

struct GuardedStore::Parts {
    GuardedJobs jobs;
    GuardedOutbox outbox;
    GuardedNotes notes;
};

GuardedStore::GuardedStore(NodeStore& inner, WriteGuard& guard)
    : parts_(new Parts{{inner.jobs(), guard}, {inner.outbox(), guard}, {inner.notes(), guard}}) {}
GuardedStore::~GuardedStore() = default;

JobStore& GuardedStore::jobs() {
    return parts_->jobs;
}

Outbox& GuardedStore::outbox() {
    return parts_->outbox;
}

Notes& GuardedStore::notes() {
    return parts_->notes;
}

}  // namespace emeth::storage
