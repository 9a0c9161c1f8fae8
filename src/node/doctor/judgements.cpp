#include "node/doctor/judgements.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "chain/amount.hpp"
#include "crypto/private_key.hpp"
#include "node/core/wallet_use.hpp"
#include "node/market/standstill.hpp"
#include "runtime/utc_text.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

// Of Round 3.
constexpr std::uint64_t deposit_rate = 100'000, penalty_rate = 25'000, verifier_fee_emt = 10;

constexpr std::int64_t head_age_max_s = 600;
/// Until a master has read a closed slot twice, 10 and 70 minutes after its end at the latest, and withdrawn it.
constexpr std::int64_t withdrawal_takes_s = 80 * 60;

std::string percent(std::uint64_t rate) {
    constexpr double per_percent = static_cast<double>(chain::rate_denominator) / 100;
    return fmt::format("{:g}%", static_cast<double>(rate) / per_percent);
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : std::string(between)) + part;
    return text;
}

/// "timeout penalty 50% (Round 3: 25%)", for each that differs.
std::vector<std::string> differences(const chain::Constants& constants) {
    const struct {
        const char* name;
        std::uint64_t found, expected;
    } rates[] = {{"deposit", constants.deposit_rate, deposit_rate},
                 {"timeout penalty", constants.timeout_penalty_rate, penalty_rate},
                 {"decline penalty", constants.decline_penalty_rate, penalty_rate},
                 {"penalty for a failed check", constants.failed_penalty_rate, penalty_rate}};
    std::vector<std::string> differing;
    for (const auto& rate : rates)
        if (rate.found != rate.expected)
            differing.push_back(
                fmt::format("{} {} (Round 3: {})", rate.name, percent(rate.found), percent(rate.expected)));
    if (const std::string fee = chain::format_coins(constants.verifier_fee); fee != std::to_string(verifier_fee_emt))
        differing.push_back(fmt::format("verifier's fee {} EMT (Round 3: {} EMT)", fee, verifier_fee_emt));
    return differing;
}

std::string hex_of(const Address& address) {
    return crypto::checksum_address(address);
}

/// With JOBs under way the money is where it should be, and comes back.
Finding judge_money(std::string name, const std::optional<std::string>& lack, std::string enough,
                    bool deposits_are_locked) {
    if (!lack) return {std::move(name), Verdict::ok, std::move(enough)};
    return {std::move(name), deposits_are_locked ? Verdict::warning : Verdict::problem, *lack};
}

}  // namespace

Finding judge_contract(const chain::Constants& constants) {
    const std::string contracts = fmt::format("EmethCore {}, EMT {}", hex_of(constants.core), hex_of(constants.token));
    if (constants.verifier == Address{})
        return {"contract", Verdict::problem, contracts + ": it has no verifier, so that nothing is ever verified",
                "check emethContractAddress"};
    const std::vector<std::string> differing = differences(constants);
    if (!differing.empty())
        return {"contract", Verdict::warning, fmt::format("{}: {}", contracts, joined(differing, "; ")),
                "make sure that it is the contract that you mean; the node counts with what it says"};
    return {"contract", Verdict::ok,
            fmt::format("{}, verifier {}; rates of Round 3: penalties {}, verifier's fee {} EMT", contracts,
                        hex_of(constants.verifier), percent(penalty_rate), verifier_fee_emt)};
}

Finding judge_head(const chain::Block& head, std::int64_t now_unix_ms, Milliseconds latency) {
    const std::int64_t age_s = now_unix_ms / 1'000 - head.timestamp_unix_s;
    if (age_s > head_age_max_s)
        return {"block", Verdict::warning,
                fmt::format("the newest, {}, is {} old by this machine's clock", head.number, duration_text(age_s)),
                "see whether the chain stands still, the endpoint lags behind it, or the clock is off"};
    return {"block", Verdict::ok,
            fmt::format("{}, {} old; the endpoint answers in {} ms", head.number,
                        duration_text(std::max<std::int64_t>(0, age_s)), latency.count())};
}

Finding judge_emt(const NodeView& view, const SelectionPolicy& policy, const Address& wallet,
                  bool deposits_are_locked) {
    return judge_money(
        "EMT", lack_of_emt(view, policy, wallet),
        fmt::format("{} EMT for deposits; the smallest (of min_fee) is {} EMT", chain::format_coins(view.emt_free),
                    chain::format_coins(chain::rate_of(policy.min_fee, view.constants.deposit_rate))),
        deposits_are_locked);
}

Finding judge_alt(const NodeView& view, const Address& wallet, bool deposits_are_locked) {
    return judge_money("ALT", lack_of_alt(view, wallet),
                       fmt::format("{} ALT for gas", chain::format_coins(view.alt_free)), deposits_are_locked);
}

Finding judge_allowance(const Wei& allowance, const SelectionPolicy& policy, std::uint64_t deposit_rate) {
    const std::string now = chain::format_coins(allowance) + " EMT for EmethCore";
    if (!policy.allowance_cap) return {"allowance", Verdict::ok, now + "; each deposit sets its own"};
    const std::string cap = chain::format_coins(*policy.allowance_cap);
    const Wei smallest = chain::rate_of(policy.min_fee, deposit_rate);
    if (smallest <= *policy.allowance_cap)
        return {"allowance", Verdict::ok,
                fmt::format("{}; a deposit sets it to {} EMT again when it is used up or above that", now, cap)};
    return {"allowance", Verdict::problem,
            fmt::format("its cap of {} EMT is below the smallest deposit (of min_fee), {} EMT: no JOB is taken", cap,
                        chain::format_coins(smallest)),
            "raise allowance, or set it to exact"};
}

Finding judge_wallet_use(const Address& wallet, std::uint64_t transaction_count,
                         std::optional<std::uint64_t> last_nonce) {
    if (const auto warning = foreign_transactions(wallet, transaction_count, last_nonce))
        return {"wallet use", Verdict::warning, *warning};
    return {"wallet use", Verdict::ok,
            transaction_count == 0
                ? "no transactions yet"
                : fmt::format("{} transactions, all of them signed by this node", transaction_count)};
}

Finding judge_payouts(const std::vector<chain::Slot>& closed, std::int64_t chain_now_unix_s) {
    std::vector<std::string> waiting;
    for (const chain::Slot& slot : closed) {
        const std::int64_t closed_at_unix_s = static_cast<std::int64_t>(slot.number + 1) * chain::slot_seconds;
        if (!slot.own_balance.is_zero() && chain_now_unix_s - closed_at_unix_s > withdrawal_takes_s)
            waiting.push_back(utc_date(static_cast<std::int64_t>(slot.number) * chain::slot_seconds * 1'000));
    }
    if (waiting.empty())
        return {"payouts", Verdict::ok,
                closed.empty() ? "no day of this contract is over yet"
                               : fmt::format("no reward of the last {} days waits to be withdrawn", closed.size())};
    return {"payouts", Verdict::warning, fmt::format("the rewards of {} wait to be withdrawn", joined(waiting, ", ")),
            "emeth withdraw; a running master does it by itself, unless its log says why not"};
}

Finding judge_clock(const api_client::ClockOffset::Verdict& verdict, std::int64_t correction_ms, bool measured) {
    if (!measured) return {"clock", Verdict::warning, "not compared with any other: the Storage API did not answer"};
    if (!verdict.sentence.empty())
        return {"clock", verdict.may_deposit ? Verdict::warning : Verdict::problem, verdict.sentence};
    const double off_s = static_cast<double>(correction_ms) / 1'000;
    if (correction_ms != 0)
        return {"clock", Verdict::ok,
                fmt::format("{:.1f} s off the Storage API's, which is corrected in what is signed", off_s)};
    return {"clock", Verdict::ok, "right within a second, by the Storage API's"};
}

Finding judge_extensions(const api_client::StorageExtensions& offered) {
    std::vector<std::string> has, lacks;
    (offered.upload_state ? has : lacks).emplace_back("digests of uploads");
    (offered.evidence ? has : lacks).emplace_back("reading results and evidence");
    (offered.verdict_reason ? has : lacks).emplace_back("reasons of rejections");
    if (lacks.empty()) return {"extensions", Verdict::ok, "the Storage API offers " + joined(has, ", ")};
    return {"extensions", Verdict::warning,
            fmt::format("the Storage API does not offer {}{}", joined(lacks, ", "),
                        has.empty() ? "" : ", but " + joined(has, ", ")),
            "a node works without; docs/PROTOCOL.md says what they are for"};
}

Finding judge_data_folder(const std::filesystem::path& folder, const std::optional<FolderState>& state, uid_t user) {
    constexpr mode_t for_others_to_write = 022, for_others = 077, owner_all = 0700;
    const std::string path = folder.string(), name = "data folder";
    if (!state) return {name, Verdict::ok, path + " does not exist yet: the first start makes it"};
    if (!state->is_folder) return {name, Verdict::problem, path + " is no folder", "name another one by --data"};
    if (state->owner != user)
        return {name, Verdict::problem, fmt::format("{} belongs to user {}, this is user {}", path, state->owner, user),
                fmt::format("run this as the user of the node, or: chown -R {} {}", user, path)};
    const std::string remedy = fmt::format("chmod 700 {}", path);
    if ((state->mode & owner_all) != owner_all || (state->mode & for_others_to_write) != 0)
        return {name, Verdict::problem,
                fmt::format("{} has mode {:04o}: {}", path, state->mode,
                            (state->mode & for_others_to_write) != 0 ? "others can change what is in it"
                                                                     : "its owner cannot use it"),
                remedy};
    if ((state->mode & for_others) != 0)
        return {name, Verdict::warning, fmt::format("{} has mode {:04o}: others can look into it", path, state->mode),
                remedy};
    return {name, Verdict::ok, fmt::format("{}, of mode {:04o}", path, state->mode)};
}

}  // namespace emeth::node
