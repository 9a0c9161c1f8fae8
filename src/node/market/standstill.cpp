#include "node/market/standstill.hpp"

#include <fmt/format.h>

#include <string_view>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "crypto/private_key.hpp"
#include "node/market/drain.hpp"
#include "runtime/log.hpp"
#include "runtime/utf8.hpp"

namespace emeth::node {
namespace {

constexpr std::size_t reason_bytes_max = 300;

/// The sentences hold figures that change all the time: `kind` says whether the trouble is the same as before.
void tell(Reminder& reminder, const std::optional<std::string>& lack, std::string_view kind, std::string_view end) {
    if (!lack) {
        if (reminder.ended()) spdlog::info("{}", end);
    } else if (reminder.is_due(kind)) {
        spdlog::warn("no JOB is taken: {}", *lack);
    }
}

}  // namespace

Wei smallest_deposit(const NodeView& view, const SelectionPolicy& policy) {
    return chain::rate_of(policy.min_fee, view.constants.deposit_rate);
}

Wei gas_money_of_a_job(const NodeView& view) {
    return chain::gas_money(view.gas_price, chain::chain_gas_per_job);
}

std::optional<std::string> lack_of_workers(const std::vector<WorkerInfo>& workers) {
    std::size_t connected = 0;
    std::string unfit;
    for (const WorkerInfo& worker : workers) {
        if (!worker.connected) continue;
        ++connected;
        const auto reason = why_unfit(worker.fitness, "");
        if (!reason) return std::nullopt;
        if (unfit.empty()) unfit = worker.address.hex() + ": " + one_line(*reason, reason_bytes_max);
    }
    if (connected == 0) return "no worker is connected";
    return fmt::format("none of the {} connected workers is fit: {}", connected, unfit);
}

std::optional<std::string> lack_of_emt(const NodeView& view, const SelectionPolicy& policy, const Address& wallet) {
    const Wei deposit = smallest_deposit(view, policy);
    if (view.emt_free >= deposit) return std::nullopt;
    return fmt::format(
        "wallet {} has {} EMT to spare{}; the smallest deposit (of min_fee {} EMT) is {} EMT: send EMT to it, or wait "
        "for deposits to come back",
        crypto::checksum_address(wallet), chain::format_coins(view.emt_free),
        reserve_text("reserve_emt", policy.reserve_emt, "EMT"), chain::format_coins(policy.min_fee),
        chain::format_coins(deposit));
}

std::optional<std::string> lack_of_alt(const NodeView& view, const Address& wallet) {
    const Wei needed = gas_money_of_a_job(view);
    if (view.alt_free >= needed) return std::nullopt;
    return fmt::format(
        "wallet {} has {} ALT to spare for gas; the transactions of one more JOB need {} ALT: send ALT to it",
        crypto::checksum_address(wallet), chain::format_coins(view.alt_free), chain::format_coins(needed));
}

void StandstillLog::look_at_drain(bool is_drained) {
    const auto sentence = is_drained ? std::optional<std::string>(drained_sentence) : std::nullopt;
    tell(drain_, sentence, "drain", "the node is not drained any more: JOBs are taken again");
}

void StandstillLog::look_at_workers(const std::vector<WorkerInfo>& workers) {
    tell(workers_, lack_of_workers(workers), "workers", "a worker is connected and fit: JOBs are taken again");
}

void StandstillLog::look_at_money(const NodeView& view, const SelectionPolicy& policy, const Address& wallet) {
    tell(emt_, lack_of_emt(view, policy, wallet), "EMT", "there is EMT for deposits again");
    tell(alt_, lack_of_alt(view, wallet), "ALT", "there is ALT for gas again");
}

}  // namespace emeth::node
