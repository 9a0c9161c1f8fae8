#include "node/market/prospector.hpp"

#include <fmt/format.h>

#include <utility>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::node {
namespace {

std::vector<JobId> ids_by(std::vector<Prospect> prospects, const PriorityList& list, const Address& wallet) {
    rank(prospects, list, wallet);
    std::vector<JobId> ids;
    for (const auto& prospect : prospects) ids.push_back(prospect.id);
    return ids;
}

}  // namespace

Prospector::Prospector(Ports ports, Options options)
    : ports_(std::move(ports)),
      options_(std::move(options)),
      chain_clock_(ports_.chain, ports_.clock),
      slots_(ports_.chain, ports_.clock, options_.wallet) {}

std::vector<JobId> Prospector::ranked(const std::vector<api_client::JobOffer>& offers, const NodeView& view) const {
    std::vector<Prospect> prospects;
    prospects.reserve(offers.size());
    for (const auto& offer : offers) prospects.push_back(prospect_of(offer, view, options_.policy));
    return ids_by(std::move(prospects), options_.policy.priority, options_.wallet);
}

std::vector<JobId> Prospector::ranked(const std::vector<Chosen>& chosen) const {
    std::vector<Prospect> prospects;
    for (const auto& job : chosen) prospects.push_back(prospect_of(job));
    return ids_by(std::move(prospects), options_.policy.priority, options_.wallet);
}

Task<Result<Candidate>> Prospector::candidate(JobId id) {
    Candidate candidate;
    candidate.id = id;
    const Result<chain::JobRecord> record = co_await ports_.chain.job(id);
    if (record.has_error()) co_return record.error();
    candidate.record = *record;
    // Selection refuses it by its status, so no more needs to be read.
    if (!record->exist || record->status != chain::JobStatus::requested) co_return candidate;
    Result<chain::JobDetails> details = co_await ports_.chain.job_details(id);
    if (details.has_error()) co_return details.error();
    candidate.details = std::move(*details);
    const Result<std::uint64_t> bytes = co_await ports_.artifacts.dataset_bytes(candidate.details.dataset);
    if (bytes.has_error()) co_return bytes.error();
    candidate.dataset_bytes = *bytes;
    const Result<std::uint64_t> gas = co_await chain::dataset_gas(ports_.chain, *bytes);
    if (gas.has_error()) co_return gas.error();
    candidate.gas = *gas;
    co_return candidate;
}

std::vector<std::string> Prospector::standstill(const NodeView& view) const {
    std::vector<std::string> reasons;
    for (auto lack : {lack_of_workers(view.workers), lack_of_emt(view, options_.policy, options_.wallet),
                      lack_of_alt(view, options_.wallet)})
        if (lack) reasons.push_back(*std::move(lack));
    return reasons;
}

std::size_t Prospector::free_workers(std::optional<JobId> except) const {
    const auto idle = ports_.workers.idle_workers();
    const auto waiting = ports_.commitments(except).workers;
    return idle > waiting ? idle - waiting : 0;
}

Task<Result<NodeView>> Prospector::view(std::optional<JobId> except) {
    NodeView view;
    const Result<std::int64_t> now = co_await chain_clock_.now_unix_s();
    if (now.has_error()) co_return now.error();
    const Result<Wei> emt = co_await ports_.chain.emt_balance(options_.wallet);
    if (emt.has_error()) co_return emt.error();
    const Result<Wei> alt = co_await ports_.chain.alt_balance(options_.wallet);
    if (alt.has_error()) co_return alt.error();
    const Result<chain::Fees> fees = co_await ports_.chain.fees();
    if (fees.has_error()) co_return fees.error();
    const Result<std::optional<Payout>> short_payout = co_await ports_.payouts.worst();
    if (short_payout.has_error()) co_return short_payout.error();
    auto measure = [this] { return free_bytes(options_.data); };
    const Result<std::uint64_t> disk = co_await ports_.pool.run(std::move(measure));
    if (disk.has_error()) co_return disk.error();

    std::optional<SlotsSeen> slots = co_await slots_.look();

    // From here on nothing is awaited: what is at hand must be of one moment.
    view.slots = std::move(slots);
    view.chain_now_unix_s = *now;
    view.workers = ports_.workers.workers();
    view.workers_free = free_workers(except);
    const Commitments committed = ports_.commitments(except);
    const SelectionPolicy& policy = options_.policy;
    view.emt_free = chain::saturating_difference(*emt, chain::saturating_sum(committed.deposits, policy.reserve_emt));
    view.gas_price = fees->max_fee_per_gas;
    const Wei gas = chain::gas_money(view.gas_price, committed.chain_gas);
    view.alt_free = chain::saturating_difference(*alt, chain::saturating_sum(gas, policy.reserve_alt));
    view.disk_free_bytes = *disk;
    view.constants = options_.constants;
    view.short_payout = *short_payout;
    view.track = ports_.track.record();
    co_return view;
}

Task<Result<Assessment>> Prospector::assess_again(statemachine::Terms terms, chain::JobRecord record) {
    const Result<std::uint64_t> gas = co_await chain::dataset_gas(ports_.chain, terms.dataset_bytes);
    if (gas.has_error()) co_return gas.error();
    const Candidate candidate{
        terms.id, record, {terms.program_id, terms.param, terms.dataset, ""}, terms.dataset_bytes, *gas};
    const Result<NodeView> now = co_await view(terms.id);
    if (now.has_error()) co_return now.error();
    Assessment verdict = judge(candidate, *now);
    const auto* chosen = std::get_if<Chosen>(&verdict);
    if (chosen != nullptr && chosen->terms.team > terms.team)
        co_return refused_for_now(fmt::format("it was chosen to be trained{} and is in time only{} now",
                                              terms.team > 1 ? team_text(terms.team) : " by one worker",
                                              team_text(chosen->terms.team)));
    co_return verdict;
}

}  // namespace emeth::node
