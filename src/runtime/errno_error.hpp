// System errors as an Error.
#pragma once

#include <string>

#include "runtime/result.hpp"

namespace emeth {

/// "<what>: No space left on device; free some space". Permanent if trying again cannot help (no such file, no
/// permission), otherwise transient. Read `errno` before anything else can change it.
Error errno_error(std::string what, int number);

}  // namespace emeth
