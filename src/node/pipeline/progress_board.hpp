// The workers' latest reports on running JOBs: for display only, kept in memory only. Io thread only.
#pragma once

#include <map>
#include <optional>

#include "statemachine/types.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

class ProgressBoard {
public:
    void put(const JobId& job, worker_protocol::Progress progress) {
        latest_.insert_or_assign(job, std::move(progress));
    }
    void erase(const JobId& job) { latest_.erase(job); }
    [[nodiscard]] std::optional<worker_protocol::Progress> find(const JobId& job) const {
        const auto found = latest_.find(job);
        return found == latest_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    std::map<JobId, worker_protocol::Progress> latest_;
};

}  // namespace emeth::node
