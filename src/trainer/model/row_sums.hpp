// Column sums that are computed during a pass over rows.
#pragma once

#include <ATen/Parallel.h>

#include <cstdint>
#include <vector>

namespace emeth::trainer::kernels {

/// Cuts `rows` into a range for each thread and calls body(begin, end, sums) with zeroed sums[width] of its own; then
/// adds all of them to totals[width], in order: the same for the same number of threads.
template <class Body>
void sum_over_rows(std::int64_t rows, std::int64_t width, float* totals, const Body& body) {
    const std::int64_t parts = at::get_num_threads();
    std::vector<float> sums(static_cast<std::size_t>(parts * width));
    at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t part = first; part < last; ++part)
            body(rows * part / parts, rows * (part + 1) / parts, sums.data() + part * width);
    });
    for (std::int64_t part = 0; part < parts; ++part)
        for (std::int64_t i = 0; i < width; ++i) totals[i] += sums[static_cast<std::size_t>(part * width + i)];
}

}  // namespace emeth::trainer::kernels
