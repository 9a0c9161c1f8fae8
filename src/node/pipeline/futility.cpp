#include "node/pipeline/futility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace emeth::node {
namespace {

constexpr std::size_t confirmations_min = 2;

}  // namespace

void Futility::said(std::uint64_t lease, const Address& worker, std::string reason) {
    said_[lease] = worker;
    what_was_said_ = std::move(reason);
}

void Futility::saw_dataset_bytes(std::uint64_t now, std::uint64_t recorded) {
    other_sizes_seen_ = now == recorded ? 0 : other_sizes_seen_ + 1;
    sizes_ = fmt::format("the Storage API has {} bytes of its dataset now, not {}", now, recorded);
}

bool Futility::has_spoken(const Address& worker) const {
    return std::ranges::any_of(said_, [&](const auto& one) { return one.second == worker; });
}

std::set<Address> Futility::witnesses() const {
    std::set<Address> workers;
    for (const auto& [lease, worker] : said_) workers.insert(worker);
    return workers;
}

std::optional<std::string> Futility::reason(const std::vector<WorkerInfo>& workers, const std::string& model,
                                            const std::optional<Address>& holder) const {
    if (other_sizes_seen_ >= confirmations_min) return sizes_;
    if (said_.size() < confirmations_min || (holder && !has_spoken(*holder))) return std::nullopt;
    const auto had_its_say = [&](const WorkerInfo& worker) {
        return !worker.connected || why_unfit(worker.fitness, model) || has_spoken(worker.address);
    };
    if (!std::ranges::all_of(workers, had_its_say)) return std::nullopt;
    return fmt::format("no worker can train it, after {} tries: {}", said_.size(), what_was_said_);
}

}  // namespace emeth::node
