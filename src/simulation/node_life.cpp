#include "simulation/node_life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "chain/amount.hpp"
#include "simulation/life_checks.hpp"
#include "simulation/node_process.hpp"
#include "simulation/oddities.hpp"
#include "simulation/other_parties.hpp"
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
constexpr std::uint64_t handlers_per_moment_max = 1'000'000;
constexpr std::size_t sleepers_max = 4'096;
constexpr std::uint64_t gas_spike = 40;
constexpr std::int64_t reorganised_blocks_max = 6;

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
    void act_as_operator();
    [[nodiscard]] bool is_clear() const;

    [[nodiscard]] bool is_over();
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
    Stories stories_;
    OtherParties parties_{chain_, storage_, workers_, weather_, stories_, violations_};
    LifeChecks checks_{chain_, workers_, stories_, violations_};

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
      workers_({io_.get_executor(), storage_, clock_, weather_, process_state_, violations_, chain_trace_},
               static_cast<std::size_t>(dice_.between(1, 4)), dice_.split()),
      node_dice_(dice_.split()) {
    config_.core = chain_.constants.core;
    config_.token = chain_.constants.token;
    config_.chain_id = SimulatedEndpoint::chain_number;
    config_.confirmations = static_cast<std::uint64_t>(dice_.between(1, 4));
    config_.verdict_confirmations = static_cast<std::uint64_t>(reorganised_blocks_max) + 1;
    config_.poll_interval = Milliseconds(4'000);
    config_.selection.min_fee = wei_of(10 * emt);
    config_.selection.max_fee = wei_of(1'000 * emt);
    config_.selection.dataset_bytes_max = 1'000'000'000;
    config_.selection.deadline_margin_s = 300;
    chain_.allowance_cap = draw_allowance_cap(seed);
    if (chain_.allowance_cap) config_.selection.allowance_cap = wei_of(*chain_.allowance_cap);
    config_.selection.disk_reserve_bytes = 0;  // the real disk's free space must not influence the simulation
    report_.seed = seed;
    const double severity = dice_.unit();
    weather_.error_rate = 0.02 * severity;
    weather_.lost_answer_rate = 0.05 * severity;
    weather_.slow_rate = 0.1 * severity;
    plan_jobs();
    make_jobs_odd(seed, stories_, storage_);
    make_network_odd(seed, storage_, workers_);
    if (make_clock_odd(seed, clock_)) checks_.expect_no_deposit();
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
        storage_.put_dataset(id.hex(), {story.bytes});
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
    checks_.check_store(*store);
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

/// Schedules a crash for the next few minutes: just before or after a commit, or between any two coroutine steps.
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
    if (!violations_.any()) checks_.check_ends(process_->store().jobs(), report_);
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
        parties_.act_as_requester(now_s(), dice_);
    }
    if (now_s() % verifier_looks_every_s == 0) parties_.act_as_verifier();
    if (!weather_.fine) act_as_operator();
    if (is_clear()) checks_.count_clear_second();
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
        chain_.reorganise(static_cast<std::uint64_t>(dice_.between(1, reorganised_blocks_max)));
    }
}

/// Occasionally the operator declines a JOB.
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

/// The life ends once all the node's JOBs have ended, no more can arrive, and, a day later, the rewards are withdrawn.
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

}  // namespace

LifeReport live(std::uint64_t seed, const Trace& trace) {
    NodeLife life(seed, trace);
    return life.run();
}

}  // namespace emeth::simulation
