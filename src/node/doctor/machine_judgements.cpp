#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "node/doctor/judgements.hpp"
#include "trainer_protocol/presets.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {
namespace {

using trainer_protocol::Preset;

/// Of float32: weights, gradients, two moments, and the copy of a checkpoint; activations come on top.
constexpr std::uint64_t bytes_per_weight = 28;
/// libtorch and its libraries.
constexpr std::uint64_t trainer_itself_bytes = std::uint64_t{256} << 20;

constexpr std::uint64_t files_needed = 256, files_comfortable = 1'024;

std::string size_text(std::uint64_t bytes) {
    constexpr double gib = 1 << 30, mib = 1 << 20;
    const auto size = static_cast<double>(bytes);
    return size >= gib ? fmt::format("{:.1f} GiB", size / gib) : fmt::format("{:.0f} MiB", size / mib);
}

bool fits(const Preset& preset, std::uint64_t memory_bytes) {
    return trainer_itself_bytes + bytes_per_weight * preset.weight_count() <= memory_bytes;
}

}  // namespace

Finding judge_memory(std::uint64_t bytes) {
    std::string fitting, too_large;
    for (const Preset& preset : trainer_protocol::presets()) {
        std::string& names = fits(preset, bytes) ? fitting : too_large;
        names += (names.empty() ? "" : ", ") + std::string(preset.name);
    }
    if (fitting.empty())
        return {"memory", Verdict::problem, size_text(bytes) + ": too little to train any model",
                "give this machine, or its container, more; or let workers on other machines train"};
    if (!too_large.empty())
        return {"memory", Verdict::warning,
                fmt::format("{}: a worker here trains {}, but not {}", size_text(bytes), fitting, too_large),
                "nothing, if that is meant: JOBs of other models go to other workers, or are not taken"};
    return {"memory", Verdict::ok, fmt::format("{}: enough for {}", size_text(bytes), fitting)};
}

Finding judge_disk(const std::filesystem::path& folder, std::uint64_t free_bytes, const SelectionPolicy& policy) {
    const std::string free = fmt::format("{} free in {}", size_text(free_bytes), folder.string());
    if (free_bytes <= policy.disk_reserve_bytes)
        return {
            "disk", Verdict::problem,
            fmt::format("{}: no JOB is taken below disk_reserve_bytes, {}", free, size_text(policy.disk_reserve_bytes)),
            "free some space, or name another folder by --data"};
    const auto smallest = trainer_protocol::room_needed(policy.rules.default_model, policy.rules.epochs_min,
                                                        trainer_protocol::dataset_bytes_min, policy.rules.draws);
    const std::uint64_t left = free_bytes - policy.disk_reserve_bytes;
    if (left < smallest.disk_bytes)
        return {"disk", Verdict::warning,
                fmt::format("{}: less than the smallest JOB of {} needs of a worker here, {} and disk_reserve_bytes",
                            free, policy.rules.default_model, size_text(smallest.disk_bytes)),
                "free some space, or let workers on other machines train"};
    return {"disk", Verdict::ok, free};
}

Finding judge_open_files(std::uint64_t limit) {
    const std::string remedy =
        fmt::format("ulimit -n {}, or LimitNOFILE={} in the unit", files_comfortable, files_comfortable);
    if (limit < files_needed)
        return {"open files", Verdict::problem,
                fmt::format("at most {}; the store and the connections of workers need {}", limit, files_needed),
                remedy};
    if (limit < files_comfortable)
        return {"open files", Verdict::warning,
                fmt::format("at most {}: enough for a few workers and JOBs, not for many", limit), remedy};
    return {"open files", Verdict::ok, fmt::format("at most {}", limit)};
}

Finding judge_trainer(const trainer_protocol::MachineDescription& machine,
                      const std::map<std::string, trainer_protocol::Speed>& speeds) {
    std::string tried;
    for (const auto& [model, speed] : speeds)
        tried += fmt::format("{}{} {:.0f}", tried.empty() ? "; tokens/s: " : ", ", model, speed.tokens_per_s);
    return {
        "trainer", Verdict::ok,
        fmt::format("it starts, and computes in {} where that pays: {}{}", machine.precision, machine.machine, tried)};
}

Finding judge_blas(const trainer_protocol::MachineDescription& machine) {
    if (!machine.blas.empty()) return {"BLAS", Verdict::ok, machine.blas};
    return {"BLAS", Verdict::warning,
            "libtorch multiplies with the reference BLAS, some fifty times slower than OpenBLAS",
            "apt-get install libopenblas0-openmp"};
}

Finding judge_unit(const std::string& unit, const UnitState& state) {
    const std::string name = "systemd";
    if (!state.systemd_runs) return {name, Verdict::ok, "this machine does without it: nothing restarts what ends"};
    if (!state.installed)
        return {name, Verdict::ok,
                fmt::format("{} is not installed: nothing restarts the node; `./emeth package` brings one", unit)};
    if (!state.program.empty() && !state.program_exists)
        return {name, Verdict::problem, fmt::format("{} starts {}, which does not exist", unit, state.program),
                "copy the programs there, or correct ExecStart"};
    if (!state.enabled)
        return {name, Verdict::warning, unit + " is installed, but does not start with the machine",
                "systemctl enable --now " + unit};
    return {name, Verdict::ok, fmt::format("{} is installed and enabled", unit)};
}

}  // namespace emeth::node
