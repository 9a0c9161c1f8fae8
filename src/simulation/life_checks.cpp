#include "simulation/life_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/gas.hpp"
#include "node/market/selection.hpp"
#include "statemachine/amount_text.hpp"
#include "statemachine/text.hpp"

namespace emeth::simulation {
namespace {

namespace sm = statemachine;
using chain::JobStatus;

/// A JOB that had at least factor · (the slowest worker's time) + constant fault-free seconds must not cost a penalty.
constexpr std::int64_t fault_free_factor = 3, fault_free_s = 900;

bool is_penalty(JobStatus status) {
    return status == JobStatus::timeout || status == JobStatus::declined || status == JobStatus::failed;
}

}  // namespace

void LifeChecks::check_store(const storage::NodeStore& store) {
    const auto found = store.inspection().verify();
    if (found.has_error()) return violations_.add(found.error().message);
    for (const std::string& problem : found->problems) violations_.add("the store does not agree: " + problem);
}

void LifeChecks::count_clear_second() {
    for (const auto& [id, job] : chain_.latest().jobs) {
        const bool in_time = job.record.status == JobStatus::processing && job.assign.node == chain_.wallet &&
                             chain_.now_unix_s() <= job.record.deadline_unix_s;
        if (in_time && (workers_.serves(id) || workers_.any_is_free())) ++stories_.at(id).clear_s;
    }
}

/// Chain and store must agree on every JOB, and its history must be a permitted one.
void LifeChecks::check_ends(storage::JobStore& store, LifeReport& report) {
    for (const auto& [id, job] : chain_.latest().jobs) {
        const auto record = store.find(id);
        if (record.has_error()) return violations_.add(record.error().message);
        const auto status = job.record.status;
        const bool took_part = job.assign.node == chain_.wallet;
        if (took_part && !*record)
            violations_.add(id.hex() + ": a deposit is locked for a JOB that the store does not know");
        if (took_part && !may_deposit_)
            violations_.add(id.hex() + ": a deposit is locked although the clock is hours off");
        if (took_part && !stories_.at(id).can_be_trained)
            violations_.add(id.hex() + ": a deposit is locked for a JOB that nobody can train");
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
        if (took_part && agree) check_accounts(**record, status);
        if (chain_.effects("process", id) > 1 || chain_.effects("submit", id) > 1)
            violations_.add(id.hex() + ": two deposits or two submits");
        if (state == sm::State::verified) ++report.verified;
        if (state == sm::State::lost) ++report.lost;
        if (took_part && is_penalty(status)) {
            ++report.penalties;
            check_penalty(id, job);
        }
    }
}

void LifeChecks::check_accounts(const sm::Job& record, JobStatus status) {
    const auto logs = chain_.status_logs(record.terms.id, 0, chain_.head());
    const auto end = std::find_if(logs.rbegin(), logs.rend(), [&](const auto& log) { return log.status == status; });
    if (end == logs.rend()) return;
    const chain::Settlement settlement = chain_.settlement(end->transaction);
    const bool is_verified = status == JobStatus::verified;
    if (record.outcome.penalty != settlement.slashed.value_or(Wei{}) ||
        record.outcome.paid != (is_verified ? settlement.received : std::nullopt))
        violations_.add(fmt::format("{}: penalty {} and payment {} are on record, {} and {} are true",
                                    record.terms.id.hex(), emt_text(record.outcome.penalty),
                                    emt_text(record.outcome.paid), emt_text(settlement.slashed),
                                    emt_text(settlement.received)));
}

void LifeChecks::check_penalty(const JobId& id, const ChainJob& job) {
    const Story& story = stories_.at(id);
    const auto needed_s = workers_.slowest_s(chain::published_dataset_gas(story.bytes));
    const auto enough_s = fault_free_factor * needed_s + fault_free_s + workers_.idling_s();
    if (story.excused || story.clear_s <= enough_s) return;
    // Where each worker has its say, such a JOB is given back long before its deadline.
    const bool well_ended = job.record.status == JobStatus::declined || !workers_.all_are_well();
    if (story.is_futile && well_ended) return;
    violations_.add(fmt::format("{}: a penalty ({}) although {} s were free of faults and {} s are enough", id.hex(),
                                chain::name(job.record.status), story.clear_s, enough_s));
}

}  // namespace emeth::simulation
