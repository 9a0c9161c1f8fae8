// The diagrams of transition.hpp with something said of each state.
#pragma once

#include <map>
#include <string>

#include "statemachine/transition.hpp"

namespace emeth::statemachine {

/// "12 JOBs".
using StateNotes = std::map<State, std::string>;

std::string graph_mermaid(const StateNotes& notes);
std::string graph_dot(const StateNotes& notes);

}  // namespace emeth::statemachine
