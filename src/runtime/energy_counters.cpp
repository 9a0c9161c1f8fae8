#include "runtime/energy_counters.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "runtime/parse_number.hpp"
#include "runtime/process_stat.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t zones_max = 64;
constexpr std::string_view zone_prefix = "intel-rapl:", package_prefix = "package-", platform = "psys";

/// Without the newline; empty if it cannot be read.
std::string line_of(const fs::path& file) {
    std::string text = proc_file_text(file);
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
    return parse_number<std::uint64_t>(line_of(file));
}

/// A second colon is that of a part of a zone (cores, memory), which the zone itself covers.
bool is_zone(std::string_view name) {
    return name.starts_with(zone_prefix) && name.find(':', zone_prefix.size()) == std::string_view::npos;
}

}  // namespace

EnergyCounters::EnergyCounters(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (zones_.size() == zones_max || !is_zone(entry->path().filename().string())) continue;
        const std::string name = line_of(entry->path() / "name");
        if (name != platform && !name.starts_with(package_prefix)) continue;
        zones_.push_back(
            {entry->path(), name == platform, number_of(entry->path() / "max_energy_range_uj").value_or(0)});
    }
}

/// The platform's counter covers the processors. Some machines have one that does not count.
std::optional<double> EnergyCounters::joules_since_last() {
    double processors = 0;
    std::size_t processors_read = 0, processors_there = 0;
    std::optional<double> machine;
    for (Zone& zone : zones_) {
        const std::optional<double> joules = advance(zone);
        if (zone.is_platform) {
            machine = joules;
            continue;
        }
        ++processors_there;
        if (!joules) continue;
        ++processors_read;
        processors += *joules;
    }
    const bool are_known = processors_there > 0 && processors_read == processors_there;
    return std::max(machine, are_known ? std::optional(processors) : std::nullopt);
}

std::optional<double> EnergyCounters::advance(Zone& zone) {
    const std::optional<std::uint64_t> now = number_of(zone.folder / "energy_uj");
    const std::optional<std::uint64_t> last = std::exchange(zone.last_uj, now);
    if (!now || !last) return std::nullopt;
    if (*now >= *last) return static_cast<double>(*now - *last) / 1e6;
    if (*last > zone.range_uj) return std::nullopt;
    return static_cast<double>(zone.range_uj - *last + *now) / 1e6;
}

}  // namespace emeth
