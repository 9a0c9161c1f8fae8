// The screen of emeth top, as lines: what a master's answers look like on a terminal of some size. Pure; top.cpp draws
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/answer_text.hpp"

namespace emeth::cli {

enum class Style : std::uint8_t { plain, heading, danger, faint };

struct ScreenLine {
    std::string text;  ///< no wider than the terminal
    Style style = Style::plain;
};

struct TopView {
    Answer status;                 ///< of the last answer; empty: there has been none
    std::string trouble;           ///< why there is no newer one; empty: it is fresh
    std::vector<std::string> log;  ///< newest last
    std::size_t first_job = 0;     ///< how far the JOBs are scrolled
    bool shows_log = false;        ///< the log alone
};

/// `width` × `height` of the terminal, at least 40 × 10. Exactly `height` lines.
std::vector<ScreenLine> top_screen(const TopView& view, std::size_t width, std::size_t height);

}  // namespace emeth::cli
