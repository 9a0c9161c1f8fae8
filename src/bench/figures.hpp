// What `emeth bench` prints: figures, each beside what it is measured against.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace emeth::bench {

struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
    std::string against_name;
    double against_value = 0;
};

/// A table, or {"figures":[{"name","value","unit","against":{"name","value"},"ratio"}]}.
void print(const std::vector<Figure>& figures, bool json);

}  // namespace emeth::bench
