// Which JOBs `emeth state list` shows, and in which order. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"

namespace emeth::cli {

struct JobFilter {
    std::vector<statemachine::State> states;                   ///< none: all
    std::optional<Address> worker;                             ///< that held the last lease
    std::optional<std::int64_t> since_unix_ms, until_unix_ms;  ///< when the state was entered; the end is excluded

    [[nodiscard]] bool shows(const statemachine::Job& job) const;
};

/// "training". The Error lists the states.
Result<statemachine::State> parse_state(std::string_view text);

/// "2026-11-22", "2026-11-22 21:02" or with a T (UTC), or an age: "90m", "6h", "2d" before `now`.
Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_unix_ms);

enum class JobOrder : std::uint8_t {
    id,
    deadline,  ///< the next first
    fee,       ///< the highest first
    updated,   ///< the latest change of state first
};
Result<JobOrder> parse_order(std::string_view text);

/// What a JOB is sorted by, so that not the JOBs themselves must be kept.
struct JobPlace {
    JobId id;
    std::int64_t time = 0;  ///< smaller is earlier in the list
    Wei fee;

    JobPlace() = default;
    JobPlace(const statemachine::Job& job, JobOrder order);
};

/// In `order`, JOBs that are equal in it by id; at most `limit` of them, all if it is 0.
void sort_places(std::vector<JobPlace>& places, JobOrder order, std::size_t limit);

}  // namespace emeth::cli
