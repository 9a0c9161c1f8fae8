// The energy that a machine's processors take, as Linux' powercap tells it (RAPL; Intel's and AMD's). Most machines
// show the counters to root alone, and virtual ones have none: that nothing can be read is ordinary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace emeth {

class EnergyCounters {
public:
    static constexpr const char* system_folder = "/sys/class/powercap";

    explicit EnergyCounters(const std::filesystem::path& folder = system_folder);

    /// Joules since the last call; none: it is the first one, or a counter cannot be read. A counter that wrapped
    /// around is understood, if it did so once: call it every minute or more often.
    std::optional<double> joules_since_last();

private:
    struct Zone {
        std::filesystem::path folder;
        bool is_platform = false;    ///< the whole machine instead of one processor
        std::uint64_t range_uj = 0;  ///< the counter's largest value; 0: not known
        std::optional<std::uint64_t> last_uj{};
    };
    static std::optional<double> advance(Zone& zone);

    std::vector<Zone> zones_;
};

}  // namespace emeth
