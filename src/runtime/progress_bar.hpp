// The progress of work that takes longer than two seconds: a bar redrawn in place on a terminal, otherwise a line every
// two seconds.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

#include "runtime/clock.hpp"

namespace emeth {

enum class ProgressUnit : std::uint8_t { count, bytes };

/// "downloading  [########............]  42 %  4.2 of 10.0 MB, 12 s left"; without the bar for a plain line, without
/// share and estimate while `total` is 0 (unknown).
std::string render_progress(const std::string& title, std::uint64_t done, std::uint64_t total, ProgressUnit unit,
                            Milliseconds elapsed, bool with_bar);

/// Not thread-safe. Writes nothing during the first two seconds, so fast work prints nothing.
class ProgressBar {
public:
    ProgressBar(std::string title, std::uint64_t total, ProgressUnit unit, Clock& clock,
                int descriptor = STDERR_FILENO);
    /// Ends the line if a bar was drawn.
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// Cheap: may be called at every step.
    void update(std::uint64_t done);

private:
    void write(const std::string& text) const;

    std::string title_;
    std::uint64_t total_;
    ProgressUnit unit_;
    Clock& clock_;
    int descriptor_;
    bool terminal_;
    Milliseconds began_;
    Milliseconds next_;
    bool drawn_ = false;
};

}  // namespace emeth
