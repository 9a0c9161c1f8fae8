// A terminal that is drawn as a whole, by ncurses. One at a time; the thread that made it.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/top_screen.hpp"

namespace emeth::cli {

class TopTerminal {
public:
    enum class Key { none, quit, up, down, page_up, page_down, log, other };

    /// Takes over the terminal of stdin and stdout until it is destroyed. False: there is none that it could use.
    static bool is_possible();
    TopTerminal();
    TopTerminal(const TopTerminal&) = delete;
    TopTerminal& operator=(const TopTerminal&) = delete;
    ~TopTerminal();

    [[nodiscard]] std::size_t width() const;
    [[nodiscard]] std::size_t height() const;
    void draw(const std::vector<ScreenLine>& lines);
    /// Never waits. `other` also where the terminal has another size now.
    Key key();
};

}  // namespace emeth::cli
