#include "simulation/policy/participant.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <variant>

#include "chain/amount.hpp"
#include "node/market/discovery.hpp"
#include "simulation/dice.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::simulation {
namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();

/// With room for everything: it is the time of workers that a policy divides.
node::WorkerInfo worker_of(std::uint64_t number, std::uint64_t power_capacity) {
    node::WorkerInfo worker;
    worker.address = numbered<Address>(number);
    worker.connected = true;
    worker.power_capacity = power_capacity;
    worker_protocol::Fitness fitness;
    for (const auto& preset : trainer_protocol::presets()) fitness.tokens_per_s[std::string(preset.name)] = 1;
    fitness.disk_free_bytes = fitness.states_free_bytes = std::uint64_t{1} << 50;
    worker.fitness = std::move(fitness);
    return worker;
}

/// Forgets those that are not open any more, and learns of those that are new.
void read_list(Participant& node, const OpenJobs& open) {
    std::erase_if(node.opinions, [&](const Opinion& opinion) { return !open.contains(opinion.job); });
    for (; node.jobs_seen < open.added(); ++node.jobs_seen)
        if (open.contains(node.jobs_seen)) node.opinions.push_back({node.jobs_seen});
}

bool stands(const Participant& node, const Opinion& opinion) {
    return opinion.stands_until_change == node.next_change;
}

/// Of more than a round has room for, the best by the list's word, as in a master.
void keep_best_by_list(std::vector<Opinion*>& due, const Participant& node, const OpenJobs& open) {
    std::map<JobId, Opinion*> by_id;
    std::vector<node::Prospect> prospects;
    for (Opinion* opinion : due) {
        const StreamedJob& listed = open.listed(opinion->job);
        const api_client::JobOffer offer{listed.id, listed.fee, listed.dataset_bytes, listed.deadline_unix_s,
                                         listed.requester};
        prospects.push_back(node::prospect_of(offer, node.view, node.setup.policy));
        by_id[listed.id] = opinion;
    }
    node::rank(prospects, node.setup.policy.priority, node.wallet);
    prospects.resize(node::Discovery::candidates_per_round_max);
    due.clear();
    for (const auto& prospect : prospects) due.push_back(by_id.at(prospect.id));
}

void put_off(Opinion& opinion, std::int64_t now_ms) {
    opinion.next_look_ms = now_ms + node::Discovery::second_look_after.count();
}

/// A node with an idle worker looks at every new JOB within this time: one that finds later that there is too little of
/// it left had no worker idle.
constexpr std::int64_t first_look_ms = 2 * node::Discovery::second_look_after.count();

void note_first(Opinion& opinion, const node::Refused& refused, std::int64_t age_ms) {
    if (opinion.has_refused) return;
    opinion.has_refused = true;
    if (refused.by != node::Ground::deadline || age_ms <= first_look_ms) opinion.first_refusal = refused.by;
}

void refuse(Participant& node, Opinion& opinion, const node::Refused& refused, std::int64_t now_ms) {
    put_off(opinion, now_ms);
    if (refused.lasting) opinion.next_look_ms = never_ms;
    opinion.stands_until_change = node::stands_for_these_workers(refused) ? node.next_change : 0;
}

}  // namespace

Participant::Participant(const MarketNode& node, const MarketRules& rules, std::size_t place)
    : setup(node), number(place) {
    if (rules.equals_are_spread) wallet = numbered<Address>(place);
    outcome.name = node.name;
    view.constants = rules.constants;
    view.gas_price = rules.gas_price;
    view.emt_free = chain::saturating_difference(node.emt, node.policy.reserve_emt);
    view.alt_free = chain::parse_coins("1000000").value();
    view.disk_free_bytes = std::uint64_t{1} << 50;
    for (const std::uint64_t capacity : node.workers)
        view.workers.push_back(worker_of(view.workers.size() + 1, capacity));
    view.workers_free = node.workers.size();
}

void Participant::keep(std::size_t job) {
    std::ranges::lower_bound(opinions, job, {}, &Opinion::job)->next_look_ms = never_ms;
}

void Participant::begin_work(std::size_t worker, const JobId& job) {
    view.workers[worker].job = job;
    ++next_change;
}

void Participant::end_work(std::size_t worker) {
    view.workers[worker].job.reset();
    ++view.workers_free;
    ++next_change;
}

void add_refusal(std::vector<std::optional<node::Ground>>& grounds, const Participant& node, std::size_t job) {
    const auto opinion = std::ranges::lower_bound(node.opinions, job, {}, &Opinion::job);
    const bool is_known = opinion != node.opinions.end() && opinion->job == job;
    if (is_known && opinion->has_refused) grounds.push_back(opinion->first_refusal);
}

Found look(Participant& node, const OpenJobs& open, const SlotBook& slots, std::int64_t now_ms) {
    read_list(node, open);
    Found found;
    std::vector<Opinion*> due;
    for (Opinion& opinion : node.opinions) {
        if (opinion.next_look_ms > now_ms) continue;
        if (!stands(node, opinion)) {
            due.push_back(&opinion);
            continue;
        }
        put_off(opinion, now_ms);
        found.any_refused = true;
    }
    if (due.empty()) return found;
    node.view.chain_now_unix_s = now_ms / second_ms;
    node.view.slots = slots.seen_by(node.number, now_ms / second_ms);
    found.any_left = due.size() > node::Discovery::candidates_per_round_max;
    if (found.any_left) keep_best_by_list(due, node, open);

    std::map<JobId, std::size_t> jobs;
    std::vector<node::Prospect> prospects;
    for (Opinion* opinion : due) {
        const auto verdict = node::select(open.candidate(opinion->job), node.view, node.setup.policy);
        if (const auto* refused = std::get_if<node::Refused>(&verdict)) {
            refuse(node, *opinion, *refused, now_ms);
            note_first(*opinion, *refused, now_ms - open.listed(opinion->job).requested_at_unix_s * second_ms);
            found.any_refused = found.any_refused || !refused->lasting;
            continue;
        }
        prospects.push_back(node::prospect_of(std::get<node::Chosen>(verdict)));
        jobs[prospects.back().id] = opinion->job;
    }
    node::rank(prospects, node.setup.policy.priority, node.wallet);
    for (const auto& prospect : prospects) found.best_first.push_back(jobs.at(prospect.id));
    return found;
}

}  // namespace emeth::simulation
