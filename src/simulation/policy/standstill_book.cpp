#include "simulation/policy/standstill_book.hpp"

#include <algorithm>

namespace emeth::simulation {

void StandstillBook::pass_until(std::int64_t now_ms, std::size_t jobs, std::size_t workers) {
    constexpr double second_ms = 1'000;
    const std::int64_t until_ms = std::min(now_ms, to_ms_);
    if (until_ms <= now_ms_) return;
    const double passed_s = static_cast<double>(until_ms - now_ms_) / second_ms;
    now_ms_ = until_ms;
    found_.watched_s += passed_s;
    if (jobs == 0 || workers == 0) return;
    found_.waiting_s += passed_s;
    job_s_ += passed_s * static_cast<double>(jobs);
    worker_s_ += passed_s * static_cast<double>(workers);
}

void StandstillBook::add_never_taken(const std::vector<std::optional<node::Ground>>& grounds) {
    std::map<std::optional<node::Ground>, std::size_t> nodes;
    for (const auto& ground : grounds) ++nodes[ground];
    const auto most = std::ranges::max_element(nodes, {}, [](const auto& entry) { return entry.second; });
    ++found_.never_taken;
    ++found_.mostly[most == nodes.end() ? std::nullopt : most->first];
}

Standstill StandstillBook::found() const {
    Standstill found = found_;
    if (found.waiting_s <= 0) return found;
    found.jobs_waiting = job_s_ / found.waiting_s;
    found.workers_idle = worker_s_ / found.waiting_s;
    return found;
}

}  // namespace emeth::simulation
