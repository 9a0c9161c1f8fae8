#include "soak/memory_growth.hpp"

#include <algorithm>

namespace emeth::soak {

double growth_mib(const std::vector<MemorySample>& life) {
    const auto first =
        std::find_if(life.begin(), life.end(), [](const MemorySample& sample) { return sample.age >= settling; });
    if (life.end() - first < 2) return 0;
    const Milliseconds begin = first->age, end = life.back().age;
    const Milliseconds window = std::min<Milliseconds>(std::chrono::minutes(1), (end - begin) / 2);
    double early = 0, late = 0, early_count = 0, late_count = 0;
    for (auto sample = first; sample != life.end(); ++sample) {
        const auto bytes = static_cast<double>(sample->rss_bytes);
        if (sample->age <= begin + window) early += bytes, ++early_count;
        if (sample->age >= end - window) late += bytes, ++late_count;
    }
    return (late / late_count - early / early_count) / (1 << 20);
}

}  // namespace emeth::soak
