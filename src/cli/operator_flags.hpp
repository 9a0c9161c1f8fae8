// What the operator's commands share: --data, the settings for when no master runs, and the way to an answer.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cli/answer_text.hpp"
#include "cli/command.hpp"
#include "cli/master_settings.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "node/admin/admin_socket.hpp"
#include "node/admin/operator_command.hpp"
#include "node/core/config.hpp"
#include "node/data_folder.hpp"
#include "runtime/clock.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"

namespace emeth::cli {

struct OperatorFlags {
    ConfigFlags config;
    std::string data = ".emeth/node";
    bool json = false;
    bool watch = false;

    void add_to(CLI::App& command) {
        config.add_to(command, master_settings());
        add_path(command, "--data", data, "the master's data folder", "DIR");
        command.add_flag("--json", json, "print the answer as one JSON object");
    }

    /// For commands that only show something.
    void add_watch_to(CLI::App& command) {
        command.add_flag("--watch", watch, "show it again every 2 seconds, until Ctrl-C");
    }

    [[nodiscard]] Result<node::OperatorSettings> settings() const {
        const auto values = config.load();
        if (values.has_error()) return values.error();
        auto checked = read_master_settings(*values);
        if (checked.has_error()) return checked.error();
        auto key = node::read_private_key(*values);
        if (key.has_error()) return key.error();
        return node::OperatorSettings{std::move(*checked), std::move(*key)};
    }
};

/// Asks the running master, or does it here. `flags` must outlive the call.
inline Task<Result<boost::json::value>> ask_node(asio::any_io_executor executor, const OperatorFlags& flags,
                                                 std::string method, boost::json::object params) {
    std::string data = flags.data;
    std::function<Result<node::OperatorSettings>()> settings = [&flags] { return flags.settings(); };
    co_return co_await node::operator_command(std::move(executor), std::move(data), std::move(settings),
                                              std::move(method), std::move(params));
}

inline void show(const OperatorFlags& flags, const boost::json::value& answer,
                 const std::function<void(const Answer&)>& print) {
    if (flags.json || !answer.is_object())
        fmt::print("{}\n", json_text(answer));
    else
        print(answer.get_object());
}

inline Task<Result<void>> ask_and_print(asio::any_io_executor executor, OperatorFlags flags, std::string method,
                                        boost::json::object params, std::function<void(const Answer&)> print) {
    const auto answer = co_await ask_node(std::move(executor), flags, std::move(method), std::move(params));
    if (answer.has_error()) co_return answer.error();
    show(flags, *answer, print);
    co_return Result<void>{};
}

/// Asks again and again, until Ctrl-C: on a terminal each answer takes the place of the last one. What fails once may
/// work the next time, as when the master is started again.
inline Task<Result<void>> watch(asio::any_io_executor executor, OperatorFlags flags, std::string method,
                                boost::json::object params, std::function<void(const Answer&)> print) {
    constexpr Milliseconds pause{2'000};
    // Without a master each look holds the data folder's lock, and where servers are asked, for as long as they take: a
    // master could not start.
    const bool asks_servers = method == "joblist" || method == "rewards";
    if (asks_servers && !node::admin_answers(node::admin_socket(flags.data)))
        co_return permanent_error("no master is running in " + flags.data + ", which --watch of this command needs");
    const bool on_terminal = ::isatty(STDOUT_FILENO) == 1 && !flags.json;
    for (;;) {
        if (on_terminal) fmt::print("\x1b[H\x1b[2J");
        const Result<void> shown = co_await ask_and_print(executor, flags, method, params, print);
        if (shown.has_error()) fail(method, shown.error(), exit_failed);
        if (!on_terminal && !flags.json) fmt::print("\n");
        std::fflush(stdout);
        if (std::ferror(stdout) != 0) co_return permanent_error("the output cannot be written any more");
        co_await system_clock().sleep(pause);
    }
}

/// Asks, and prints the answer.
inline int run_operator_command(const std::string& command, const OperatorFlags& flags, boost::json::object params,
                                std::function<void(const Answer&)> print) {
    init_logging(command, "warn");
    return run_task(command, [&](asio::any_io_executor executor) {
        return flags.watch ? watch(std::move(executor), flags, command, params, print)
                           : ask_and_print(std::move(executor), flags, command, params, print);
    });
}

}  // namespace emeth::cli
