// How often to save: the cost of a checkpoint weighed against the failure rate seen so far.
#pragma once

#include <cstdint>
#include <filesystem>

#include "runtime/clock.hpp"

namespace emeth::trainer {

inline constexpr Milliseconds checkpoint_interval_min{1'000};
inline constexpr Milliseconds checkpoint_interval_max{600'000};

/// Young's and Daly's first-order optimum √(2 · cost · mean time between failures), within the bounds above.
Milliseconds checkpoint_interval(Milliseconds cost, Milliseconds mean_time_between_failures);

/// How many processes have trained in a JOB's folder, and for how long. It decides how often to save, never what is
/// computed: a history that cannot be read or written is logged and counts as empty.
class RunHistory {
public:
    /// Counts this start.
    explicit RunHistory(std::filesystem::path folder);
    /// Adds the training time since the last call or the start, and saves it.
    void add_trained(Milliseconds time);
    /// Training time per restart; one day until there has been one.
    [[nodiscard]] Milliseconds mean_time_between_failures() const;

private:
    void load();
    void save() const;

    std::filesystem::path path_;
    std::uint64_t starts_ = 0;
    std::uint64_t trained_ms_ = 0;
};

}  // namespace emeth::trainer
