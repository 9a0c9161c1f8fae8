// Which workers rest because their leases keep failing: a machine with a full disk or a broken driver stays connected
// and would cost one deposit after another. Pure: time is passed in. Kept in memory only: a restart of the master
// readmits every worker.
#pragma once

#include <cstdint>
#include <map>

#include "runtime/clock.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

class SickList {
public:
    static constexpr Milliseconds first_rest{30 * 60'000}, longest_rest{24 * 3'600'000};
    /// When the JOB may be to blame as well: just long enough for another worker to be chosen first.
    static constexpr Milliseconds short_rest{2 * 60'000};

    /// How long the worker rests from `now` (monotonic): twice as long each time until it completes a lease. The rest
    /// is short and does not count towards the doubling if the failure says little about
    /// the worker (`counts` is false).
    Milliseconds lease_failed(const Address& worker, bool counts, Milliseconds now);
    void lease_fulfilled(const Address& worker) { entries_.erase(worker); }
    /// Zero if it may be given JOBs.
    [[nodiscard]] Milliseconds rest_left(const Address& worker, Milliseconds now) const;

private:
    struct Entry {
        std::uint32_t failures = 0;
        Milliseconds until{0};
    };
    std::map<Address, Entry> entries_;
};

}  // namespace emeth::node
