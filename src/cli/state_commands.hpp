// What the subcommands of `emeth state` share. Each file of cli/state_*.cpp registers one or a few of them.
#pragma once

#include <CLI/App.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "runtime/progress_bar.hpp"
#include "runtime/result.hpp"
#include "storage/store.hpp"

namespace emeth::cli {

/// --data, and what opens the store of that folder.
struct StateFlags {
    std::string data = ".emeth/node";
    bool json = false;

    void add_to(CLI::App& command);
    void add_json(CLI::App& command, const std::string& help);
};

/// Opens the store read-only, also beside a running master, and does `work`; returns the exit code.
int inspect_store(const StateFlags& flags, const std::function<Result<void>(storage::NodeStore&)>& work);

/// A JOB's id, or as many of its first digits (8 at least) as no other JOB of the store begins with. Errors name the
/// remedy.
Result<statemachine::Job> find_job(storage::NodeStore& store, const StateFlags& flags, std::string_view id);

/// Going through a whole store: on all processors, with a bar on standard error if it takes more than two seconds.
class WatchedEffort {
public:
    WatchedEffort(const storage::Inspection& inspection, const std::string& title);
    WatchedEffort(const WatchedEffort&) = delete;
    WatchedEffort& operator=(const WatchedEffort&) = delete;

    [[nodiscard]] const storage::Effort& effort() const { return effort_; }

private:
    ProgressBar bar_;
    storage::Effort effort_;
};

void add_state_list(CLI::App& state, Invocation& invocation);
void add_state_show(CLI::App& state, Invocation& invocation);
void add_state_history(CLI::App& state, Invocation& invocation);
void add_state_stats(CLI::App& state, Invocation& invocation);
void add_state_graph(CLI::App& state, Invocation& invocation);
void add_state_verify(CLI::App& state, Invocation& invocation);
/// dump and load.
void add_state_dump(CLI::App& state, Invocation& invocation);
void add_state_force(CLI::App& state, Invocation& invocation);

}  // namespace emeth::cli
