#include "cli/demo/demo_accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "chain/amount.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "chain/sender/variants.hpp"
#include "harness/status_events.hpp"

namespace emeth::cli {

namespace {

using chain::to_u256;
using chain::U256;

Result<void> expect(std::string_view what, const U256& expected, const Wei& found) {
    if (expected == to_u256(found)) return {};
    return permanent_error(
        fmt::format("{} should be {} wei and is {} wei", what, expected.str(), to_u256(found).str()));
}

/// ALT that the node's transactions cost.
Task<Result<U256>> gas_paid(chain::Chain& chain, std::vector<storage::OutboxEntry> transactions) {
    U256 paid = 0;
    for (const auto& entry : transactions) {
        const auto receipt = co_await chain::receipt_of_any(&chain, entry.hashes());
        if (receipt.has_error()) co_return receipt.error();
        if (!receipt->has_value())
            co_return permanent_error(
                fmt::format("{} transaction {} is not on chain", storage::name(entry.kind), entry.hash.hex()));
        paid += to_u256((*receipt)->gas_price) * (*receipt)->gas_used;
    }
    co_return paid;
}

}  // namespace

Task<Result<Balances>> read_balances(chain::Chain& chain, DemoParties parties) {
    Balances balances;
    const auto alt = co_await chain.alt_balance(parties.node);
    if (alt.has_error()) co_return alt.error();
    balances.node_alt = *alt;
    for (auto [address, balance] :
         {std::pair{parties.node, &balances.node_emt}, std::pair{parties.verifier, &balances.verifier_emt},
          std::pair{parties.requester, &balances.requester_emt}, std::pair{parties.core, &balances.core_emt}}) {
        const auto emt = co_await chain.emt_balance(address);
        if (emt.has_error()) co_return emt.error();
        *balance = *emt;
    }
    co_return balances;
}

Task<Result<Wei>> rewards_of(chain::Chain& chain, std::vector<storage::OutboxEntry> transactions, Address node) {
    const auto constants = co_await chain.constants();
    if (constants.has_error()) co_return constants.error();
    U256 reward = 0;
    for (const auto& entry : transactions) {
        if (entry.kind != storage::TxKind::withdraw) continue;
        const auto receipt = co_await chain::receipt_of_any(&chain, entry.hashes());
        if (receipt.has_error()) co_return receipt.error();
        if (!receipt->has_value())
            co_return permanent_error(fmt::format("withdraw transaction {} is not on chain", entry.hash.hex()));
        reward += to_u256(chain::gain_in(**receipt, constants->token, node).value_or(Wei{}));
    }
    co_return chain::to_wei(reward);
}

Task<Result<void>> check_jobs_on_chain(chain::Chain& chain, const std::vector<harness::JobSnapshot>& jobs) {
    for (const auto& [job, history, transactions] : jobs) {
        const auto lived = co_await harness::check_one_life(chain, job.terms.id);
        if (lived.has_error()) co_return lived;
        for (const auto kind : {storage::TxKind::process, storage::TxKind::submit}) {
            const auto count = std::count_if(transactions.begin(), transactions.end(),
                                             [kind](const auto& entry) { return entry.kind == kind; });
            if (count != 1)
                co_return permanent_error(
                    fmt::format("JOB {} has {} {} transactions", job.terms.id.hex(), count, storage::name(kind)));
        }
        if (job.outcome.penalty != Wei{})
            co_return permanent_error(fmt::format("JOB {} paid a penalty", job.terms.id.hex()));
    }
    co_return Result<void>{};
}

Task<Result<void>> check_balances(chain::Chain& chain, const std::vector<harness::JobSnapshot>& jobs,
                                  std::vector<storage::OutboxEntry> transactions, Wei verifier_fee, Wei reward,
                                  Balances before, Balances after) {
    const U256 fee_of_verifier = to_u256(verifier_fee);
    U256 node = to_u256(before.node_emt) + to_u256(reward), verifier = to_u256(before.verifier_emt), fees = 0;
    for (const auto& demo_job : jobs) {
        const U256 fee = to_u256(demo_job.job.terms.fee);
        node += fee - fee_of_verifier;
        verifier += fee_of_verifier;
        fees += fee;
    }
    const auto paid = co_await gas_paid(chain, std::move(transactions));
    if (paid.has_error()) co_return paid.error();
    for (const auto& checked :
         {expect("the node's EMT", node, after.node_emt), expect("the verifier's EMT", verifier, after.verifier_emt),
          expect("EmethCore's EMT at first", fees, before.core_emt),
          expect("EmethCore's EMT in the end", 0, after.core_emt),
          expect("the requester's EMT", to_u256(before.requester_emt), after.requester_emt),
          expect("the node's ALT", to_u256(before.node_alt) - *paid, after.node_alt)})
        if (checked.has_error()) co_return checked.error();
    co_return Result<void>{};
}

}  // namespace emeth::cli
