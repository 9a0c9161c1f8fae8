// Which workers rest because their leases failed one after the other: a machine with a full disk or a broken driver
// stays connected, and would burn one deposit after the other. Pure: time is handed in. In memory alone: a restart of
// the master lets everybody in again.
#pragma once

#include <cstdint>
#include <map>

#include "runtime/clock.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

class SickList {
public:
    static constexpr Milliseconds first_rest{30 * 60'000}, longest_rest{24 * 3'600'000};
    /// Where it may as well be the JOB's fault: long enough for another worker to come first.
    static constexpr Milliseconds short_rest{2 * 60'000};

    /// How long the worker rests from `now` (monotonic) on: twice as long each time, until it fulfils a lease; shortly,
    /// and not counted, when the failure says little about it.
    Milliseconds lease_failed(const Address& worker, bool counts, Milliseconds now);
    void lease_fulfilled(const Address& worker) { entries_.erase(worker); }
    /// Zero: it may be given JOBs.
    [[nodiscard]] Milliseconds rest_left(const Address& worker, Milliseconds now) const;

private:
    struct Entry {
        std::uint32_t failures = 0;
        Milliseconds until{0};
    };
    std::map<Address, Entry> entries_;
};

}  // namespace emeth::node
