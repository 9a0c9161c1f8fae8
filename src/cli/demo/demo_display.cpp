#include "cli/demo/demo_display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "chain/amount.hpp"

namespace emeth::cli {

namespace {

using statemachine::Job;
using statemachine::State;

constexpr int bar_cells = 24;
constexpr Milliseconds plain_interval{5'000};

/// Share of the training that is durable, 0 to 1.
double share_of(const Job& job) {
    if (job.training.artifact) return 1;
    if (!job.training.checkpoint || job.dataset.steps_total == 0) return 0;
    return std::min(1.0,
                    static_cast<double>(job.training.checkpoint->step) / static_cast<double>(job.dataset.steps_total));
}

std::string bar_of(double share) {
    const int filled = static_cast<int>(share * bar_cells);
    return std::string(static_cast<std::size_t>(filled), '#') +
           std::string(static_cast<std::size_t>(bar_cells - filled), '.');
}

std::string progress_of(const Job& job) {
    if (job.training.artifact) return fmt::format("validation loss {:.3f}", job.training.artifact->validation_loss);
    if (!job.training.checkpoint) return "";
    return fmt::format("checkpoint at step {} of {}, loss {:.3f}", job.training.checkpoint->step,
                       job.dataset.steps_total, job.training.checkpoint->loss);
}

std::string line_of(const Job& job) {
    return fmt::format("{}…  {:>7.1f} MiB  {:<11}  [{}]  {}", job.terms.id.hex().substr(0, 10),
                       static_cast<double>(job.terms.dataset_bytes) / (1 << 20), statemachine::name(job.state),
                       bar_of(share_of(job)), progress_of(job));
}

}  // namespace

void DemoDisplay::show(const std::vector<Job>& jobs) {
    if (display_.is_terminal()) {
        std::vector<std::string> lines;
        for (const auto& job : jobs) lines.push_back(line_of(job));
        display_.redraw(lines);
        return;
    }
    const auto now = system_clock().monotonic();
    const bool all = now - last_print_ >= plain_interval;
    if (all) last_print_ = now;
    for (const auto& job : jobs) {
        const auto seen = last_state_.find(job.terms.id);
        const bool changed = seen == last_state_.end() || seen->second != job.state;
        last_state_[job.terms.id] = job.state;
        if (changed || (all && !statemachine::is_end(job.state))) say(line_of(job));
    }
}

void DemoDisplay::table(const std::vector<Job>& jobs) {
    display_.clear();
    fmt::print("\n{:<36} {:>10} {:>8} {:>9} {:>5} {:>8} {:>9} {:>10} {:>9}\n", "JOB", "bytes", "fee EMT", "state",
               "gas", "restarts", "resumed", "epoch loss", "val loss");
    for (const auto& job : jobs) {
        const auto& artifact = job.training.artifact;
        fmt::print(
            "{:<36} {:>10} {:>8} {:>9} {:>5} {:>8} {:>9} {:>10} {:>9}\n", job.terms.id.hex(), job.terms.dataset_bytes,
            chain::format_coins(job.terms.fee), statemachine::name(job.state), job.outcome.gas, job.restarts,
            job.training.resumes,
            artifact && !artifact->epoch_losses.empty() ? fmt::format("{:.3f}", artifact->epoch_losses.back()) : "-",
            artifact ? fmt::format("{:.3f}", artifact->validation_loss) : "-");
    }
    std::fflush(stdout);
}

}  // namespace emeth::cli
