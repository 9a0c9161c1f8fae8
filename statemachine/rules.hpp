// The small language in which the table of transition.cpp is written. Internal to statemachine/.
//
//   constexpr Rules in_accepted{
//       on<LeaseGranted, grant_lease, State::downloading>,   // event, handler, where it leads
//       rejects<Discovered, BeforeDeposit, …>,               // said aloud, so that nothing is forgotten
//   };
//
// A Rules that leaves out an event, or names one twice, does not compile.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include "statemachine/transition.hpp"

namespace emeth::statemachine {

/// Result of a handler whose row has one target: nothing, or why the event cannot follow the record.
using Check = std::optional<Rejection>;

/// Result of a handler whose row has several targets: the one to enter, or why the event cannot follow the record.
using Step = std::variant<State, Rejection>;

/// Several events, to be rejected together.
template <class... Es>
struct Events {};

/// What one state does on one event.
struct Cell {
    bool listed = false;
    Step (*apply)(Job& draft, const EventBody& event) = nullptr;  ///< null: rejected
    std::span<const State> targets;
};

namespace detail {

template <State... targets>
inline constexpr std::array<State, sizeof...(targets)> target_list{targets...};

template <class E, auto handler, State... targets>
Step apply_row(Job& draft, const EventBody& event) {
    const E& fact = *std::get_if<E>(&event);
    if constexpr (std::is_same_v<decltype(handler(draft, fact)), Check>) {
        static_assert(sizeof...(targets) == 1, "a handler that returns Check has exactly one target");
        if (Check refused = handler(draft, fact)) return *std::move(refused);
        return target_list<targets...>.front();
    } else {
        static_assert(sizeof...(targets) > 1, "a handler that returns Step has several targets");
        return handler(draft, fact);
    }
}

template <class E, auto handler, State... targets>
struct Row {};

template <class... Parts>
struct Rejects {};

}  // namespace detail

template <class E, auto handler, State... targets>
inline constexpr detail::Row<E, handler, targets...> on{};

template <class... Parts>
inline constexpr detail::Rejects<Parts...> rejects{};

/// Everything that one state does: one cell for each event.
class Rules {
public:
    template <class... Parts>
    consteval explicit Rules(Parts... parts) {
        (add(parts), ...);
        for (const Cell& cell : cells_) {
            if (!cell.listed) throw "an event is neither handled nor rejected in this state";
        }
    }

    /// `event` < event_kinds.
    [[nodiscard]] const Cell& cell(std::size_t event) const { return cells_[event]; }

private:
    template <class E, auto handler, State... targets>
    consteval void add(detail::Row<E, handler, targets...>) {
        list<E>({true, &detail::apply_row<E, handler, targets...>, detail::target_list<targets...>});
    }
    template <class... Parts>
    consteval void add(detail::Rejects<Parts...>) {
        (reject(static_cast<Parts*>(nullptr)), ...);
    }
    template <class E>
    consteval void reject(E*) {
        list<E>({true, nullptr, {}});
    }
    template <class... Es>
    consteval void reject(Events<Es...>*) {
        (list<Es>({true, nullptr, {}}), ...);
    }
    template <class E>
    consteval void list(Cell cell) {
        Cell& slot = cells_[event_index<E>];
        if (slot.listed) throw "an event is listed twice in this state";
        slot = cell;
    }

    std::array<Cell, event_kinds> cells_{};
};

/// The rules of `state`; nullptr for a number that is not a state.
const Rules* rules_in(State state);

}  // namespace emeth::statemachine
