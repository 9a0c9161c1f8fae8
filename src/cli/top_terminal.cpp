#include "cli/top_terminal.hpp"

#define NCURSES_NOMACROS
#include <ncurses.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>

namespace emeth::cli {

namespace {

constexpr short danger_pair = 1;

attr_t attributes_of(Style style) {
    switch (style) {
        case Style::plain:
            return A_NORMAL;
        case Style::heading:
            return A_BOLD;
        case Style::danger:
            return A_BOLD | COLOR_PAIR(danger_pair);
        case Style::faint:
            return A_DIM;
    }
    return A_NORMAL;
}

}  // namespace

bool TopTerminal::is_possible() {
    const char* kind = std::getenv("TERM");
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0';
}

TopTerminal::TopTerminal() {
    std::setlocale(LC_ALL, "C.UTF-8");
    ::initscr();
    ::cbreak();
    ::noecho();
    ::nodelay(stdscr, true);
    ::keypad(stdscr, true);
    ::curs_set(0);
    if (!::has_colors()) return;
    ::start_color();
    ::use_default_colors();
    ::init_pair(danger_pair, COLOR_RED, -1);
}

TopTerminal::~TopTerminal() {
    ::endwin();
}

std::size_t TopTerminal::width() const {
    return static_cast<std::size_t>(std::max(1, ::getmaxx(stdscr)));
}

std::size_t TopTerminal::height() const {
    return static_cast<std::size_t>(std::max(1, ::getmaxy(stdscr)));
}

void TopTerminal::draw(const std::vector<ScreenLine>& lines) {
    ::werase(stdscr);
    for (std::size_t row = 0; row < std::min(lines.size(), height()); ++row) {
        const attr_t attributes = attributes_of(lines[row].style);
        ::wattron(stdscr, static_cast<int>(attributes));
        ::mvwaddnstr(stdscr, static_cast<int>(row), 0, lines[row].text.c_str(), -1);
        ::wattroff(stdscr, static_cast<int>(attributes));
    }
    ::wrefresh(stdscr);
}

TopTerminal::Key TopTerminal::key() {
    switch (::wgetch(stdscr)) {
        case ERR:
            return Key::none;
        case 'q':
            return Key::quit;
        case 'k':
        case KEY_UP:
            return Key::up;
        case 'j':
        case KEY_DOWN:
            return Key::down;
        case KEY_PPAGE:
            return Key::page_up;
        case KEY_NPAGE:
            return Key::page_down;
        case 'l':
            return Key::log;
        default:
            return Key::other;
    }
}

}  // namespace emeth::cli
