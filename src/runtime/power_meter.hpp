// What a machine draws while something works on it: its processors by their energy counters, a GPU by nvidia-smi. Where
// the machine does not tell, nothing is measured, and nothing else happens.
//
//     PowerMeter meter(sources, pool, clock);
//     Task<Result<Calibration>> trial = ask_trainer();
//     const auto calibration = co_await meter.during(std::move(trial));
//     if (const auto watts = meter.watts()) …
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/energy_counters.hpp"
#include "runtime/race.hpp"
#include "runtime/task.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth {

struct PowerSources {
    std::filesystem::path counters = EnergyCounters::system_folder;
    std::optional<unsigned> gpu{};  ///< by nvidia-smi's number; none: no GPU counts
    bool needs_gpu = false;         ///< without the GPU's part, the rest says nothing
    std::filesystem::path gpu_program = "nvidia-smi";
    std::filesystem::path gpu_answer{};  ///< a file to which it writes, this meter's alone
};

class PowerMeter {
public:
    /// Less time says little: programs are still being loaded.
    static constexpr Milliseconds shortest{3'000};

    /// Pool and clock must outlive it.
    PowerMeter(PowerSources sources, BlockingPool& pool, Clock& clock)
        : sources_(std::move(sources)), counters_(sources_.counters), pool_(pool), clock_(clock) {}

    /// Measures while `work` is done, and returns what it returns.
    template <class T>
    Task<Result<T>> during(Task<Result<T>> work) {
        std::optional<Result<T>> result;
        Task<> working = detail::store_result<T>(std::move(work), &result);
        Task<> sampling = sample();
        co_await race(std::move(working), std::move(sampling));
        co_return std::move(*result);
    }

    /// The mean, 1 to 10,000; none: it was not told, or not for long enough.
    [[nodiscard]] std::optional<std::uint64_t> watts() const;
    [[nodiscard]] Milliseconds measured() const { return measured_; }

private:
    /// Until it is cancelled.
    Task<> sample();
    Task<> take_sample(Milliseconds lasted);
    Task<std::optional<double>> gpu_watts();

    PowerSources sources_;
    EnergyCounters counters_;
    BlockingPool& pool_;
    Clock& clock_;
    double joules_ = 0;
    Milliseconds measured_{0};
    int gpu_failures_ = 0;
};

}  // namespace emeth
