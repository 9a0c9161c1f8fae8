// What became of the calls to an endpoint since the process started, by method. Io thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "runtime/histogram.hpp"

namespace emeth::chain {

struct MethodTally {
    static constexpr std::array seconds_bounds{0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};

    Histogram seconds{seconds_bounds};  ///< of every call, answered or not
    std::uint64_t unanswered = 0;       ///< no answer, or none that was JSON-RPC
    std::uint64_t refused = 0;          ///< answered with an error; a call that reverts is one
};

/// The methods are this program's own, so there are few.
using RpcTally = std::map<std::string, MethodTally, std::less<>>;

}  // namespace emeth::chain
