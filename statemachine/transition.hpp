// The room of the JOB state machine: one pure function over one visible table (transition.cpp). What a JOB has
// achieved, which fact may follow, and what to do next belong here; nothing that reads a clock, a file or a socket
// does, and nothing beyond the standard library.
//
//     TransitionResult outcome = transition(job, {clock.unix_ms(), SubmitSigned{tx}});
//     if (const auto* made = std::get_if<Transition>(&outcome)) job = made->next;
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "statemachine/command.hpp"
#include "statemachine/event.hpp"
#include "statemachine/job.hpp"

namespace emeth::statemachine {

struct Transition {
    Job next;
    std::vector<Command> commands;  ///< what to do now; equals {next_command(next)}
};

enum class RejectionKind : std::uint8_t {
    not_in_this_state = 1,   ///< the table has no entry for (state, event)
    stale_lease = 2,         ///< the event carries a fencing number other than the current one
    already_known = 3,       ///< a repeated report; nothing changes
    contradicts_record = 4,  ///< the event cannot follow the record (a smaller step, a different file name, …)
};

/// The JOB continues unchanged; the rejection is journaled in its history.
struct Rejection {
    RejectionKind kind = RejectionKind::not_in_this_state;
    std::string reason;  ///< one sentence that names state, event and value

    friend bool operator==(const Rejection&, const Rejection&) = default;
};

std::string_view name(RejectionKind kind);

using TransitionResult = std::variant<Transition, Rejection>;

/// The first entry of every history.
Transition discover(const Discovered& event, std::int64_t at_unix_ms);

/// Never throws, whatever the input; `job` is not modified. The caller that journals (storage) increments `sequence`.
TransitionResult transition(const Job& job, const Event& event);

/// The work that `job` needs now, derived from its record alone.
Command next_command(const Job& job);

/// One sentence that says why the JOB is where it is. `now_unix_ms` is used only to say how long until the next retry.
std::string why(const Job& job, std::int64_t now_unix_ms);

/// One row of the table: in `from`, `event` is accepted and leads to one of `to`.
struct TableRow {
    State from;
    std::size_t event;  ///< index into EventBody
    std::vector<State> to;
};

/// Every accepted (state, event) pair; everything else is rejected. The diagram in docs/ARCHITECTURE.md is generated
/// from it.
const std::vector<TableRow>& table();

std::string graph_mermaid();
std::string graph_dot();

}  // namespace emeth::statemachine
