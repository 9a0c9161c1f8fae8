#include "node/workers/worker_info.hpp"

#include <fmt/format.h>

#include "runtime/ip_address.hpp"

namespace emeth::node {

std::optional<std::string> why_unfit(const std::optional<worker_protocol::Fitness>& fitness, const std::string& model) {
    if (!fitness) return "it has not proved yet what it can train";
    if (!fitness->unfit.empty()) return fitness->unfit;
    if (!model.empty() && !fitness->tokens_per_s.contains(model)) return model + " does not fit into its memory";
    return std::nullopt;
}

std::optional<std::string> why_no_room(const worker_protocol::Fitness& fitness,
                                       const trainer_protocol::RoomNeeded& room) {
    if (fitness.disk_free_bytes < room.disk_bytes)
        return fmt::format("it needs {} MiB of disk, {} MiB are free", room.disk_bytes >> 20,
                           fitness.disk_free_bytes >> 20);
    if (fitness.states_free_bytes < room.states_bytes)
        return fmt::format("the states take up to {} MiB, its model_cached_size has {} MiB left",
                           room.states_bytes >> 20, fitness.states_free_bytes >> 20);
    return std::nullopt;
}

bool is_idle(const WorkerInfo& worker) {
    return worker.connected && !worker.job && !worker.is_committed && worker.rest == Milliseconds::zero() &&
           !why_unfit(worker.fitness, "");
}

std::vector<WorkerInfo> as_seen_by(const JobId& job, std::vector<WorkerInfo> workers) {
    for (WorkerInfo& worker : workers)
        if (worker.helps == job) worker.is_committed = false;
    return workers;
}

bool can_reach(const WorkerInfo& helper, const WorkerInfo& leader) {
    return !is_loopback(leader.cooperative_host) || (!leader.peer.empty() && helper.peer == leader.peer);
}

}  // namespace emeth::node
