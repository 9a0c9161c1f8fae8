#include "statemachine/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace emeth {

std::string short_name(const JobId& id) {
    return "JOB " + statemachine::short_hex(id);
}

std::string duration_text(std::int64_t seconds) {
    using statemachine::sentence;
    if (seconds < 0) return "-" + duration_text(-seconds);
    if (seconds < 120) return sentence(seconds, " s");
    const auto minutes = seconds / 60;
    if (minutes < 120) return sentence(minutes, " min");
    return sentence(minutes / 60, " h ", minutes % 60, " min");
}

}  // namespace emeth

namespace emeth::statemachine {

std::string loss_text(double loss) {
    if (!std::isfinite(loss)) return "not a number";
    std::array<char, 512> digits{};  // the largest double has 309 digits before the point
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), loss, std::chars_format::fixed, 4).ptr;
    return {digits.data(), end};
}

}  // namespace emeth::statemachine
