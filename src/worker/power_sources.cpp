#include "worker/power_sources.hpp"

#include <string_view>

#include "runtime/parse_number.hpp"

namespace emeth::worker {

PowerSources power_sources(const WorkerSettings& settings, const std::filesystem::path& folder) {
    PowerSources sources;
    sources.counters = settings.energy_counters;
    const std::string_view device = settings.compute.device;
    if (device == "cpu") return sources;
    constexpr std::string_view numbered = "cuda:";
    if (device.starts_with(numbered)) sources.gpu = parse_number<unsigned>(device.substr(numbered.size()));
    if (!sources.gpu) sources.gpu = 0;
    sources.needs_gpu = device != "auto";
    sources.gpu_answer = folder / "nvidia-smi.txt";
    return sources;
}

}  // namespace emeth::worker
