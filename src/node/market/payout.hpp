// Whether verified JOBs bring what the rules say: deposit and fee, less the verifier's fee. Not every contract keeps to
// them: the published one keeps the deposit. Pure; payout_watch.hpp does the reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

/// What one VERIFIED JOB brought its node.
struct Payout {
    JobId job;
    Hash256 transaction;  ///< the verdict
    std::uint64_t block = 0;
    Wei deposit, due, paid;  ///< EMT wei; `due` by the rules

    friend bool operator==(const Payout&, const Payout&) = default;
};

/// EMT wei.
Wei due_by_the_rules(const Wei& deposit, const Wei& fee, const Wei& verifier_fee);
/// What `payout` lacks, EMT wei.
Wei shortfall_of(const Payout& payout);
/// What a JOB with this deposit will lack if it fares like `payout`: in proportion to the deposits.
Wei expected_shortfall(const Payout& payout, const Wei& deposit);
/// The one that lacks most in proportion; none if none lacks anything.
std::optional<Payout> worst_of(const std::vector<Payout>& payouts);

/// `seen` and `more` without repetitions, newest first, at most `count_max`.
std::vector<Payout> newest_of(std::vector<Payout> seen, const std::vector<Payout>& more, std::size_t count_max);

/// What is known of a contract's payouts, as it is stored.
struct PayoutNote {
    std::uint64_t looked_to_block = 0;
    std::vector<Payout> newest;
};
std::string to_text(const PayoutNote& note);
Result<PayoutNote> read_payout_note(std::string_view text);

}  // namespace emeth::node
