// The events that an operator may record by hand. All of them are decisions that the node itself might take, and from
// which it goes on by itself. What the chain, a worker or a server would have to have said is not among them: a fact
// that did not happen costs a deposit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/event.hpp"

namespace emeth::cli {

struct ForcibleEvent {
    std::string_view name;
    std::string_view use;  ///< when it helps, for --help
    statemachine::EventBody (*make)(const statemachine::Job& job, std::string reason, std::int64_t now_unix_ms);
};
std::span<const ForcibleEvent> forcible_events();

/// The event `name` for `job`; its reason says who recorded it, and `reason`, if there is one. The Error lists what
/// there is.
Result<statemachine::Event> forced_event(std::string_view name, const statemachine::Job& job, std::string_view reason,
                                         std::int64_t now_unix_ms);

}  // namespace emeth::cli
