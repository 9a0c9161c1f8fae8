#include "node/market/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "api_client/dataset_name.hpp"
#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "node/market/team_speed.hpp"
#include "runtime/ip_address.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/text.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {
namespace {

using chain::format_coins;
using chain::to_u256;

/// What the checks look at, together with the findings of earlier checks.
struct Draft {
    const Candidate& candidate;
    const NodeView& view;
    const SelectionPolicy& policy;
    Chosen chosen{};
    std::int64_t finish_at_worst_s = 0;
    Draw draw{};                 ///< of the worker that the finish estimate is made for
    std::uint32_t team_max = 1;  ///< workers that could train it together
    std::uint32_t team = 1;
    Wei shortfall{};  ///< what the contract will keep of what the rules promise, EMT wei
};

std::optional<Refused> check_status(Draft& a) {
    const auto& record = a.candidate.record;
    if (!record.exist) return refused_for_now("the contract does not know this JOB");
    if (record.status != chain::JobStatus::requested)
        return refused_for_now(fmt::format("its status on chain is {}, not REQUESTED", chain::name(record.status)));
    return std::nullopt;
}

std::optional<Refused> check_filters(Draft& a) {
    if (auto refused = refuse_program(a.policy, a.candidate.details.program_id)) return refused;
    return refuse_requester(a.policy, a.candidate.record.owner);
}

std::optional<Refused> check_param(Draft& a) {
    auto spec = trainer_protocol::parse_job_param(a.candidate.id, a.candidate.details.param, a.policy.rules);
    if (spec.has_error()) return refused_for_good(spec.error().message);
    a.chosen.spec = std::move(*spec);
    return std::nullopt;
}

std::optional<Refused> check_spec(Draft& a) {
    return refuse_spec(a.policy, a.chosen.spec);
}

std::optional<Refused> check_dataset(Draft& a) {
    const auto uploader = api_client::uploader_of(a.candidate.details.dataset);
    if (uploader && *uploader != a.candidate.record.owner)
        return refused_for_good(
            fmt::format("its dataset was uploaded by {}, not by its requester, so nobody gets it from the "
                        "Storage API",
                        uploader->hex()));
    return refuse_size(a.policy, a.candidate.dataset_bytes);
}

std::optional<Refused> check_fee(Draft& a) {
    const auto& fee = a.candidate.record.fee;
    if (auto refused = refuse_fee(a.policy, fee)) return refused;
    const auto& verifier_fee = a.view.constants.verifier_fee;
    if (fee <= verifier_fee)
        return refused_for_good(fmt::format("fee {} EMT does not exceed the verifier fee of {} EMT", format_coins(fee),
                                            format_coins(verifier_fee)));
    return std::nullopt;
}

std::optional<Refused> check_hour(Draft& a) {
    return refuse_hour(a.policy, a.view.chain_now_unix_s);
}

/// A contract that keeps deposits makes every JOB a loss, whatever its rules say.
std::optional<Refused> check_payout(Draft& a) {
    a.chosen.deposit = chain::rate_of(a.candidate.record.fee, a.view.constants.deposit_rate);
    if (!a.view.short_payout) return std::nullopt;
    const Payout& seen = *a.view.short_payout;
    a.shortfall = expected_shortfall(seen, a.chosen.deposit);
    if (a.shortfall <= a.policy.shortfall_max) return std::nullopt;
    return refused_for_now(
        fmt::format("the contract pays less than its rules say: {} was verified and brought {} EMT instead of {} EMT; "
                    "this one would lack {} EMT > {} EMT (shortfall_max)",
                    short_name(seen.job), format_coins(seen.paid), format_coins(seen.due), format_coins(a.shortfall),
                    format_coins(a.policy.shortfall_max)));
}

Workload workload_of(const Draft& a) {
    return {a.chosen.spec.model, a.chosen.spec.epochs, a.candidate.dataset_bytes, a.candidate.gas,
            a.policy.rules.draws};
}

/// The operator's word counts for all workers: only he knows what their machines draw anyway, and which share one.
Draw draw_of(const WorkerInfo& worker, std::uint64_t watts_set) {
    if (watts_set > 0) return {watts_set, DrawSource::set};
    const auto measured = worker.fitness ? worker.fitness->watts : std::nullopt;
    return measured ? Draw{*measured, DrawSource::measured} : Draw{};
}

std::int64_t left_s(const Draft& a) {
    return a.candidate.record.deadline_unix_s - a.view.chain_now_unix_s;
}

void estimate(Draft& a, const Workload& work, std::uint32_t team) {
    a.team = team;
    const SlowestWorker slowest = *slowest_idle_worker(work, a.view.workers, team);
    a.chosen.finish_estimate_s = slowest.estimate_s;
    a.draw = draw_of(*slowest.worker, a.policy.watts);
    a.finish_at_worst_s = *slowest_idle_estimate_at_worst_s(work, a.view.workers, team);
}

bool is_in_time(const Draft& a) {
    return a.chosen.finish_estimate_s + a.policy.deadline_margin_s < left_s(a) && a.finish_at_worst_s < left_s(a);
}

/// Nobody has seen yet whether their trainers reach one another. Any of them may lead, and any of them help, so all
/// must say that the others reach them, or be on the master's own machine: behind one address there may be two
/// machines.
bool can_all_meet(const std::vector<WorkerInfo>& workers) {
    const auto is_reached = [](const WorkerInfo& worker) { return !is_loopback(worker.cooperative_host); };
    const auto is_here = [](const WorkerInfo& worker) { return is_loopback(worker.peer); };
    return std::ranges::all_of(workers,
                               [&](const WorkerInfo& worker) { return !is_idle(worker) || is_reached(worker); }) ||
           std::ranges::all_of(workers, [&](const WorkerInfo& worker) { return !is_idle(worker) || is_here(worker); });
}

/// The smallest team that is in time; one worker if none is.
void choose_team(Draft& a, const Workload& work, std::size_t able_and_free) {
    const bool may_be_several = a.policy.cooperative && can_all_meet(a.view.workers);
    const std::size_t workers = std::min<std::size_t>({team_workers_max, a.view.workers_free, able_and_free});
    a.team_max = may_be_several ? static_cast<std::uint32_t>(workers) : 1;
    estimate(a, work, 1);
    if (a.team_max == 1 || is_in_time(a)) return;
    estimate(a, work, a.team_max);
    if (!is_in_time(a)) return estimate(a, work, 1);  // a larger team is never slower
    for (std::uint32_t team = 2; team <= a.team_max; ++team) {
        estimate(a, work, team);
        if (is_in_time(a)) return;
    }
}

/// "none of the 2 connected workers is free" or, where they are unfit for the JOB, why the first of them is.
std::optional<Refused> check_worker(Draft& a) {
    const Workload work = workload_of(a);
    std::size_t connected = 0, idle = 0, able_and_idle = 0;
    std::vector<std::pair<Address, std::string>> unable;
    for (const WorkerInfo& worker : a.view.workers) {
        if (!worker.connected) continue;
        ++connected;
        if (is_idle(worker)) ++idle;
        if (auto reason = why_unable(worker, work))
            unable.emplace_back(worker.address, *std::move(reason));
        else if (is_idle(worker))
            ++able_and_idle;
    }
    // JOBs wait for idle workers already: as likely for these as for others.
    const std::size_t claimed = idle - std::min(idle, a.view.workers_free);
    if (a.view.workers_free > 0 && able_and_idle > claimed) {
        choose_team(a, work, able_and_idle - claimed);
        return std::nullopt;
    }
    if (connected == 0) return refused_for_now("no worker is connected");
    if (unable.size() < connected)
        return refused_for_now(fmt::format("none of the {} connected workers is free", connected));
    return refused_for_now(fmt::format("none of the {} connected workers is fit for it: {}: {}", connected,
                                       unable.front().first.hex(), one_line(unable.front().second)));
}

/// For a JOB that one worker finishes too late.
std::string estimate_of_team_text(const Draft& a) {
    if (a.team_max == 1) return "";
    const auto together_s = *slowest_idle_estimate_s(workload_of(a), a.view.workers, a.team_max);
    return fmt::format(" ({}{})", duration_text(together_s), team_text(a.team_max));
}

std::optional<Refused> check_deadline(Draft& a) {
    const std::int64_t estimate = a.chosen.finish_estimate_s;
    const std::int64_t left = left_s(a);
    if (left <= 0) return refused_for_good(fmt::format("its deadline passed {} ago", duration_text(-left)));
    if (estimate + a.policy.deadline_margin_s >= left)
        return refused_for_now(fmt::format("finish estimate {}{} + margin {} > {} left", duration_text(estimate),
                                           estimate_of_team_text(a), duration_text(a.policy.deadline_margin_s),
                                           duration_text(left)));
    if (a.finish_at_worst_s < left) return std::nullopt;
    return refused_for_now(
        fmt::format("it takes {} if each byte of its dataset is a token, which nobody knows before the "
                    "deposit, and {} are left",
                    duration_text(a.finish_at_worst_s), duration_text(left)));
}

std::optional<DayOfGas> day_of_verdict(const Draft& a) {
    if (!a.view.slots) return std::nullopt;
    return expected_day(*a.view.slots, a.view.chain_now_unix_s, a.view.chain_now_unix_s + a.chosen.finish_estimate_s);
}

ValueBasis value_basis(const Draft& a) {
    return {.fee = a.candidate.record.fee,
            .deposit = a.chosen.deposit,
            .gas = a.candidate.gas,
            .constants = a.view.constants,
            .day = day_of_verdict(a),
            .chain_gas_money = chain::gas_money(a.view.gas_price, chain::chain_gas_per_job),
            .emt_per_alt = a.policy.emt_per_alt,
            .draw = {a.draw.watts * a.team, a.draw.source},
            .trains_s = static_cast<std::uint64_t>(a.chosen.finish_estimate_s),
            .emt_per_kwh = a.policy.emt_per_kwh,
            .missed = chance_to_miss(a.view.track, a.view.chain_now_unix_s, a.chosen.finish_estimate_s, left_s(a),
                                     a.policy.miss_rate),
            .rejected = chance_of_rejection(a.view.track, a.view.chain_now_unix_s, a.policy.reject_rate),
            .kept = a.shortfall};
}

/// A JOB must pay by the rules: what its contract keeps of that, the operator has accepted (shortfall_max).
std::optional<Refused> check_value(Draft& a) {
    ValueBasis basis = value_basis(a);
    basis.kept = Wei{};
    const ExpectedValue by_the_rules = expected_value(basis);
    if (!by_the_rules.is_gain())
        return refused_for_now(
            fmt::format("its expected value is {} EMT: {}", value_text(by_the_rules), terms_text(by_the_rules)));
    basis.kept = a.shortfall;
    a.chosen.value = a.shortfall.is_zero() ? by_the_rules : expected_value(basis);
    return std::nullopt;
}

std::optional<Refused> check_allowance(Draft& a) {
    const std::optional<Wei>& cap = a.policy.allowance_cap;
    if (!cap || a.chosen.deposit <= *cap) return std::nullopt;
    return refused_for_good(
        fmt::format("deposit {} EMT > allowance cap {} EMT", format_coins(a.chosen.deposit), format_coins(*cap)));
}

std::optional<Refused> check_deposit(Draft& a) {
    if (a.view.emt_free >= a.chosen.deposit) return std::nullopt;
    return refused_for_now(fmt::format("deposit {} EMT > {} EMT at hand{}", format_coins(a.chosen.deposit),
                                       format_coins(a.view.emt_free),
                                       reserve_text("reserve_emt", a.policy.reserve_emt, "EMT")));
}

std::optional<Refused> check_gas_money(Draft& a) {
    const auto needed = chain::gas_money(a.view.gas_price, chain::chain_gas_per_job);
    if (a.view.alt_free >= needed) return std::nullopt;
    return refused_for_now(fmt::format("gas money {} ALT > {} ALT at hand{}", format_coins(needed),
                                       format_coins(a.view.alt_free),
                                       reserve_text("reserve_alt", a.policy.reserve_alt, "ALT")));
}

std::optional<Refused> check_disk(Draft& a) {
    // All factors are bounded by settings and presets, far below 2^64.
    const trainer_protocol::JobSpec& spec = a.chosen.spec;
    const std::uint64_t dataset = a.candidate.dataset_bytes;
    auto needed = a.policy.disk_reserve_bytes + dataset * a.policy.disk_bytes_per_dataset_byte;
    if (a.policy.disk_bytes_per_dataset_byte > 0)
        needed += trainer_protocol::room_needed(spec.model, spec.epochs, dataset, a.policy.rules.draws).states_bytes;
    if (a.view.disk_free_bytes >= needed) return std::nullopt;
    return refused_for_now(
        fmt::format("needs {} MiB of disk, {} MiB are free", needed >> 20, a.view.disk_free_bytes >> 20));
}

struct Step {
    Ground ground;
    std::optional<Refused> (*refuse)(Draft& draft);
};

/// Ordered from what makes the JOB permanently unfit to what is only missing at the moment.
constexpr std::array steps{Step{Ground::status, check_status},
                           Step{Ground::filters, check_filters},
                           Step{Ground::param, check_param},
                           Step{Ground::spec, check_spec},
                           Step{Ground::dataset, check_dataset},
                           Step{Ground::fee, check_fee},
                           Step{Ground::hour, check_hour},
                           Step{Ground::payout, check_payout},
                           Step{Ground::allowance, check_allowance},
                           Step{Ground::worker, check_worker},
                           Step{Ground::deadline, check_deadline},
                           Step{Ground::value, check_value},
                           Step{Ground::deposit, check_deposit},
                           Step{Ground::gas_money, check_gas_money},
                           Step{Ground::disk, check_disk}};

statemachine::Terms terms_of(const Candidate& candidate, std::uint32_t team) {
    return {candidate.id,
            candidate.record.owner,
            candidate.details.program_id,
            candidate.details.dataset,
            candidate.details.param,
            candidate.record.fee,
            candidate.dataset_bytes,
            candidate.record.requested_at_unix_s,
            candidate.record.deadline_unix_s,
            team};
}

}  // namespace

std::string reserve_text(std::string_view key, const Wei& reserve, std::string_view coin) {
    return reserve.is_zero() ? "" : fmt::format(" ({} keeps {} {})", key, format_coins(reserve), coin);
}

std::string team_text(std::uint32_t workers) {
    return workers > 1 ? fmt::format(" by a team of {}", workers) : "";
}

Assessment select(const Candidate& candidate, const NodeView& view, const SelectionPolicy& policy) {
    Draft assessment{.candidate = candidate, .view = view, .policy = policy};
    for (const Step& step : steps) {
        auto refused = step.refuse(assessment);
        if (!refused) continue;
        refused->by = step.ground;
        return *std::move(refused);
    }
    assessment.chosen.terms = terms_of(candidate, assessment.team);
    assessment.chosen.is_preferred = policy.requesters_preferred.contains(candidate.record.owner);
    return std::move(assessment.chosen);
}

std::optional<ValueBasis> value_basis_of(const Candidate& candidate, const NodeView& view,
                                         const SelectionPolicy& policy) {
    Draft assessment{.candidate = candidate, .view = view, .policy = policy};
    if (check_param(assessment)) return std::nullopt;
    check_payout(assessment);
    if (check_worker(assessment)) return std::nullopt;
    return value_basis(assessment);
}

Prospect prospect_of(const Chosen& chosen) {
    return {chosen.terms.id,
            chosen.terms.fee,
            chosen.terms.dataset_bytes,
            chosen.terms.deadline_unix_s,
            chosen.finish_estimate_s * chosen.terms.team,
            chosen.value.is_loss ? Wei{} : chosen.value.amount,
            chosen.is_preferred};
}

Prospect prospect_of(const api_client::JobOffer& offer, const NodeView& view, const SelectionPolicy& policy) {
    const bool is_preferred = offer.owner && policy.requesters_preferred.contains(*offer.owner);
    Prospect prospect{offer.id, offer.fee, offer.dataset_bytes, offer.deadline_unix_s, 0, {}, is_preferred};
    if (!needs_estimates(policy.priority)) return prospect;
    Candidate candidate;
    candidate.id = offer.id;
    candidate.record.fee = offer.fee;
    candidate.record.deadline_unix_s = offer.deadline_unix_s;
    candidate.dataset_bytes = offer.dataset_bytes;
    candidate.gas = chain::published_dataset_gas(offer.dataset_bytes);
    Draft draft{.candidate = candidate, .view = view, .policy = policy};
    draft.chosen.spec.model = policy.rules.default_model;
    draft.chosen.spec.epochs = policy.rules.epochs_min;
    check_payout(draft);
    if (check_worker(draft)) return prospect;
    prospect.worker_s = draft.chosen.finish_estimate_s * draft.team;
    const ExpectedValue value = expected_value(value_basis(draft));
    if (value.is_gain()) prospect.expected_value = value.amount;
    return prospect;
}

void reserve(NodeView& view, const Chosen& chosen) {
    view.workers_free -= std::min<std::size_t>(view.workers_free, chosen.terms.team);
    view.emt_free = chain::to_wei(to_u256(view.emt_free) - to_u256(chosen.deposit));
    const auto gas = chain::gas_money(view.gas_price, chain::chain_gas_per_job);
    view.alt_free = chain::to_wei(to_u256(view.alt_free) - to_u256(gas));
}

}  // namespace emeth::node
