// What keeps the node from taking any JOB, whichever is on offer: no worker that could train, no money. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/market/selection.hpp"
#include "runtime/reminder.hpp"

namespace emeth::node {

/// What one more JOB takes of the wallet: the smallest deposit that the settings allow (of min_fee), EMT wei; the gas
/// money of its transactions at the price of now, ALT wei.
Wei smallest_deposit(const NodeView& view, const SelectionPolicy& policy);
Wei gas_money_of_a_job(const NodeView& view);

/// No connected worker is fit for any JOB; none: one is, if perhaps busy. A sentence that names a worker that is not.
std::optional<std::string> lack_of_workers(const std::vector<WorkerInfo>& workers);
/// Too little EMT for the smallest deposit, or too little ALT for the transactions of one JOB; a sentence with what the
/// wallet can spend and what is needed.
std::optional<std::string> lack_of_emt(const NodeView& view, const SelectionPolicy& policy, const Address& wallet);
std::optional<std::string> lack_of_alt(const NodeView& view, const Address& wallet);

/// Tells the log of each of them, once, again hourly, and when it is over.
class StandstillLog {
public:
    /// Workers need some time to dial and to prove themselves.
    static constexpr Milliseconds worker_patience{120'000};

    /// `clock` must outlive it.
    explicit StandstillLog(const Clock& clock)
        : workers_(clock, worker_patience), emt_(clock), alt_(clock), drain_(clock) {}

    void look_at_drain(bool is_drained);
    void look_at_workers(const std::vector<WorkerInfo>& workers);
    void look_at_money(const NodeView& view, const SelectionPolicy& policy, const Address& wallet);

private:
    Reminder workers_, emt_, alt_, drain_;
};

}  // namespace emeth::node
