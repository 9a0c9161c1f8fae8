// The chapters of the demo: request, train, kill, verify, withdraw. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "cli/demo/demo_display.hpp"
#include "cli/demo/demo_processes.hpp"
#include "cli/demo/demo_report.hpp"
#include "network/devnet/devnet.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::cli {

class DemoStory {
public:
    /// All must outlive the story. The devnet's run() is awaited elsewhere. `open`: the pages of node and network in
    /// the reader's browser, as soon as both are there.
    DemoStory(network::Devnet& devnet, DemoProcesses& processes, DemoDisplay& display, std::filesystem::path data,
              bool open);

    /// Runs all chapters. On failure, report() holds what is known so far.
    Task<Result<void>> tell();
    [[nodiscard]] const DemoReport& report() const { return report_; }

private:
    Task<Result<void>> request_jobs();
    Task<Result<void>> start_node();
    Task<> open_pages();
    Task<Result<void>> until_verified();
    Task<Result<void>> kill_and_restart(statemachine::Job job);
    Task<Result<void>> withdraw();
    Task<Result<void>> check();
    [[nodiscard]] DemoParties parties() const;
    [[nodiscard]] std::filesystem::path store() const;
    [[nodiscard]] std::set<std::uint64_t> slots() const;

    network::Devnet& devnet_;
    DemoProcesses& processes_;
    DemoDisplay& display_;
    std::filesystem::path data_;
    bool open_;
    DemoReport report_;
    std::optional<JobId> killed_job_;
};

}  // namespace emeth::cli
