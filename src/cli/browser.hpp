// The reader's own browser.
#pragma once

#include <string>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::cli {

/// Has the desktop open `url` (xdg-open), and returns without waiting for the browser, which stays when this program
/// ends. The Error says what to do by hand.
Task<Result<void>> open_in_browser(std::string url);

}  // namespace emeth::cli
