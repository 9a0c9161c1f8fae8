#include "node/market/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "api_client/dataset_name.hpp"
#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/text.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {
namespace {

using chain::format_coins;
using chain::to_u256;
using chain::U256;
using SignedWei = boost::multiprecision::checked_cpp_int;  // sums of amounts, with a sign and without a bound

/// What the checks look at, together with the findings of earlier checks.
struct Draft {
    const Candidate& candidate;
    const NodeView& view;
    const SelectionPolicy& policy;
    Chosen chosen;
    std::int64_t finish_at_worst_s = 0;
};

Refused lasting(std::string reason) {
    return {std::move(reason), true};
}
Refused for_now(std::string reason) {
    return {std::move(reason), false};
}

std::optional<Refused> check_status(Draft& a) {
    const auto& record = a.candidate.record;
    if (!record.exist) return for_now("the contract does not know this JOB");
    if (record.status != chain::JobStatus::requested)
        return for_now(fmt::format("its status on chain is {}, not REQUESTED", chain::name(record.status)));
    return std::nullopt;
}

std::optional<Refused> check_program(Draft& a) {
    const auto program = a.candidate.details.program_id;
    if (a.policy.program_ids.contains(program)) return std::nullopt;
    return lasting(fmt::format("program {} is not one that this node runs (program_ids)", program));
}

std::optional<Refused> check_param(Draft& a) {
    auto spec = trainer_protocol::parse_job_param(a.candidate.id, a.candidate.details.param, a.policy.rules);
    if (spec.has_error()) return lasting(spec.error().message);
    a.chosen.spec = std::move(*spec);
    return std::nullopt;
}

std::optional<Refused> check_dataset(Draft& a) {
    const auto uploader = api_client::uploader_of(a.candidate.details.dataset);
    if (uploader && *uploader != a.candidate.record.owner)
        return lasting(
            fmt::format("its dataset was uploaded by {}, not by its requester, so nobody gets it from the "
                        "Storage API",
                        uploader->hex()));
    const auto bytes = a.candidate.dataset_bytes;
    if (bytes < dataset_bytes_min)
        return for_now(fmt::format("dataset of {} bytes is smaller than {}", bytes, dataset_bytes_min));
    if (bytes > a.policy.dataset_bytes_max)
        return lasting(fmt::format("dataset of {} bytes is larger than {} (dataset_bytes_max)", bytes,
                                   a.policy.dataset_bytes_max));
    return std::nullopt;
}

std::optional<Refused> check_fee(Draft& a) {
    const auto& fee = a.candidate.record.fee;
    const auto& policy = a.policy;
    if (fee < policy.min_fee)
        return lasting(
            fmt::format("fee {} EMT is below min_fee {} EMT", format_coins(fee), format_coins(policy.min_fee)));
    if (fee > policy.max_fee)
        return lasting(
            fmt::format("fee {} EMT is above max_fee {} EMT", format_coins(fee), format_coins(policy.max_fee)));
    const auto& verifier_fee = a.view.constants.verifier_fee;
    if (fee <= verifier_fee)
        return lasting(fmt::format("fee {} EMT does not exceed the verifier fee of {} EMT", format_coins(fee),
                                   format_coins(verifier_fee)));
    return std::nullopt;
}

SignedWei signed_wei(const Wei& wei) {
    return SignedWei(to_u256(wei));
}

SignedWei coin() {
    return SignedWei(1'000'000'000'000'000'000ULL);
}

/// fee − verifier fee − gas money − P(miss) · penalty − P(reject) · (penalty + verifier fee), EMT wei. The slot's share
/// is left out: it depends on what all other nodes do that day, so a JOB must pay without it.
SignedWei expected_value(const Draft& a) {
    const auto& constants = a.view.constants;
    const auto fee = signed_wei(a.candidate.record.fee);
    const auto verifier_fee = signed_wei(constants.verifier_fee);
    const auto timeout_penalty = signed_wei(chain::rate_of(a.chosen.deposit, constants.timeout_penalty_rate));
    const auto failed_penalty = signed_wei(chain::rate_of(a.chosen.deposit, constants.failed_penalty_rate));
    const SignedWei gas = signed_wei(chain::gas_money(a.view.gas_price, chain::chain_gas_per_job)) *
                          signed_wei(a.policy.emt_per_alt) / coin();
    const SignedWei misses = timeout_penalty * a.policy.miss_rate / chain::rate_denominator;
    const SignedWei rejects = (failed_penalty + verifier_fee) * a.policy.reject_rate / chain::rate_denominator;
    return fee - verifier_fee - gas - misses - rejects;
}

std::string signed_coins(const SignedWei& amount) {
    const std::string sign = amount < 0 ? "-" : "";
    const SignedWei magnitude = amount < 0 ? SignedWei(-amount) : amount;
    return sign + fmt::format("{:.4f}", magnitude.convert_to<double>() / 1e18);
}

/// A contract that keeps deposits makes every JOB a loss, whatever its rules say.
std::optional<Refused> check_payout(Draft& a) {
    a.chosen.deposit = chain::rate_of(a.candidate.record.fee, a.view.constants.deposit_rate);
    if (!a.view.short_payout) return std::nullopt;
    const Payout& seen = *a.view.short_payout;
    a.chosen.shortfall = expected_shortfall(seen, a.chosen.deposit);
    if (a.chosen.shortfall <= a.policy.shortfall_max) return std::nullopt;
    return for_now(
        fmt::format("the contract pays less than its rules say: {} was verified and brought {} EMT instead of {} EMT; "
                    "this one would lack {} EMT > {} EMT (shortfall_max)",
                    short_name(seen.job), format_coins(seen.paid), format_coins(seen.due),
                    format_coins(a.chosen.shortfall), format_coins(a.policy.shortfall_max)));
}

/// What the operator accepts to lack does not count here: such a JOB is taken for the slot's share.
std::optional<Refused> check_value(Draft& a) {
    const auto value = expected_value(a);
    if (value > 0) {
        a.chosen.expected_value = chain::to_wei(U256(value));  // less than the fee
        return std::nullopt;
    }
    return for_now(fmt::format(
        "its expected value is {} EMT: fee {} EMT, less verifier fee {} EMT, gas and the risk of penalties",
        signed_coins(value), format_coins(a.candidate.record.fee), format_coins(a.view.constants.verifier_fee)));
}

SignedWei paid_value(const Chosen& chosen) {
    return signed_wei(chosen.expected_value) - signed_wei(chosen.shortfall);
}

Workload workload_of(const Draft& a) {
    return {a.chosen.spec.model, a.chosen.spec.epochs, a.candidate.dataset_bytes, a.candidate.gas,
            a.policy.rules.draws};
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
        a.chosen.finish_estimate_s = *slowest_idle_estimate_s(work, a.view.workers);
        a.finish_at_worst_s = *slowest_idle_estimate_at_worst_s(work, a.view.workers);
        return std::nullopt;
    }
    if (connected == 0) return for_now("no worker is connected");
    if (unable.size() < connected) return for_now(fmt::format("none of the {} connected workers is free", connected));
    return for_now(fmt::format("none of the {} connected workers is fit for it: {}: {}", connected,
                               unable.front().first.hex(), one_line(unable.front().second)));
}

std::optional<Refused> check_deadline(Draft& a) {
    const std::int64_t estimate = a.chosen.finish_estimate_s;
    const std::int64_t left = a.candidate.record.deadline_unix_s - a.view.chain_now_unix_s;
    if (left <= 0) return lasting(fmt::format("its deadline passed {} ago", duration_text(-left)));
    if (estimate + a.policy.deadline_margin_s >= left)
        return for_now(fmt::format("finish estimate {} + margin {} > {} left", duration_text(estimate),
                                   duration_text(a.policy.deadline_margin_s), duration_text(left)));
    if (a.finish_at_worst_s < left) return std::nullopt;
    return for_now(
        fmt::format("it takes {} if each byte of its dataset is a token, which nobody knows before the "
                    "deposit, and {} are left",
                    duration_text(a.finish_at_worst_s), duration_text(left)));
}

std::optional<Refused> check_deposit(Draft& a) {
    if (a.view.emt_free >= a.chosen.deposit) return std::nullopt;
    return for_now(
        fmt::format("deposit {} EMT > {} EMT at hand", format_coins(a.chosen.deposit), format_coins(a.view.emt_free)));
}

std::optional<Refused> check_gas_money(Draft& a) {
    const auto needed = chain::gas_money(a.view.gas_price, chain::chain_gas_per_job);
    if (a.view.alt_free >= needed) return std::nullopt;
    return for_now(
        fmt::format("gas money {} ALT > {} ALT at hand", format_coins(needed), format_coins(a.view.alt_free)));
}

std::optional<Refused> check_disk(Draft& a) {
    // All factors are bounded by settings and presets, far below 2^64.
    const trainer_protocol::JobSpec& spec = a.chosen.spec;
    const std::uint64_t dataset = a.candidate.dataset_bytes;
    auto needed = a.policy.disk_reserve_bytes + dataset * a.policy.disk_bytes_per_dataset_byte;
    if (a.policy.disk_bytes_per_dataset_byte > 0)
        needed += trainer_protocol::room_needed(spec.model, spec.epochs, dataset, a.policy.rules.draws).states_bytes;
    if (a.view.disk_free_bytes >= needed) return std::nullopt;
    return for_now(fmt::format("needs {} MiB of disk, {} MiB are free", needed >> 20, a.view.disk_free_bytes >> 20));
}

/// Ordered from what makes the JOB permanently unfit to what is only missing at the moment.
constexpr std::array checks{check_status, check_program, check_param,    check_dataset, check_fee,       check_payout,
                            check_value,  check_worker,  check_deadline, check_deposit, check_gas_money, check_disk};

statemachine::Terms terms_of(const Candidate& candidate) {
    return {candidate.id,
            candidate.record.owner,
            candidate.details.program_id,
            candidate.details.dataset,
            candidate.details.param,
            candidate.record.fee,
            candidate.dataset_bytes,
            candidate.record.requested_at_unix_s,
            candidate.record.deadline_unix_s};
}

}  // namespace

Assessment select(const Candidate& candidate, const NodeView& view, const SelectionPolicy& policy) {
    Draft assessment{candidate, view, policy, {}, 0};
    for (const auto check : checks)
        if (auto refused = check(assessment)) return *std::move(refused);
    assessment.chosen.terms = terms_of(candidate);
    return std::move(assessment.chosen);
}

Prospect prospect_of(const Chosen& chosen) {
    const SignedWei value = paid_value(chosen);
    return {chosen.terms.id,
            chosen.terms.fee,
            chosen.terms.dataset_bytes,
            chosen.terms.deadline_unix_s,
            chosen.finish_estimate_s,
            value > 0 ? chain::to_wei(U256(value)) : Wei{}};
}

void reserve(NodeView& view, const Chosen& chosen) {
    --view.workers_free;
    view.emt_free = chain::to_wei(to_u256(view.emt_free) - to_u256(chosen.deposit));
    const auto gas = chain::gas_money(view.gas_price, chain::chain_gas_per_job);
    view.alt_free = chain::to_wei(to_u256(view.alt_free) - to_u256(gas));
}

std::string value_text(const Chosen& chosen) {
    return signed_coins(paid_value(chosen));
}

}  // namespace emeth::node
