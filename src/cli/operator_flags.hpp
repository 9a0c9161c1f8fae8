// What the operator's commands share: --data, the settings for when no master runs, and the way to an answer.
#pragma once

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "chain/amount.hpp"
#include "cli/command.hpp"
#include "cli/master_settings.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "node/admin/operator_command.hpp"
#include "node/core/config.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/utf8.hpp"

namespace emeth::cli {

struct OperatorFlags {
    ConfigFlags config;
    std::string data = ".emeth/node";
    bool json = false;

    void add_to(CLI::App& command) {
        config.add_to(command, master_settings());
        add_path(command, "--data", data, "the master's data folder", "DIR");
        command.add_flag("--json", json, "print the answer as one JSON object");
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

using Answer = boost::json::object;

inline Task<Result<void>> ask_and_print(asio::any_io_executor executor, OperatorFlags flags, std::string method,
                                        boost::json::object params, std::function<void(const Answer&)> print) {
    std::string data = flags.data;
    std::function<Result<node::OperatorSettings>()> settings = [&flags] { return flags.settings(); };
    const Result<boost::json::value> answer = co_await node::operator_command(
        std::move(executor), std::move(data), std::move(settings), std::move(method), std::move(params));
    if (answer.has_error()) co_return answer.error();
    if (flags.json || !answer->is_object()) {
        fmt::print("{}\n", json_text(*answer));
    } else {
        print(answer->get_object());
    }
    co_return Result<void>{};
}

/// Asks the running master, or does it here, and prints.
inline int run_operator_command(const std::string& command, const OperatorFlags& flags, boost::json::object params,
                                std::function<void(const Answer&)> print) {
    init_logging(command, "warn");
    return run_task(command, [&](asio::any_io_executor executor) {
        return ask_and_print(std::move(executor), flags, command, params, print);
    });
}

// Reading the answers: our own program gave them, but a reason may quote what a stranger wrote.

inline std::string text_of(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return "-";
    return value->is_string() ? one_line(value->get_string()) : json_text(*value);
}

/// Decimal wei → "12.5".
inline std::string coins_of(const Answer& object, std::string_view key) {
    const auto wei = chain::parse_wei(text_of(object, key));
    return wei.has_value() ? chain::format_coins(*wei) : "-";
}

inline const boost::json::array& list_of(const Answer& object, std::string_view key) {
    static const boost::json::array none;
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_array() ? value->get_array() : none;
}

}  // namespace emeth::cli
