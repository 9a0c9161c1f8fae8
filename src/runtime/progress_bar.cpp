#include "runtime/progress_bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string_view>
#include <utility>

#include "statemachine/text.hpp"

namespace emeth {
namespace {

constexpr Milliseconds quiet_at_first{2'000};
constexpr Milliseconds between_lines{2'000};
constexpr Milliseconds between_redraws{100};
constexpr std::size_t bar_width = 20;

/// "4.2" with the unit of the larger number: both of "4.2 of 10.0 MB" are in MB.
struct Scale {
    double divisor;
    std::string_view suffix;
    int digits;
};

Scale scale_of(std::uint64_t largest, ProgressUnit unit) {
    if (unit == ProgressUnit::count) return {1, "", 0};
    if (largest >= 1'000'000'000) return {1e9, " GB", 1};
    if (largest >= 1'000'000) return {1e6, " MB", 1};
    if (largest >= 1'000) return {1e3, " kB", 1};
    return {1, " bytes", 0};
}

}  // namespace

std::string render_progress(const std::string& title, std::uint64_t done, std::uint64_t total, ProgressUnit unit,
                            Milliseconds elapsed, bool with_bar) {
    const Scale scale = scale_of(std::max(done, total), unit);
    const auto scaled = [&](std::uint64_t amount) {
        return fmt::format("{:.{}f}", static_cast<double>(amount) / scale.divisor, scale.digits);
    };
    if (total == 0) return fmt::format("{}  {}{}", title, scaled(done), scale.suffix);

    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    std::string text = title;
    if (with_bar) {
        const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_width));
        text += fmt::format("  [{}{}]", std::string(filled, '#'), std::string(bar_width - filled, '.'));
    }
    text += fmt::format("  {:.0f} %  {} of {}{}", 100 * share, scaled(done), scaled(total), scale.suffix);
    if (share > 0 && share < 1) {
        const double seconds_left = static_cast<double>(elapsed.count()) / 1000 * (1 - share) / share;
        text += fmt::format(", {} left", duration_text(std::llround(seconds_left)));
    }
    return text;
}

ProgressBar::ProgressBar(std::string title, std::uint64_t total, ProgressUnit unit, Clock& clock, int descriptor)
    : title_(std::move(title)),
      total_(total),
      unit_(unit),
      clock_(clock),
      descriptor_(descriptor),
      terminal_(::isatty(descriptor) == 1),
      began_(clock.monotonic()),
      next_(began_ + quiet_at_first) {}

ProgressBar::~ProgressBar() {
    if (drawn_ && terminal_) write("\n");
}

void ProgressBar::update(std::uint64_t done) {
    const Milliseconds now = clock_.monotonic();
    if (now < next_) return;
    next_ = now + (terminal_ ? between_redraws : between_lines);
    drawn_ = true;
    const std::string text = render_progress(title_, done, total_, unit_, now - began_, terminal_);
    write(terminal_ ? "\r" + text + "\x1b[K" : text + "\n");
}

void ProgressBar::write(const std::string& text) const {
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;  // nobody reads it: progress output is no reason to fail
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace emeth
