// What goes wrong around the node at the moment, and whether the node's own process is alive. Shared by all parts of
// the simulated world.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "simulation/dice.hpp"

namespace emeth::simulation {

struct Weather {
    // When the present spell of each kind ends, in virtual time.
    Milliseconds chain_down_until{0}, info_down_until{0}, storage_down_until{0}, disk_full_until{0},
        disk_fails_until{0}, gas_spike_until{0}, endpoint_lags_until{0};
    /// Shares of single calls; 0 while the weather is fine.
    double error_rate = 0, lost_answer_rate = 0, slow_rate = 0;
    bool fine = false;  ///< for good: the rest of the life has no further faults
};

/// Violated invariants, as sentences. Only the first ones are kept.
class Violations {
public:
    void add(std::string sentence) {
        if (sentences_.size() < 20) sentences_.push_back(std::move(sentence));
    }
    [[nodiscard]] const std::vector<std::string>& sentences() const { return sentences_; }
    [[nodiscard]] bool any() const { return !sentences_.empty(); }

private:
    std::vector<std::string> sentences_;
};

/// Whether the node's process is alive. What it calls after its death has no effect: every port checks here first, and
/// throws what a cancelled coroutine throws.
struct Mortality {
    bool dead = false;
    void check() const {
        if (dead) throw boost::system::system_error(asio::error::operation_aborted);
    }
};

/// Receives the readable story of a life, for a failing seed; empty: not recorded.
using Trace = std::function<void(const std::string&)>;

}  // namespace emeth::simulation
