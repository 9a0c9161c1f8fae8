// emeth top: the status of a running master, live on the whole terminal.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "cli/operator_flags.hpp"
#include "cli/top_screen.hpp"
#include "cli/top_terminal.hpp"
#include "node/admin/admin_socket.hpp"
#include "node/data_folder.hpp"
#include "runtime/clock.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Shows a running master on the whole terminal, again every second: money, servers, JOBs (the most endangered "
    "first), workers and log. `emeth status --watch` shows the same where there is no terminal, or no master.\n\n"
    "Keys: q quits; up and down, or k and j, scroll the JOBs; l shows the log alone, or everything again.\n\n"
    "Example:\n"
    "  emeth top --data ./node\n";

constexpr Milliseconds refresh{1'000}, key_pause{50};
constexpr Milliseconds answer_timeout{2'000};
constexpr std::size_t page = 10;

struct TopFlags {
    std::string data = ".emeth/node";
};

void read_log(const boost::json::value& answer, TopView& view) {
    if (!answer.is_object()) return;
    view.log.clear();
    for (const auto& line : list_of(answer.get_object(), "lines"))
        if (line.is_object())
            view.log.push_back(
                fmt::format("{} {}", text_of(line.get_object(), "level"), text_of(line.get_object(), "text")));
}

Task<> ask(std::filesystem::path socket, TopView& view) {
    const auto status = co_await node::ask_master(socket, "status", {}, answer_timeout);
    if (status.has_error()) {
        view.trouble = status.error().message;
        co_return;
    }
    view.trouble.clear();
    if (status->is_object()) view.status = status->get_object();
    const auto log = co_await node::ask_master(socket, "log", {}, answer_timeout);
    if (log.has_value()) read_log(*log, view);
}

/// False: the operator wants to leave.
bool act_on(TopTerminal::Key key, TopView& view) {
    const std::size_t jobs = list_of(view.status, "jobs").size();
    const auto scroll_down = [&](std::size_t by) { view.first_job = std::min(view.first_job + by, jobs); };
    const auto scroll_up = [&](std::size_t by) { view.first_job -= std::min(view.first_job, by); };
    switch (key) {
        case TopTerminal::Key::quit:
            return false;
        case TopTerminal::Key::up:
            scroll_up(1);
            break;
        case TopTerminal::Key::down:
            scroll_down(1);
            break;
        case TopTerminal::Key::page_up:
            scroll_up(page);
            break;
        case TopTerminal::Key::page_down:
            scroll_down(page);
            break;
        case TopTerminal::Key::log:
            view.shows_log = !view.shows_log;
            break;
        case TopTerminal::Key::none:
        case TopTerminal::Key::other:
            break;
    }
    return true;
}

Task<Result<void>> run(std::filesystem::path socket) {
    end_telling_of_waiting();
    TopTerminal terminal;
    TopView view;
    for (;;) {
        co_await ask(socket, view);
        terminal.draw(top_screen(view, terminal.width(), terminal.height()));
        const Milliseconds until = system_clock().monotonic() + refresh;
        while (system_clock().monotonic() < until) {
            const TopTerminal::Key key = terminal.key();
            if (!act_on(key, view)) co_return Result<void>{};
            if (key != TopTerminal::Key::none) terminal.draw(top_screen(view, terminal.width(), terminal.height()));
            co_await system_clock().sleep(key_pause);
        }
    }
}

}  // namespace

void register_top(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("top", "a running master, live on the whole terminal");
    command->footer(explanation);
    auto flags = std::make_shared<TopFlags>();
    add_path(*command, "--data", flags->data, "the master's data folder", "DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            if (!TopTerminal::is_possible())
                return fail("top", permanent_error("this is no terminal; `emeth status --watch` works anywhere"),
                            exit_usage);
            init_logging("top", "error");
            return run_task("top", [flags](asio::any_io_executor) { return run(node::admin_socket(flags->data)); });
        };
    });
}

}  // namespace emeth::cli
