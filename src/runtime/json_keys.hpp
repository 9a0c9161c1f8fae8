// A key that an object has twice: one reader of JSON takes the first value, another the last, so what is signed or
// digested as one text would mean two things.
#pragma once

#include <string_view>

#include "runtime/result.hpp"

namespace emeth {

/// A permanent Error names the first key that an object of `json` has twice. `json` must have passed parse_json(),
/// which bounds it; `what` names it in the Error: "manifest.json".
Result<void> require_unique_keys(std::string_view json, std::string_view what);

}  // namespace emeth
