// All checks of a node, or of a worker. Io thread only.
#pragma once

#include <filesystem>
#include <optional>

#include "http/client.hpp"
#include "node/core/config.hpp"
#include "node/doctor/finding.hpp"
#include "runtime/task.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::node {

struct NodeToExamine {
    std::optional<NodeConfig> config;  ///< none: the settings cannot be read, and what depends on them is left out
    std::optional<Address> wallet;     ///< none: there is no key
    std::filesystem::path data;
    trainer_protocol::ComputeOptions compute;  ///< of the workers that the master starts itself
    bool trials = false;                       ///< whether the trainer trains some steps
    Milliseconds patience{8'000};              ///< how long a server, or the trainer's start, is waited for
};

/// Takes at most 2 s more than the patience, whatever is away, without trials.
Task<Findings> examine_node(asio::any_io_executor executor, NodeToExamine node);

struct WorkerToExamine {
    std::optional<http::Url> master;  ///< none: the settings cannot be read
    std::filesystem::path data;
    trainer_protocol::ComputeOptions compute;
    bool trials = false;
    Milliseconds patience{8'000};
};

/// The same for a worker's machine.
Task<Findings> examine_worker(asio::any_io_executor executor, WorkerToExamine worker);

}  // namespace emeth::node
