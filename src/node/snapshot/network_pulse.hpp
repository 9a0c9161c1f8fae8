// Asks the network's servers now and then how they are, so that a snapshot need not wait for any of them. Io thread
// only.
#pragma once

#include <optional>
#include <string>

#include "node/core/job_services.hpp"
#include "node/snapshot/snapshot.hpp"

namespace emeth::node {

class NetworkPulse {
public:
    static constexpr Milliseconds interval{10'000};

    /// `services` must outlive it.
    explicit NetworkPulse(JobServices& services) : services_(services) {}

    /// Runs until cancelled.
    Task<> run();
    /// Asks all of them once. Nothing that fails is an error: it is what the status says.
    Task<> ask();
    /// None before the first answers.
    [[nodiscard]] const std::optional<NetworkStatus>& latest() const { return latest_; }

private:
    Task<> ask_chain(NetworkStatus& status);
    Task<> ask_info_server(NetworkStatus& status);
    Task<> ask_storage(NetworkStatus& status);
    void add_server(NetworkStatus& status, std::string name, std::string trouble, Milliseconds began);

    JobServices& services_;
    std::optional<NetworkStatus> latest_;
};

}  // namespace emeth::node
