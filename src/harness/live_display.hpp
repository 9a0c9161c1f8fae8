// A story on the screen: lines that stay, and below them the current state, redrawn in place
// on a terminal. Io thread only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/clock.hpp"

namespace emeth::harness {

class LiveDisplay {
public:
    LiveDisplay();

    [[nodiscard]] bool is_terminal() const { return terminal_; }
    /// A line that stays: "  12.3 s  killed the master with SIGKILL".
    void say(const std::string& line);
    /// Replaces the lines below the story. Does nothing if stdout is not a terminal.
    void redraw(const std::vector<std::string>& lines);
    /// Erases the lines below the story, so that what is printed next follows it.
    void clear();

private:
    bool terminal_;
    std::size_t drawn_ = 0;  ///< lines on the terminal that the next redraw() replaces
    Milliseconds begun_;
};

}  // namespace emeth::harness
