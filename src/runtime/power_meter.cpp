#include "runtime/power_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>

#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/parse_number.hpp"

namespace emeth {
namespace {

/// Samples of a long work may lie further apart.
constexpr Milliseconds first_wait{1'000}, longest_wait{30'000};
constexpr int waits_per_measured = 8;
constexpr Milliseconds gpu_limit{5'000};
constexpr std::size_t answer_bytes_max = 4'096;
/// In a row: each may leave a process behind that waits for a broken GPU.
constexpr int gpu_failures_max = 3;
/// All processors, or a GPU: a counter that was reset looks like one that wrapped around, at a power that none has.
constexpr double part_watts_max = 5'000;

std::optional<double> plausible(std::optional<double> watts) {
    return watts && *watts >= 0 && *watts <= part_watts_max ? watts : std::nullopt;
}

Task<Result<std::string>> answer_of(ChildOptions options) {
    std::error_code ignored;
    std::filesystem::remove(options.output, ignored);
    auto child = ChildProcess::start(co_await asio::this_coro::executor, options);
    if (child.has_error()) co_return child.error();
    const ChildEnd end = co_await child->wait();
    if (end.signal != 0 || end.exit_code != 0) co_return transient_error(end.describe());
    co_return read_file(options.output, answer_bytes_max);
}

}  // namespace

std::optional<std::uint64_t> PowerMeter::watts() const {
    if (measured_ < shortest) return std::nullopt;
    const double mean = joules_ * 1e3 / static_cast<double>(measured_.count());
    if (mean < 1) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(mean));
}

Task<> PowerMeter::sample() {
    auto begin = [this] { return counters_.joules_since_last(); };
    co_await pool_.run(std::move(begin));
    for (Milliseconds last = clock_.monotonic();;) {
        co_await clock_.sleep(std::clamp(measured_ / waits_per_measured, first_wait, longest_wait));
        const Milliseconds now = clock_.monotonic();
        co_await take_sample(now - std::exchange(last, now));
    }
}

Task<> PowerMeter::take_sample(Milliseconds lasted) {
    if (lasted <= Milliseconds::zero()) co_return;
    const double seconds = static_cast<double>(lasted.count()) / 1e3;
    auto read = [this] { return counters_.joules_since_last(); };
    const std::optional<double> joules = co_await pool_.run(std::move(read));
    const std::optional<double> processors = plausible(joules ? std::optional(*joules / seconds) : std::nullopt);
    const std::optional<double> gpu = plausible(co_await gpu_watts());
    if ((!processors && !gpu) || (sources_.needs_gpu && !gpu)) co_return;
    joules_ += (processors.value_or(0) + gpu.value_or(0)) * seconds;
    measured_ += lasted;
}

Task<std::optional<double>> PowerMeter::gpu_watts() {
    if (!sources_.gpu || gpu_failures_ >= gpu_failures_max) co_return std::nullopt;
    ChildOptions options;
    options.program = sources_.gpu_program;
    options.arguments = {fmt::format("--id={}", *sources_.gpu), "--query-gpu=power.draw",
                         "--format=csv,noheader,nounits"};
    options.output = sources_.gpu_answer;
    Task<Result<std::string>> answering = answer_of(std::move(options));
    Task<Result<std::string>> bounded = with_timeout(clock_, std::move(answering), gpu_limit, "nvidia-smi");
    const Result<std::string> answer = co_await std::move(bounded);
    if (answer.has_error()) {
        ++gpu_failures_;
        co_return std::nullopt;
    }
    gpu_failures_ = 0;
    const std::string_view line = std::string_view(*answer).substr(0, answer->find('\n'));
    co_return parse_number<double>(line);
}

}  // namespace emeth
