#include "statemachine/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace emeth::statemachine {

std::string loss_text(double loss) {
    if (!std::isfinite(loss)) return "not a number";
    std::array<char, 512> digits{};  // the largest double has 309 digits before the point
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), loss, std::chars_format::fixed, 4).ptr;
    return {digits.data(), end};
}

}  // namespace emeth::statemachine
