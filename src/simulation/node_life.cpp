#include "simulation/node_life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "simulation/node_process.hpp"
#include "simulation/simulated_clock.hpp"
#include "simulation/simulated_endpoint.hpp"
#include "simulation/simulated_environment.hpp"
#include "simulation/simulated_workers.hpp"
#include "simulation/volatile_file_system.hpp"
#include "storage/rocks_database.hpp"

namespace emeth::simulation {
namespace {

namespace sm = statemachine;
using chain::JobStatus;

constexpr std::uint64_t jobs_per_life = 20;
constexpr std::int64_t requests_over_s = 1'500;
constexpr std::int64_t faults_until_s = requests_over_s + 900;
constexpr std::int64_t longest_life_s = 6 * 3'600;
constexpr std::int64_t rewards_within_s = 1'800;
constexpr std::int64_t verifier_looks_every_s = 7;
constexpr std::int64_t patience_s = 3'600;
constexpr std::uint64_t handlers_per_moment_max = 1'000'000;
constexpr std::size_t sleepers_max = 4'096;
/// A JOB that had so many fault-free seconds, as a multiple of the slowest worker's time and a constant, must not cost
/// a penalty.
constexpr std::int64_t fault_free_factor = 3, fault_free_s = 900;
constexpr std::uint64_t gas_spike = 40;

class NoInfoLog final : public rocksdb::Logger {
public:
    using Logger::Logv;
    void Logv(const char*, va_list) override {}
};

/// What the world knows of a JOB beside the chain.
struct Story {
    std::int64_t requested_at_s = 0;
    Amount fee = 0;
    std::uint64_t bytes = 0;
    std::int64_t deadline_unix_s = 0, processed_unix_s = 0;
    std::int64_t clear_s = 0;  ///< seconds with a deposit locked and nothing wrong
    bool requested = false, canceled = false, excused = false, rejected_unjustly = false;
    std::int64_t verdict_after_s = 0;
};

class NodeLife {
public:
    NodeLife(std::uint64_t seed, const Trace& trace);
    ~NodeLife();
    LifeReport run();

private:
    [[nodiscard]] std::int64_t now_s() const { return clock_.monotonic().count() / 1'000; }
    void tell(const std::string& what) const {
        if (trace_)
            trace_(fmt::format("{:>8.1f} s  {}", static_cast<double>(clock_.monotonic().count()) / 1'000, what));
    }
    void plan_jobs();

    // The node's processes.
    void start_process();
    void bury_process();
    void plan_crash();
    void run_handlers();

    // A second of the world.
    void tick();
    void change_weather();
    void act_as_requester();
    void act_as_verifier();
    [[nodiscard]] bool shows_what_was_drawn(const JobId& id) const;
    void act_as_operator();
    void count_clear_time();
    [[nodiscard]] bool is_clear() const;

    // Ends.
    [[nodiscard]] bool is_over();
    void check_histories(storage::JobStore& jobs);
    void check_ends();
    void check_penalty(const JobId& id, const ChainJob& job);
    std::unique_ptr<storage::NodeStore> open_store();

    const Trace& trace_;
    Trace chain_trace_;
    Dice dice_;
    Violations violations_;
    Weather weather_;
    Mortality process_state_;
    asio::io_context io_{1};
    SimulatedClock clock_{io_.get_executor()};
    crypto::PrivateKey key_ =
        crypto::PrivateKey::parse("0x4646464646464646464646464646464646464646464646464646464646464646").value();
    SimulatedChain chain_;
    SimulatedEndpoint endpoint_;
    SimulatedStorage storage_;
    SimulatedInfoServer info_server_;
    SimulatedWorkers workers_;
    std::shared_ptr<VolatileFileSystem> disk_ = std::make_shared<VolatileFileSystem>();
    SimulatedEnvironment environment_{disk_};
    std::shared_ptr<rocksdb::Logger> no_log_ = std::make_shared<NoInfoLog>();
    node::NodeConfig config_;
    Dice node_dice_;
    std::map<JobId, Story> stories_;

    std::unique_ptr<NodeProcess> process_;
    Milliseconds start_at_{0};
    std::int64_t process_started_s_ = 0;
    std::uint64_t handlers_ = 0, deadly_handler_ = 0;
    bool power_goes_too_ = false;
    Milliseconds next_tick_{1'000};
    bool rewards_phase_ = false;
    std::int64_t rewards_since_s_ = 0, idle_since_s_ = 0;
    LifeReport report_;
};

NodeLife::NodeLife(std::uint64_t seed, const Trace& trace)
    : trace_(trace),
      chain_trace_(trace ? Trace([this](const std::string& what) { tell(what); }) : Trace()),
      dice_(seed),
      chain_(dice_.split(), key_.address(), violations_, chain_trace_),
      endpoint_(chain_, clock_, weather_, process_state_, dice_.split()),
      storage_(chain_, clock_, weather_, process_state_, dice_.split()),
      info_server_(chain_, clock_, weather_, process_state_, dice_.split()),
      workers_(io_.get_executor(), static_cast<std::size_t>(dice_.between(1, 4)), storage_, clock_, weather_,
               process_state_, violations_, dice_.split(), chain_trace_),
      node_dice_(dice_.split()) {
    config_.core = chain_.constants.core;
    config_.token = chain_.constants.token;
    config_.chain_id = SimulatedEndpoint::chain_number;
    config_.confirmations = static_cast<std::uint64_t>(dice_.between(1, 4));
    config_.poll_interval = Milliseconds(4'000);
    config_.rewards_interval = Milliseconds(120'000);
    config_.selection.min_fee = wei_of(10 * emt);
    config_.selection.max_fee = wei_of(1'000 * emt);
    config_.selection.dataset_bytes_max = 1'000'000'000;
    config_.selection.deadline_margin_s = 300;
    config_.selection.disk_reserve_bytes = 0;  // the disk of the machine is none of the simulation
    report_.seed = seed;
    const double severity = dice_.unit();
    weather_.error_rate = 0.02 * severity;
    weather_.lost_answer_rate = 0.05 * severity;
    weather_.slow_rate = 0.1 * severity;
    plan_jobs();
}

NodeLife::~NodeLife() {
    process_state_.dead = true;
    if (process_) bury_process();
}

void NodeLife::plan_jobs() {
    for (std::uint64_t number = 0; number < jobs_per_life; ++number) {
        Story story;
        story.requested_at_s = dice_.between(0, requests_over_s);
        story.fee = dice_.between(11, 60) * emt;
        story.bytes = static_cast<std::uint64_t>(dice_.between(1, 3)) << 20;
        story.deadline_unix_s = SimulatedChain::genesis_unix_s + story.requested_at_s + dice_.between(900, 9'000);
        story.verdict_after_s = dice_.between(5, 120);
        story.rejected_unjustly = dice_.chance(0.03);
        const JobId id = numbered<JobId>(dice_.next());
        storage_.put_dataset(id.hex(), story.bytes);
        stories_[id] = story;
    }
    report_.jobs = stories_.size();
}

std::unique_ptr<storage::NodeStore> NodeLife::open_store() {
    constexpr std::size_t small = 64 << 10;
    auto opened = storage::NodeStore::open("/node/store", storage::OpenMode::read_write,
                                           storage::Platform{&environment_, no_log_, small, 1});
    if (opened.has_value()) return std::move(*opened);
    tell("the store cannot be opened: " + opened.error().message);
    if (opened.error().kind == ErrorKind::permanent) violations_.add("the store is damaged: " + opened.error().message);
    return nullptr;
}

void NodeLife::start_process() {
    auto store = open_store();
    if (!store) {
        start_at_ = clock_.monotonic() + Milliseconds(10'000);
        return;
    }
    check_histories(store->jobs());
    process_state_.dead = false;
    workers_.find_master();
    process_ = std::make_unique<NodeProcess>(Surroundings{io_, endpoint_, storage_, info_server_, workers_, clock_,
                                                          node_dice_, key_, config_, chain_.constants},
                                             std::make_unique<MortalStore>(std::move(store), process_state_));
    process_started_s_ = now_s();
    if (!weather_.fine) plan_crash();
    tell("the node starts");
    if (const auto started = process_->start(); started.has_error())
        violations_.add("the node cannot start: " + started.error().message);
}

/// Somewhere in the next minutes: at a commit, before or after it, or between any two steps of any coroutine.
void NodeLife::plan_crash() {
    power_goes_too_ = dice_.chance(0.3);
    deadly_handler_ = 0;
    if (dice_.chance(0.5)) {
        process_->store().die_at(static_cast<std::uint64_t>(dice_.between(1, 25)), dice_.chance(0.5));
    } else {
        deadly_handler_ = handlers_ + static_cast<std::uint64_t>(dice_.between(1, 4'000));
    }
}

void NodeLife::bury_process() {
    if (power_goes_too_) disk_->cut_power();
    process_->cancel();
    io_.restart();
    while (io_.poll() > 0) {
    }
    if (!process_->ended()) violations_.add("the process does not end when it is cancelled");
    if (process_->bug()) violations_.add("bug: " + *process_->bug());
    tell(fmt::format("the node dies{}", power_goes_too_ ? ", with the power" : ""));
    process_.reset();
    if (power_goes_too_) {
        disk_->restore_power(static_cast<std::uint64_t>(dice_.between(0, 200)));
        ++report_.power_cuts;
    }
    ++report_.crashes;
    workers_.lose_master();
    start_at_ = clock_.monotonic() +
                Milliseconds(dice_.chance(0.1) ? dice_.between(30'000, 300'000) : dice_.between(500, 20'000));
}

/// One by one, so that the process may die between any two.
void NodeLife::run_handlers() {
    io_.restart();
    for (std::uint64_t count = 0; io_.poll_one() > 0; ++count) {
        ++handlers_;
        if (process_ && deadly_handler_ != 0 && handlers_ == deadly_handler_) process_state_.dead = true;
        if (process_state_.dead) return;
        if (count == handlers_per_moment_max)
            return violations_.add("the node runs in circles without a moment's pause");
    }
}

LifeReport NodeLife::run() {
    start_process();
    while (!violations_.any()) {
        run_handlers();
        if (process_ && process_state_.dead) {
            bury_process();
            continue;
        }
        if (process_ && process_->ended()) {
            violations_.add("the process ended by itself" +
                            (process_->bug() ? ": " + *process_->bug() : std::string()));
            break;
        }
        if (clock_.wake_one()) continue;
        auto next = next_tick_;
        if (const auto wakeup = clock_.next_wakeup()) next = std::min(next, *wakeup);
        clock_.advance_to(next);
        if (clock_.monotonic() >= next_tick_) {
            next_tick_ += Milliseconds(1'000);
            tick();
            if (is_over()) break;
        }
    }
    if (!violations_.any()) check_ends();
    report_.virtual_s = now_s();
    report_.violations = violations_.sentences();
    return report_;
}

void NodeLife::tick() {
    if (!process_ && clock_.monotonic() >= start_at_) start_process();
    change_weather();
    workers_.tick();
    if (now_s() % SimulatedChain::block_seconds == 0) {
        chain_.mine(SimulatedChain::base_price * (weather_.gas_spike_until > clock_.monotonic() ? gas_spike : 1));
        act_as_requester();
    }
    if (now_s() % verifier_looks_every_s == 0) act_as_verifier();
    if (!weather_.fine) act_as_operator();
    count_clear_time();
    if (clock_.sleepers() > sleepers_max) violations_.add(fmt::format("{} coroutines sleep", clock_.sleepers()));
}

void NodeLife::change_weather() {
    const auto now = clock_.monotonic();
    if (!weather_.fine && now_s() >= faults_until_s) {
        weather_ = {};
        weather_.fine = true;
        disk_->full = disk_->sync_fails = false;
        deadly_handler_ = 0;
        if (process_) process_->store().die_at(0, false);
        tell("the weather is fine from now on");
    }
    disk_->full = weather_.disk_full_until > now;
    disk_->sync_fails = weather_.disk_fails_until > now;
    if (weather_.fine) return;
    const auto spell = [&](const char* what, double rate, Milliseconds& until, std::int64_t longest_s) {
        if (!dice_.chance(rate)) return;
        until = now + Milliseconds(dice_.between(1'000, longest_s * 1'000));
        tell(fmt::format("{} for {:.0f} s", what, static_cast<double>((until - now).count()) / 1'000));
    };
    spell("the endpoint is down", 0.002, weather_.chain_down_until, 60);
    spell("the info server is down", 0.002, weather_.info_down_until, 120);
    spell("the Storage API is down", 0.002, weather_.storage_down_until, 60);
    spell("the disk is full", 0.0005, weather_.disk_full_until, 40);
    spell("the disk syncs nothing", 0.0005, weather_.disk_fails_until, 40);
    spell("gas is dear", 0.0007, weather_.gas_spike_until, 90);
    spell("the endpoint lags behind", 0.002, weather_.endpoint_lags_until, 30);
    if (dice_.chance(0.001)) clock_.jump_wall(Milliseconds(dice_.between(-3'600'000, 3'600'000)));
    if (dice_.chance(0.003)) {
        ++report_.reorganisations;
        chain_.reorganise(static_cast<std::uint64_t>(dice_.between(1, 6)));
    }
}

void NodeLife::act_as_requester() {
    for (auto& [id, story] : stories_) {
        if (!story.requested && now_s() >= story.requested_at_s) {
            story.requested = true;
            chain_.request(id, chain_.requester, id.hex(), R"({"language":"en","epoch":2})", story.fee,
                           story.deadline_unix_s);
        }
        const auto& jobs = chain_.latest().jobs;
        const auto found = jobs.find(id);
        if (found == jobs.end() || found->second.record.status != JobStatus::requested || weather_.fine) continue;
        if (dice_.chance(0.0005)) chain_.cancel(id);
        if (dice_.chance(0.001)) chain_.process_by(id, numbered<Address>(50));
    }
}

/// Of the block in which the submit stands now.
bool NodeLife::shows_what_was_drawn(const JobId& id) const {
    const auto shown = storage_.evidence(id);
    for (const auto& log : chain_.status_logs(id, 0, chain_.head()))
        if (log.status == JobStatus::submitted) return shown == SimulatedWorkers::evidence_digest(id, log.block_hash);
    return false;
}

void NodeLife::act_as_verifier() {
    for (const auto& [id, job] : chain_.latest().jobs) {
        if (job.assign.node != chain_.wallet) continue;
        Story& story = stories_.at(id);
        const auto since_submit = chain_.now_unix_s() - job.assign.submitted_at_unix_s;
        if (job.record.status == JobStatus::submitted && since_submit > story.verdict_after_s) {
            const Hash256* result = storage_.result(job.details.result);
            const bool honest = result != nullptr && workers_.is_honest(id, *result);
            if (!honest)
                violations_.add(fmt::format("{}: what was submitted as {} is not a whole honest result", id.hex(),
                                            job.details.result));
            if (!shows_what_was_drawn(id)) {
                if (since_submit < patience_s) continue;
                if (!workers_.has_lost(id)) violations_.add(id.hex() + ": what its worker holds was not shown in time");
                story.excused = true;
                chain_.reject(id);
            } else if (story.rejected_unjustly) {
                story.excused = true;
                chain_.reject(id);
            } else {
                chain_.verify(id, story.bytes >> 20);
            }
        }
        if (job.record.status == JobStatus::processing && chain_.now_unix_s() > job.record.deadline_unix_s + 60)
            chain_.time_out(id);
    }
}

/// Once in a while he gives a JOB back.
void NodeLife::act_as_operator() {
    if (!process_ || process_state_.dead || !dice_.chance(0.0003)) return;
    std::optional<JobId> chosen;
    process_->supervisor().for_each([&](const sm::Job& job) {
        if (!chosen) chosen = job.terms.id;
    });
    if (!chosen) return;
    stories_.at(*chosen).excused = true;
    tell("the operator declines " + chosen->hex().substr(0, 10));
    const auto declined = process_->supervisor().request_decline(*chosen, "the operator declined it");
    if (declined.has_error()) tell("too late: " + declined.error().message);
}

bool NodeLife::is_clear() const {
    constexpr std::int64_t settling_s = 15;
    const auto over = [&](Milliseconds until) { return clock_.monotonic() > until + Milliseconds(settling_s * 1'000); };
    return process_ && now_s() - process_started_s_ > settling_s && over(weather_.chain_down_until) &&
           over(weather_.storage_down_until) && over(weather_.disk_full_until) && over(weather_.disk_fails_until) &&
           over(weather_.gas_spike_until);
}

void NodeLife::count_clear_time() {
    if (!is_clear()) return;
    for (const auto& [id, job] : chain_.latest().jobs) {
        const bool in_time = job.record.status == JobStatus::processing && job.assign.node == chain_.wallet &&
                             chain_.now_unix_s() <= job.record.deadline_unix_s;
        if (in_time && (workers_.serves(id) || workers_.idle_workers() > 0)) ++stories_.at(id).clear_s;
    }
}

/// All JOBs of the node have ended and none can come any more; then a day passes, and the rewards are fetched.
bool NodeLife::is_over() {
    if (now_s() > longest_life_s) {
        process_->supervisor().for_each([&](const sm::Job& job) {
            violations_.add(fmt::format("{} is forgotten: {}", job.terms.id.hex(), sm::why(job, clock_.unix_ms())));
        });
        if (!violations_.any()) violations_.add("the life does not come to its end");
        return true;
    }
    if (!weather_.fine || !process_) return false;
    if (rewards_phase_) {
        std::uint64_t left = 0;
        for (const auto& [number, slot] : chain_.latest().slots) left += slot.own_left;
        if (left == 0) return true;
        if (now_s() - rewards_since_s_ < rewards_within_s) return false;
        violations_.add(fmt::format("rewards for {} gas are not fetched", left));
        return true;
    }
    const auto& jobs = chain_.latest().jobs;
    const bool open = std::any_of(jobs.begin(), jobs.end(), [&](const auto& entry) {
        const auto status = entry.second.record.status;
        const bool takeable =
            status == JobStatus::requested && entry.second.record.deadline_unix_s > chain_.now_unix_s();
        const bool ours = entry.second.assign.node == chain_.wallet &&
                          (status == JobStatus::processing || status == JobStatus::submitted);
        return takeable || ours;
    });
    if (open || !process_->supervisor().empty()) {
        idle_since_s_ = now_s();
        return false;
    }
    if (now_s() - idle_since_s_ < 30) return false;
    rewards_phase_ = true;
    rewards_since_s_ = now_s();
    chain_.pass_time(86'400);
    return false;
}

/// What lies on the disk after a crash is whole.
void NodeLife::check_histories(storage::JobStore& jobs) {
    const auto active = jobs.active();
    if (active.has_error()) return violations_.add(active.error().message);
    for (const auto& job : *active)
        if (const auto replayed = jobs.verify(job.terms.id); replayed.has_error())
            violations_.add("the history does not replay: " + replayed.error().message);
}

/// Chain and store tell the same story of every JOB, and the story is one that may be.
void NodeLife::check_ends() {
    auto& store = process_->store().jobs();
    for (const auto& [id, job] : chain_.latest().jobs) {
        const auto record = store.find(id);
        if (record.has_error()) return violations_.add(record.error().message);
        const auto status = job.record.status;
        const bool took_part = job.assign.node == chain_.wallet;
        if (took_part && !*record)
            violations_.add(id.hex() + ": a deposit is locked for a JOB that the store does not know");
        if (!*record) continue;
        if (const auto replayed = store.verify(id); replayed.has_error())
            violations_.add("the history does not replay: " + replayed.error().message);
        const auto state = (*record)->state;
        const bool agree = !took_part || (state == sm::State::verified && status == JobStatus::verified) ||
                           (state == sm::State::failed && status == JobStatus::failed) ||
                           (state == sm::State::timed_out && status == JobStatus::timeout) ||
                           (state == sm::State::declined && status == JobStatus::declined);
        if (!agree)
            violations_.add(
                fmt::format("{}: the store says {}, the chain {}", id.hex(), sm::name(state), chain::name(status)));
        if (chain_.effects("process", id) > 1 || chain_.effects("submit", id) > 1)
            violations_.add(id.hex() + ": two deposits or two submits");
        if (state == sm::State::verified) ++report_.verified;
        if (state == sm::State::lost) ++report_.lost;
        if (took_part) check_penalty(id, job);
    }
}

void NodeLife::check_penalty(const JobId& id, const ChainJob& job) {
    const auto status = job.record.status;
    if (status != JobStatus::timeout && status != JobStatus::declined && status != JobStatus::failed) return;
    ++report_.penalties;
    const Story& story = stories_.at(id);
    const auto gas = chain::estimated_gas(chain::dataset_mebibytes(story.bytes), chain::language_model_complexity);
    const auto needed_s = workers_.slowest_s(gas);
    const auto enough_s = fault_free_factor * needed_s + fault_free_s;
    if (story.excused || story.clear_s <= enough_s) return;
    violations_.add(fmt::format("{}: a penalty ({}) although {} s were free of faults and {} s are enough", id.hex(),
                                chain::name(status), story.clear_s, enough_s));
}

}  // namespace

LifeReport live(std::uint64_t seed, const Trace& trace) {
    NodeLife life(seed, trace);
    return life.run();
}

}  // namespace emeth::simulation
