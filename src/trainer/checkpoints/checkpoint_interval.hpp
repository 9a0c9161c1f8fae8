// How often to save: as often as failures make it worth its cost.
#pragma once

#include <cstdint>
#include <filesystem>

#include "runtime/clock.hpp"

namespace emeth::trainer {

inline constexpr Milliseconds checkpoint_interval_min{1'000};
inline constexpr Milliseconds checkpoint_interval_max{600'000};

/// Young's and Daly's first-order optimum √(2 · cost · mean time between failures), within the bounds above.
Milliseconds checkpoint_interval(Milliseconds cost, Milliseconds mean_time_between_failures);

/// What a JOB's folder remembers of the processes that trained in it. It decides how often to save, never what is
/// computed: one that cannot be read or written is logged, and counts as none.
class RunHistory {
public:
    /// Counts this start.
    explicit RunHistory(std::filesystem::path folder);
    /// The training time since the last call, or since the start; kept on disk.
    void add_trained(Milliseconds time);
    /// Training time for each restart that was seen; a day until there was one.
    [[nodiscard]] Milliseconds mean_time_between_failures() const;

private:
    void load();
    void save() const;

    std::filesystem::path path_;
    std::uint64_t starts_ = 0;
    std::uint64_t trained_ms_ = 0;
};

}  // namespace emeth::trainer
