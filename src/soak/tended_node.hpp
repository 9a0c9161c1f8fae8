// The node under test: a master with local workers, kept running as systemd would. The master is restarted by us,
// everything else by the master. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runtime/child_process.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "soak/memory_growth.hpp"
#include "soak/process_tree.hpp"
#include "statemachine/types.hpp"

namespace emeth::soak {

class TendedNode {
public:
    static constexpr unsigned local_workers = 2;

    TendedNode(asio::any_io_executor executor, std::filesystem::path folder);

    /// Key and settings; `network_settings` are KEY=value lines that say how the network is reached.
    Result<void> prepare(const std::string& network_settings);
    /// Starts the master, and restarts it 1 s after each end, until stop().
    Task<> keep_running();
    /// Sends SIGTERM, and SIGKILL after 10 s. Returns once nothing of the node is running, or 5 s after the master's
    /// end: whatever is still running then is an orphan.
    Task<> stop();

    /// Sends SIGKILL to the master, a worker or a trainer, drawn from `random` among the kinds that are running.
    /// Returns what it hit; empty if nothing is running.
    std::optional<std::string> kill_one(std::mt19937_64& random);
    /// Looks for orphans and takes a sample of the master's memory; call it about every second.
    void look();

    [[nodiscard]] const Address& address() const { return address_; }
    [[nodiscard]] std::filesystem::path data() const { return folder_ / "node"; }
    [[nodiscard]] std::uint64_t kills() const { return kills_; }
    [[nodiscard]] std::uint64_t starts() const { return lives_.size(); }
    [[nodiscard]] std::uint64_t orphans() const { return orphans_.size(); }
    /// Deaths by SIGABRT, SIGSEGV and the like: the master's and, from their parents' logs, those of the others.
    [[nodiscard]] std::uint64_t crashes() const;
    /// MiB; the largest growth in one life of the master.
    [[nodiscard]] double rss_growth_mb() const;

private:
    [[nodiscard]] bool master_lives() const { return master_ && !ended_; }
    /// Processes of the node that are not below a living master.
    [[nodiscard]] std::vector<ProcessInfo> strays() const;
    void note_orphan(const ProcessInfo& process);

    asio::any_io_executor executor_;
    std::filesystem::path folder_;
    Address address_;
    std::optional<ChildProcess> master_;
    bool ended_ = false, stopping_ = false, finished_ = false;
    Milliseconds started_at_{0};  ///< monotonic
    std::vector<std::vector<MemorySample>> lives_;
    std::map<ProcessKey, Milliseconds> stray_since_;  ///< monotonic
    std::set<ProcessKey> orphans_;
    std::uint64_t kills_ = 0, master_crashes_ = 0;
};

}  // namespace emeth::soak
