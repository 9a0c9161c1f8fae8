#include "simulation/policy/market.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "node/market/discovery.hpp"
#include "node/market/finish_estimate.hpp"
#include "node/workers/assignment.hpp"
#include "simulation/policy/events.hpp"
#include "simulation/policy/normal.hpp"
#include "simulation/policy/open_jobs.hpp"
#include "simulation/policy/participant.hpp"
#include "simulation/policy/slot_book.hpp"
#include "simulation/policy/standstill_book.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::simulation {
namespace {

using node::Chosen;

constexpr std::int64_t second_ms = 1'000;

double emt_of(const Wei& wei) {
    return chain::approximate_coins(wei);
}

struct Claim {
    std::size_t job = 0, node = 0;
    std::int64_t at_ms = 0;
    Chosen chosen;
};

class Market {
public:
    Market(const JobStream& stream, const std::vector<MarketNode>& nodes, const MarketRules& rules)
        : stream_(stream),
          rules_(rules),
          dice_(rules.seed),
          first_day_(stream.empty() ? 0 : SlotBook::day_of(stream.front().requested_at_unix_s)),
          end_ms_(stream.empty() ? 0 : stream.back().requested_at_unix_s * second_ms),
          count_from_ms_((first_day_ + rules.warm_up_days) * chain::slot_seconds * second_ms),
          open_(stream),
          slots_(first_day_, rules.first_reward),
          standstill_(std::max(count_from_ms_, stream.empty() ? 0 : stream.front().requested_at_unix_s * second_ms),
                      end_ms_) {
        for (const MarketNode& node : nodes) participants_.emplace_back(node, rules, participants_.size());
        for (const Participant& node : participants_) workers_idle_ += node.view.workers_free;
    }

    MarketReport run(const std::function<void(std::uint64_t)>& passed) {
        if (!stream_.empty()) events_.plan({.at_ms = stream_.front().requested_at_unix_s * second_ms});
        constexpr std::size_t told_every = 1'000;
        while (!events_.empty()) {
            const Event event = events_.take();
            if (now_ms_ < count_from_ms_ && event.at_ms >= count_from_ms_) forget_outcomes();
            now_ms_ = event.at_ms;
            standstill_.pass_until(now_ms_, open_.size(), workers_idle_);
            handle(event);
            const bool is_round = event.what == Happening::arrival && (event.job + 1) % told_every == 0;
            if (passed && is_round) passed(event.job + 1);
        }
        return {outcomes(), standstill_.found()};
    }

private:
    /// Of the days that are not counted.
    void forget_outcomes() {
        for (Participant& node : participants_) {
            node.outcome = {};
            node.outcome.name = node.setup.name;
        }
    }

    [[nodiscard]] std::int64_t now_s() const { return now_ms_ / second_ms; }

    void handle(const Event& event) {
        switch (event.what) {
            case Happening::arrival:
                return arrive(event.job);
            case Happening::closing:
                return close(event.job);
            case Happening::taken_by_others:
                return take_elsewhere(event.job);
            case Happening::verified_elsewhere:
                return slots_.add(now_s(), gas_of(event.job));
            case Happening::look:
                return look(event.node);
            case Happening::block:
                return mine();
            case Happening::finish:
                return finish(event);
        }
    }

    [[nodiscard]] std::uint64_t gas_of(std::size_t job) const {
        return chain::published_dataset_gas(stream_[job].dataset_bytes);
    }

    void arrive(std::size_t job) {
        if (job + 1 < stream_.size())
            events_.plan({.at_ms = stream_[job + 1].requested_at_unix_s * second_ms, .job = job + 1});
        open_.add(job);
        if (is_counted(job)) standstill_.add_job();
        events_.plan({.at_ms = stream_[job].deadline_unix_s * second_ms, .what = Happening::closing, .job = job});
        if (rules_.others_take_after_s > 0) {
            const double after_s = exponential(dice_, rules_.others_take_after_s);
            events_.plan({.at_ms = now_ms_ + static_cast<std::int64_t>(after_s * second_ms),
                          .what = Happening::taken_by_others,
                          .job = job});
        }
        for (std::size_t node = 0; node < participants_.size(); ++node) plan_look(node, rules_.discovery_s);
    }

    [[nodiscard]] bool is_counted(std::size_t job) const {
        return stream_[job].requested_at_unix_s * second_ms >= count_from_ms_;
    }

    /// Its deadline has passed.
    void close(std::size_t job) {
        if (!open_.remove(job) || !is_counted(job)) return;
        std::vector<std::optional<node::Ground>> grounds;
        for (const Participant& node : participants_) add_refusal(grounds, node, job);
        standstill_.add_never_taken(grounds);
    }

    void take_elsewhere(std::size_t job) {
        if (!open_.remove(job)) return;
        constexpr std::uint32_t epochs = 2;
        const auto usual_s = chain::finish_estimate_s(gas_of(job), trainer_protocol::power_capacity_published, epochs);
        events_.plan({.at_ms = now_ms_ + usual_s * second_ms, .what = Happening::verified_elsewhere, .job = job});
    }

    /// Within so many seconds, not before so many ms have passed, if the node has a worker to spare.
    void plan_look(std::size_t node, std::int64_t within_s, std::int64_t not_before_ms = 0) {
        Participant& participant = participants_[node];
        if (participant.look_is_due || !participant.is_looking()) return;
        participant.look_is_due = true;
        const auto after_ms = static_cast<std::int64_t>(dice_.unit() * static_cast<double>(within_s * second_ms));
        events_.plan({.at_ms = now_ms_ + not_before_ms + after_ms,
                      .what = Happening::look,
                      .node = static_cast<std::uint32_t>(node)});
    }

    void look(std::size_t number) {
        Participant& node = participants_[number];
        node.look_is_due = false;
        if (!node.is_looking()) return;
        const Found found = simulation::look(node, open_, slots_, now_ms_);
        for (const std::size_t job : found.best_first) claim(number, job);
        if (found.any_left) plan_look(number, 0, rules_.discovery_s * second_ms);
        if (found.any_refused) plan_look(number, rules_.discovery_s, node::Discovery::second_look_after.count());
    }

    [[nodiscard]] bool is_seen_claimed(std::size_t job) const {
        return rules_.pool_seen_after_ms && std::ranges::any_of(claims_, [&](const Claim& claim) {
                   return claim.job == job && claim.at_ms + *rules_.pool_seen_after_ms <= now_ms_;
               });
    }

    /// Judged once more, since there is less to give after each.
    void claim(std::size_t number, std::size_t job) {
        Participant& node = participants_[number];
        if (!node.is_looking() || is_seen_claimed(job)) return;
        auto verdict = node::select(open_.candidate(job), node.view, node.setup.policy);
        if (!std::holds_alternative<Chosen>(verdict)) return;
        auto& chosen = std::get<Chosen>(verdict);
        node::reserve(node.view, chosen);
        node.keep(job);
        --workers_idle_;
        if (claims_.empty()) {
            const std::int64_t block_ms = rules_.block_s * second_ms;
            events_.plan({.at_ms = (now_ms_ / block_ms + 1) * block_ms, .what = Happening::block});
        }
        claims_.push_back({job, number, now_ms_, std::move(chosen)});
    }

    void mine() {
        std::map<std::size_t, std::vector<Claim>> by_job, won;  // `won` by node
        for (Claim& claim : std::exchange(claims_, {})) by_job[claim.job].push_back(std::move(claim));
        for (auto& [job, claims] : by_job) {
            const bool is_open = open_.remove(job);
            const auto winner =
                static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(claims.size()) - 1));
            for (std::size_t i = 0; i < claims.size(); ++i)
                if (is_open && i == winner)
                    won[claims[i].node].push_back(std::move(claims[i]));
                else
                    lose(claims[i]);
        }
        for (auto& [number, claims] : won) start(number, claims);
    }

    void lose(const Claim& claim) {
        Participant& node = participants_[claim.node];
        ++node.outcome.races_lost;
        node.outcome.race_gas += emt_of(chain::gas_money(rules_.gas_price, rules_.race_chain_gas));
        ++node.view.workers_free;
        ++workers_idle_;
        node.view.emt_free = chain::saturating_sum(node.view.emt_free, claim.chosen.deposit);
        plan_look(claim.node, rules_.discovery_s);
    }

    void start(std::size_t number, const std::vector<Claim>& claims) {
        Participant& node = participants_[number];
        std::vector<node::WorkerWish> wishes;
        std::vector<node::Workload> works;
        for (const Claim& claim : claims) {
            const StreamedJob& job = stream_[claim.job];
            works.push_back({claim.chosen.spec.model, claim.chosen.spec.epochs, job.dataset_bytes, gas_of(claim.job),
                             node.setup.policy.rules.draws});
            node::WorkerWish wish;
            wish.model = works.back().model;
            wish.estimate_s = [work = works.back()](const node::WorkerInfo& worker) {
                return node::finish_estimate_s(work, worker);
            };
            wish.due = Milliseconds(job.deadline_unix_s * second_ms);
            wishes.push_back(std::move(wish));
        }
        std::vector<node::IdleWorker> idle;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < node.view.workers.size(); ++i) {
            if (node.view.workers[i].job) continue;
            idle.push_back({node.view.workers[i], true});
            places.push_back(i);
        }
        for (const node::Assignment& one : node::assign(wishes, idle, Milliseconds(now_ms_)))
            train(number, claims[one.wish], places[one.worker], works[one.wish]);
    }

    void train(std::size_t number, const Claim& claim, std::size_t worker, const node::Workload& work) {
        Participant& node = participants_[number];
        node.begin_work(worker, claim.chosen.terms.id);
        ++node.outcome.claimed;
        const double ratio = log_normal(dice_, 1, rules_.time_deviation);
        const auto takes_ms = static_cast<std::int64_t>(
            static_cast<double>(node::finish_estimate_s(work, node.view.workers[worker])) * ratio * second_ms);
        const std::int64_t closes_ms = (stream_[claim.job].deadline_unix_s + rules_.verifier_lag_s) * second_ms;
        const bool is_late = now_ms_ + takes_ms > closes_ms;
        const std::int64_t ends_ms = is_late ? std::max(now_ms_, closes_ms) : now_ms_ + takes_ms;
        node.outcome.busy_s +=
            static_cast<double>(std::max<std::int64_t>(0, std::min(ends_ms, end_ms_) - now_ms_)) / second_ms;
        events_.plan({.at_ms = ends_ms,
                      .what = Happening::finish,
                      .is_late = is_late,
                      .job = claim.job,
                      .node = static_cast<std::uint32_t>(number),
                      .worker = static_cast<std::uint32_t>(worker),
                      .ratio = ratio});
    }

    void finish(const Event& event) {
        Participant& node = participants_[event.node];
        node.end_work(event.worker);
        ++workers_idle_;
        const Wei& fee = stream_[event.job].fee;
        const Wei deposit = chain::rate_of(fee, rules_.constants.deposit_rate);
        if (event.is_late) {
            ++node.outcome.missed;
            node::add(node.view.track, {now_s(), node::EndedJob::Result::missed, 0});
            pay_back(node, deposit, chain::rate_of(deposit, rules_.constants.timeout_penalty_rate));
        } else if (dice_.chance(rules_.reject_share)) {
            ++node.outcome.rejected;
            node::add(node.view.track, {now_s(), node::EndedJob::Result::rejected, event.ratio});
            pay_back(node, deposit,
                     chain::saturating_sum(chain::rate_of(deposit, rules_.constants.failed_penalty_rate),
                                           rules_.constants.verifier_fee));
        } else {
            ++node.outcome.verified;
            node::add(node.view.track, {now_s(), node::EndedJob::Result::verified, event.ratio});
            const Wei income = chain::saturating_difference(fee, rules_.constants.verifier_fee);
            node.outcome.fees += emt_of(income);
            node.view.emt_free = chain::saturating_sum(node.view.emt_free, chain::saturating_sum(deposit, income));
            slots_.add(now_s(), gas_of(event.job), event.node);
        }
        plan_look(event.node, rules_.discovery_s);
    }

    void pay_back(Participant& node, const Wei& deposit, const Wei& penalty) {
        const Wei kept = std::min(penalty, deposit);
        node.outcome.penalties += emt_of(kept);
        node.view.emt_free = chain::saturating_sum(node.view.emt_free, chain::saturating_difference(deposit, kept));
    }

    std::vector<MarketOutcome> outcomes() {
        const double span_s = static_cast<double>(std::max<std::int64_t>(0, end_ms_ - count_from_ms_)) / second_ms;
        const std::int64_t last_day =
            rules_.warm_up_days > 0 ? SlotBook::day_of(end_ms_ / second_ms) : SlotBook::day_of(now_s());
        const std::vector<double> rewards =
            slots_.rewards(participants_.size(), first_day_ + rules_.warm_up_days, last_day);
        std::vector<MarketOutcome> outcomes;
        for (std::size_t i = 0; i < participants_.size(); ++i) {
            Participant& node = participants_[i];
            node.outcome.rewards = rewards[i];
            node.outcome.worker_s = span_s * static_cast<double>(node.setup.workers.size());
            outcomes.push_back(std::move(node.outcome));
        }
        return outcomes;
    }

    const JobStream& stream_;
    const MarketRules& rules_;
    Dice dice_;
    std::int64_t first_day_, end_ms_, count_from_ms_, now_ms_ = 0;
    std::vector<Participant> participants_;
    std::size_t workers_idle_ = 0;
    OpenJobs open_;
    std::vector<Claim> claims_;  ///< that wait for the next block
    SlotBook slots_;
    StandstillBook standstill_;
    EventQueue events_;
};

}  // namespace

MarketRules published_market() {
    constexpr std::uint64_t gwei = 1'000'000'000;
    constexpr std::uint64_t quarter = chain::rate_denominator / 4;
    MarketRules rules;
    rules.constants.deposit_rate = chain::rate_denominator;
    rules.constants.timeout_penalty_rate = quarter;
    rules.constants.decline_penalty_rate = quarter;
    rules.constants.failed_penalty_rate = quarter;
    rules.constants.verifier_fee = chain::parse_coins("10").value();
    rules.first_reward = chain::parse_coins("288000").value();
    rules.gas_price = chain::to_wei(gwei);
    rules.race_chain_gas = chain::approve_gas_limit;
    return rules;
}

MarketReport run_market(const JobStream& stream, const std::vector<MarketNode>& nodes, const MarketRules& rules,
                        const std::function<void(std::uint64_t)>& passed) {
    return Market(stream, nodes, rules).run(passed);
}

}  // namespace emeth::simulation
