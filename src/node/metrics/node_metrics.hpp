// What a monitoring system sees of a node. This room turns what the other rooms know into Prometheus's text: gauges
// from the one snapshot (node/snapshot), taken when they are asked for, so that they cannot disagree with what
// `emeth status` shows; counters from where things happen. It decides nothing, and names nothing that must stay secret.
//
// This header: the text. Pure. monitoring.hpp answers requests, counting_job_store.hpp counts what happens to JOBs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/rpc/rpc_tally.hpp"
#include "node/metrics/counting_job_store.hpp"
#include "node/snapshot/snapshot.hpp"
#include "runtime/exposition.hpp"
#include "storage/outbox.hpp"
#include "storage/write_counts.hpp"

namespace emeth::node {

/// What is not known is none, and its metrics are absent.
struct MetricsSources {
    std::optional<Snapshot> snapshot;
    std::optional<std::vector<storage::OutboxEntry>> outbox;  ///< transactions that are not mined yet
    std::optional<std::uint64_t> disk_free_bytes;             ///< of the data folder
    JobTally jobs;
    const chain::RpcTally& rpc;
    storage::WriteCounts store;
    bool is_ready = false;
    Wei slot_rewards{};  ///< withdrawn since the process started
};

/// Amounts are whole EMT and ALT. Labels take few values: states, methods and servers of ours, and the JOBs that are
/// active now.
void add_node_metrics(Exposition& out, const MetricsSources& sources);

}  // namespace emeth::node
