// The demo's node: one master and its workers as processes of their own, so that they can be killed with SIGKILL and
// started again. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/child_process.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::cli {

struct Kill {
    std::string process;  ///< "master", "worker 2"
    std::int64_t at_unix_ms = 0;
};

class DemoProcesses {
public:
    DemoProcesses(asio::any_io_executor executor, std::filesystem::path folder, std::size_t workers);

    /// Writes the settings of master and workers and generates their keys; `network_settings` are the devnet's lines.
    Result<void> prepare(const std::string& network_settings);
    Result<void> start_master();
    Result<void> start_worker(std::size_t index);
    /// SIGKILL; waits for the end and records it.
    Task<> kill_master();
    Task<> kill_worker(std::size_t index);
    /// Sends SIGTERM in order, and SIGKILL after 5 s.
    Task<> stop_all();

    /// The first process that ended by itself, with the last line of its log; none while all run.
    [[nodiscard]] std::optional<std::string> unexpected_end() const;
    [[nodiscard]] std::optional<std::size_t> worker_with(const Address& address) const;
    [[nodiscard]] const Address& node_address() const { return node_address_; }
    [[nodiscard]] const std::vector<Kill>& kills() const { return kills_; }
    /// The dashboard's address, once prepared.
    [[nodiscard]] const std::string& dashboard() const { return dashboard_; }
    [[nodiscard]] std::filesystem::path master_folder() const { return folder_ / "master"; }
    [[nodiscard]] std::filesystem::path worker_folder(std::size_t index) const;
    [[nodiscard]] std::filesystem::path master_settings() const { return folder_ / "master.env"; }

private:
    struct Process {
        std::string name;
        std::filesystem::path log;
        std::optional<ChildProcess> child;
    };
    Result<void> start(Process& process, std::vector<std::string> arguments);
    Task<> kill(Process& process);

    asio::any_io_executor executor_;
    std::filesystem::path folder_;
    Process master_;
    std::vector<Process> workers_;
    std::vector<Address> worker_addresses_;
    Address node_address_;
    std::string dashboard_;
    std::vector<Kill> kills_;
};

}  // namespace emeth::cli
