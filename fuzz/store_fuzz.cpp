// The store against an oracle of plain maps: whatever is written in whatever order, and whenever the store is closed or
// loses its power, it holds what the oracle holds.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/events.hpp"
#include "fuzz/property.hpp"
#include "simulation/simulated_environment.hpp"
#include "simulation/volatile_file_system.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_database.hpp"
#include "storage/store.hpp"

namespace {

using namespace emeth;
using namespace emeth::storage;
using emeth::fuzz::few;
using emeth::fuzz::Input;
using emeth::fuzz::require;
using emeth::fuzz::small;

constexpr int steps_max = 64;

template <class T>
T must(Result<T> result) {
    if (result.has_error()) std::fprintf(stderr, "%s\n", result.error().message.c_str());
    require(result.has_value(), "a store without a fault answers");
    return std::move(result).value();
}
void must(const Result<void>& result) {
    if (result.has_error()) std::fprintf(stderr, "%s\n", result.error().message.c_str());
    require(result.has_value(), "a store without a fault takes what is written");
}

/// What was written and must be there.
struct Oracle {
    struct Life {
        statemachine::Job job;
        std::vector<HistoryEntry> history;
    };
    std::map<JobId, Life> jobs;
    std::map<std::uint64_t, OutboxEntry> outbox;
    std::map<std::string, std::string> cursors;
    std::vector<JobId> refusals;  ///< oldest first; a power cut may take the newest
};

class Run {
public:
    Run() { open(); }

    void step(Input& input) {
        switch (input.integer<std::uint8_t>() % 9) {
            case 0:
                return create(few<JobId>(input), input.text());
            case 1:
            case 2:
                return apply(few<JobId>(input), fuzz::event(input), transactions(input));
            case 3:
                return put_outbox(transactions(input));
            case 4:
                return add_replacement(small(input), {few<Hash256>(input), bytes(input), 5});
            case 5:
                return set_cursor(std::to_string(small(input)), input.text());
            case 6:
                return put_refusal({few<JobId>(input), 7, input.text(), 1, 9});
            case 7:
                store_.reset();
                return open();
            default:
                return cut_power(input.integer<std::uint8_t>());
        }
    }

    void compare() {
        compare_jobs();
        compare_outbox();
        for (const auto& [key, value] : oracle_.cursors)
            require(must(store_->notes().cursor(key)) == value, "a cursor holds what was set last");
        const auto refusals = must(store_->notes().refusals());
        require(std::ranges::equal(refusals, oracle_.refusals, {}, &RefusedJob::id), "refusals stand in their order");
    }

private:
    static std::vector<std::uint8_t> bytes(Input& input) {
        const std::string text = input.text();
        return {text.begin(), text.end()};
    }

    static std::vector<OutboxEntry> transactions(Input& input) {
        std::vector<OutboxEntry> entries(input.integer<std::uint8_t>() % 3);
        for (OutboxEntry& entry : entries) {
            entry.nonce = small(input);
            entry.kind = static_cast<TxKind>(1 + input.integer<std::uint8_t>() % 6);
            entry.hash = few<Hash256>(input);
            entry.raw = bytes(input);
            entry.mined_block = small(input) / 4;
            entry.succeeded = entry.mined_block != 0;
        }
        return entries;
    }

    void open() {
        constexpr std::size_t write_buffer_bytes = 64 << 10;
        store_ = must(NodeStore::open("/store", OpenMode::read_write, {&environment_, log_, write_buffer_bytes, 1}));
    }

    void create(const JobId& id, std::string dataset) {
        statemachine::Discovered discovered;
        discovered.terms.id = id;
        discovered.terms.dataset = std::move(dataset);
        const auto created = store_->jobs().create(discovered, 1);
        require(created.has_value() == !oracle_.jobs.contains(id), "a JOB is created once");
        if (created)
            oracle_.jobs[id] = {*created, {{1, {1, discovered}, created->state, created->state, std::nullopt}}};
    }

    void apply(const JobId& id, const statemachine::EventBody& body, const std::vector<OutboxEntry>& side) {
        const auto life = oracle_.jobs.find(id);
        if (life == oracle_.jobs.end()) return;
        const auto applied = must(store_->jobs().apply(life->second.job, {2, body}, {side}));
        const auto expected = statemachine::transition(life->second.job, {2, body});
        const auto* made = std::get_if<statemachine::Transition>(&expected);
        require((made != nullptr) == !applied.rejection, "the store rejects what the state machine rejects");
        const statemachine::State from = life->second.job.state;
        const std::uint64_t sequence = life->second.job.sequence + 1;
        if (made != nullptr) life->second.job = made->next;
        life->second.job.sequence = sequence;
        life->second.history.push_back({sequence, {2, body}, from, life->second.job.state, applied.rejection});
        require(applied.job == life->second.job, "a commit returns the record that the state machine makes");
        if (made != nullptr) remember(side);
    }

    void put_outbox(const std::vector<OutboxEntry>& entries) {
        must(store_->outbox().put(entries));
        remember(entries);
    }

    void remember(const std::vector<OutboxEntry>& entries) {
        for (OutboxEntry entry : entries) {
            entry.replacements = oracle_.outbox[entry.nonce].replacements;
            oracle_.outbox[entry.nonce] = entry;
        }
    }

    void add_replacement(std::uint64_t nonce, const Replacement& replacement) {
        const auto entry = oracle_.outbox.find(nonce);
        const auto added = store_->outbox().add_replacement(nonce, replacement);
        require(added.has_value() == (entry != oracle_.outbox.end()), "only what is there is replaced");
        if (added) entry->second.replacements.push_back(replacement);
    }

    void set_cursor(const std::string& key, const std::string& value) {
        must(store_->notes().set_cursor(key, value));
        oracle_.cursors[key] = value;
    }

    void put_refusal(const RefusedJob& refusal) {
        must(store_->notes().put_refusal(refusal));
        oracle_.refusals.push_back(refusal.id);
    }

    void cut_power(std::uint64_t torn_bytes) {
        disk_->cut_power();
        store_.reset();
        disk_->restore_power(torn_bytes);
        open();
        const auto kept = must(store_->notes().refusals());
        require(kept.size() <= oracle_.refusals.size(), "a power cut adds nothing");
        oracle_.refusals.resize(kept.size());
    }

    void compare_jobs() {
        std::vector<statemachine::Job> all, active;
        for (const auto& [id, life] : oracle_.jobs) {
            all.push_back(life.job);
            if (!is_end(life.job.state)) active.push_back(life.job);
            require(must(store_->jobs().find(id)) == life.job, "a record is the one that was committed last");
            const auto history = must(store_->jobs().history(id));
            require(std::ranges::equal(history, life.history, {}, encode_history, encode_history),
                    "a history has every event");
            must(store_->jobs().verify(id));
        }
        std::vector<statemachine::Job> visited;
        must(store_->jobs().for_each([&](const statemachine::Job& job) {
            visited.push_back(job);
            return true;
        }));
        require(visited == all, "the records are those of the JOBs, in the order of their ids");
        require(must(store_->jobs().active()) == active, "the index holds the JOBs that have not ended");
    }

    void compare_outbox() {
        std::vector<OutboxEntry> all, pending;
        for (const auto& [nonce, entry] : oracle_.outbox) {
            all.push_back(entry);
            if (entry.mined_block == 0) pending.push_back(entry);
            require(must(store_->outbox().find(nonce)) == entry, "a transaction is as it was put last");
        }
        require(must(store_->outbox().all()) == all, "the outbox holds all transactions");
        require(must(store_->outbox().pending()) == pending, "the index holds the transactions that are not mined");
        const auto last = must(store_->outbox().last_nonce());
        require(last.has_value() == !all.empty(), "only an empty outbox has no last nonce");
        require(!last || *last == all.back().nonce, "the last nonce is the highest");
    }

    std::shared_ptr<simulation::VolatileFileSystem> disk_ = std::make_shared<simulation::VolatileFileSystem>();
    simulation::SimulatedEnvironment environment_{disk_};
    std::shared_ptr<rocksdb::Logger> log_ = std::make_shared<simulation::NoInfoLog>();
    std::unique_ptr<NodeStore> store_;
    Oracle oracle_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    Run run;
    for (int steps = 0; steps < steps_max && !input.empty(); ++steps) run.step(input);
    run.compare();
    return 0;
}
