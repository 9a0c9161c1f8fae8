#include "cli/browser.hpp"

#include <cstdlib>
#include <utility>

#include "runtime/child_process.hpp"

namespace emeth::cli {
namespace {

/// By which a program finds the desktop, and the browser that its owner has chosen.
constexpr const char* desktop_variables[] = {
    "DISPLAY",         "WAYLAND_DISPLAY",     "XAUTHORITY",       "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR", "XDG_DATA_DIRS",       "XDG_CONFIG_DIRS",  "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",   "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "DESKTOP_SESSION",
    "BROWSER"};

constexpr int not_installed = 127;
/// The shell ends at once; what it leaves behind is no child of ours, and so is not killed with us.
constexpr const char* open_and_leave =
    "command -v xdg-open >/dev/null 2>&1 || exit 127\n"
    "xdg-open \"$1\" </dev/null >/dev/null 2>&1 &\n";

}  // namespace

Task<Result<void>> open_in_browser(std::string url) {
    ChildOptions options;
    options.program = "/bin/sh";
    options.arguments = {"-c", open_and_leave, "sh", url};
    for (const char* name : desktop_variables)
        if (const char* value = std::getenv(name); value != nullptr) options.environment[name] = value;
    auto shell = ChildProcess::start(co_await asio::this_coro::executor, options);
    if (shell.has_error()) co_return shell.error();
    const ChildEnd end = co_await shell->wait();
    if (end.signal == 0 && end.exit_code == 0) co_return Result<void>{};
    const std::string by_hand = "; open " + url + " yourself";
    if (end.exit_code == not_installed)
        co_return permanent_error("no browser can be opened: xdg-open is not in PATH (apt-get install xdg-utils)" +
                                  by_hand);
    co_return permanent_error("no browser could be opened: the shell ended by " + end.describe() + by_hand);
}

}  // namespace emeth::cli
