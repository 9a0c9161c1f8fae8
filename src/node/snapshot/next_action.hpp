// What a node does next with a JOB, and when: one sentence for every command. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "statemachine/job.hpp"

namespace emeth::node {

/// What a JOB's record does not tell.
struct NextActionView {
    std::int64_t now_unix_ms = 0;
    bool has_master = false;                          ///< without one nothing is done
    std::optional<std::int64_t> finish_estimate_s{};  ///< until the submit
    std::uint64_t confirmations = 1;                  ///< blocks until something counts
    std::uint64_t verdict_confirmations = 1;          ///< the same of a verdict
    bool worker_is_away = false;                      ///< who holds the lease is not connected
};

/// "trains until about 14:20:10 UTC, then uploads the result".
std::string next_action(const statemachine::Job& job, const NextActionView& view);

}  // namespace emeth::node
