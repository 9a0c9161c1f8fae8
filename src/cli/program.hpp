// What the subcommands share: the configuration flags, the io thread, printing of errors.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/env_config.hpp"
#include "runtime/result.hpp"
#include "runtime/setting.hpp"
#include "runtime/task.hpp"
#include "runtime/waiting.hpp"
#include "statemachine/types.hpp"

namespace emeth::cli {

/// --config FILE and one flag for each setting, with its help and default (but never privateKey: keys do not belong in
/// argv; use privateKey_file, the .env file or the environment).
struct ConfigFlags {
    std::string file;
    std::map<std::string, std::string> values;
    std::set<std::string> keys;

    void add_to(CLI::App& command, const std::vector<SettingDeclaration>& settings);
    /// File, then environment, then flags. Keys of the file that no command knows are refused (shared_settings.hpp).
    [[nodiscard]] Result<EnvConfig> load() const;
};

using Work = std::function<Task<Result<void>>(asio::any_io_executor)>;

/// Runs `work` on a new io_context of this thread until it ends, or until SIGINT/SIGTERM cancels it (an orderly end
/// counts as success). An Error or exception is printed as one line "emeth <command>: <message>" on stderr and gives
/// `failure_code`. What is waited for longer than 2 s is named on stderr as well (runtime/waiting.hpp).
int run_task(const std::string& command, Work work, int failure_code = 1);

/// The same for what runs until it is ended: while it starts, its log names what is waited for. Once it has started, it
/// calls end_telling_of_waiting().
int run_service(const std::string& command, Work work, int failure_code = 1);

/// A service that deals with signals itself (runtime/shutdown.hpp), because it has children to end in order.
int run_to_end(const std::string& command, Work work, int failure_code = 1);

/// For what a command does before run_task(): while it lives, what is waited for is named on stderr.
WaitingTeller tell_on_stderr(std::string command);

/// An id in full. The Error shows what was given as far as it may be shown.
Result<JobId> parse_job_id(std::string_view text);

/// One line on stderr; returns `code`.
int fail(const std::string& command, const Error& error, int code);

/// What CLI11 has to say about the flags, for App::failure_message(). It quotes what it does not know, which may be a
/// key: that is left out.
std::string refused_arguments(const CLI::App* app, const CLI::Error& error);

}  // namespace emeth::cli
