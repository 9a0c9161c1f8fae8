// The states of a JOB, with the numbers under which they are stored on disk. Numbers are never reused.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace emeth::statemachine {

enum class State : std::uint8_t {
    discovered = 1,   ///< chosen, preflight passed; approve and process in flight
    accepted = 2,     ///< deposit confirmed; waiting for a worker
    downloading = 3,  ///< leased to a worker that fetches and tokenises the dataset
    training = 4,     ///< steps, then upload, then submit in flight
    submitted = 5,    ///< submit confirmed; waiting for the verdict
    verified = 6,     ///< end: verdict confirmed; deposit and fee have been paid out
    failed = 7,       ///< end: the verifier rejected the result
    timed_out = 8,    ///< end: the deadline passed and the verifier called timeout
    declined = 9,     ///< end: this node gave the JOB back
    canceled = 10,    ///< end, before the deposit: the requester took the JOB back
    lost = 11,        ///< end, before the deposit: another node was first
    skipped = 12,     ///< end, before the deposit: became infeasible
};

inline constexpr std::array all_states{
    State::discovered, State::accepted,  State::downloading, State::training, State::submitted, State::verified,
    State::failed,     State::timed_out, State::declined,    State::canceled, State::lost,      State::skipped,
};

/// "discovered", "timed_out", …: the single spelling in logs, dumps, reports and docs/.
std::string_view name(State state);

/// True for the seven ends: nothing more happens to such a JOB.
bool is_end(State state);

/// True where a deposit is locked, so that only the chain may end the JOB: accepted, downloading, training, submitted.
bool holds_deposit(State state);

}  // namespace emeth::statemachine
