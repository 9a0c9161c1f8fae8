// Amounts in JSON that came from outside.
#pragma once

#include <string_view>

#include "runtime/json_fields.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

/// Wei, written in decimal. Zero where that is not there or needs more than 256 bits, which `fields` then rejects.
Wei read_wei(JsonObject& fields, std::string_view key);

}  // namespace emeth::chain
