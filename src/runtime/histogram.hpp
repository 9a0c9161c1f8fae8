// Counts values by upper bounds, as Prometheus's histograms do. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace emeth {

class Histogram {
public:
    /// `bounds`: ascending; what is above the last one is counted, too. A static array: it must outlive the histogram.
    explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}

    void observe(double value) {
        std::size_t bucket = 0;
        while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
        ++counts_[bucket];
        sum_ += value;
    }

    [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
    /// Values of each bucket alone, at most the bound of the same index; the last bucket has no bound.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
    [[nodiscard]] double sum() const { return sum_; }

private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

}  // namespace emeth
