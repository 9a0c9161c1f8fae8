// Which JOBs are worth a deposit: one pure function with a recorded reason for every refusal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/chain.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// Published clients skip smaller datasets.
inline constexpr std::uint64_t dataset_bytes_min = 4'096;
/// The published complexity of the language-model program: gas = MiB * 5822 / 1000.
inline constexpr std::uint64_t language_model_complexity = 5'822;
/// Chain gas that a wallet must be able to pay for a submit, estimate and margin together.
inline constexpr std::uint64_t submit_gas_max = 250'000;
/// And for a whole JOB: approve and process with the limits they are signed with, and submit.
inline constexpr std::uint64_t chain_gas_per_job = 500'000 + submit_gas_max;

/// What the operator wants; every value is a setting.
struct SelectionPolicy {
    Wei min_fee, max_fee;  ///< EMT wei
    std::set<std::uint64_t> program_ids{0};
    trainer_protocol::NetworkRules rules;
    std::int64_t deadline_margin_s = 3'600;
    std::uint64_t dataset_bytes_max = 0;
    std::uint64_t disk_reserve_bytes = 0;  ///< of the master's own folder
    std::uint64_t disk_bytes_per_dataset_byte =
        0;                              ///< not 0 where workers share the master's disk; then a JOB's states count, too
    Wei emt_per_alt;                    ///< EMT wei that one ALT of gas money counts; 0: gas is not converted
    bool cooperative = false;           ///< one JOB at a time, which all workers train together
    std::uint64_t miss_rate = 1'000;    ///< assumed share of deadlines missed, of 100000
    std::uint64_t reject_rate = 1'000;  ///< assumed share of results rejected, of 100000
};

/// A JOB as the chain and the Storage API show it now.
struct Candidate {
    JobId id;
    chain::JobRecord record;
    chain::JobDetails details;
    std::uint64_t dataset_bytes = 0;
    std::uint64_t gas = 0;  ///< of the contract's cost model, no chain gas
};

/// The node as it is now.
struct NodeView {
    std::int64_t chain_now_unix_s = 0;
    std::size_t workers_connected = 0;
    std::size_t workers_free = 0;      ///< idle and not spoken for by a JOB that waits for a worker
    std::uint64_t power_capacity = 0;  ///< of the slowest idle worker, since any of them may get the JOB
    Wei emt_free;                      ///< balance without the deposits whose process is still in flight
    Wei alt_free;                      ///< balance without the gas of transactions that the JOBs under way still need
    Wei gas_price;                     ///< ALT wei per chain gas, as a transaction signed now would offer it at most
    std::uint64_t disk_free_bytes = 0;
    chain::Constants constants;
};

/// ALT wei for so much chain gas at this price; the largest amount where the price is beyond all measure.
Wei gas_money(const Wei& gas_price, std::uint64_t chain_gas);

struct Chosen {
    statemachine::Terms terms;
    trainer_protocol::JobSpec spec;
    Wei deposit;
    std::int64_t finish_estimate_s = 0;
    std::string expected_value;  ///< EMT, for the log
};

struct Refused {
    std::string reason;    ///< one sentence with the numbers
    bool lasting = false;  ///< the JOB itself is unfit: it will not become fit by waiting
};

using Verdict = std::variant<Chosen, Refused>;

/// Never throws for any input.
Verdict select(const Candidate& candidate, const NodeView& view, const SelectionPolicy& policy);

/// Seconds that a worker of `power_capacity` needs: gas * 1,000,000 / powerCapacity for the published 2 epochs, in
/// proportion for more.
std::int64_t finish_estimate_s(std::uint64_t gas, std::uint64_t power_capacity, std::uint32_t epochs);

/// Best first: by fee, ties by id, so that the order does not depend on the server's. `Offer` has `fee` and `id`.
template <class Offer>
void order(std::vector<Offer>& offers) {
    std::sort(offers.begin(), offers.end(),
              [](const Offer& a, const Offer& b) { return a.fee != b.fee ? a.fee > b.fee : a.id < b.id; });
}

}  // namespace emeth::node
