#include "harness/live_display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace emeth::harness {

LiveDisplay::LiveDisplay() : terminal_(::isatty(STDOUT_FILENO) == 1), begun_(system_clock().monotonic()) {}

void LiveDisplay::clear() {
    if (drawn_ > 0) fmt::print("\x1b[{}A\x1b[J", drawn_);
    drawn_ = 0;
}

void LiveDisplay::say(const std::string& line) {
    clear();
    fmt::print("{:>6.1f} s  {}\n", static_cast<double>((system_clock().monotonic() - begun_).count()) / 1000, line);
    std::fflush(stdout);
}

void LiveDisplay::redraw(const std::vector<std::string>& lines) {
    if (!terminal_) return;
    clear();
    for (const auto& line : lines) fmt::print("{}\n", line);
    drawn_ = lines.size();
    std::fflush(stdout);
}

}  // namespace emeth::harness
