// Child processes of a daemon: started from the io thread, killed together with it, inheriting only what is named.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth {

struct ChildOptions {
    std::filesystem::path program;                   ///< absolute, or looked up in PATH
    std::vector<std::string> arguments;              ///< without argv[0]; never a key
    std::map<std::string, std::string> environment;  ///< added to the allow-list PATH, HOME, LANG, LC_ALL, TZ, TMPDIR,
                                                     ///< SSL_CERT_FILE; the rest is cleared
    std::filesystem::path output;                    ///< stdout and stderr are appended here (0600); empty: inherited
    bool control_socket = false;                     ///< a socket pair: the child's end is descriptor 3
    bool die_with_parent = true;  ///< PR_SET_PDEATHSIG SIGKILL: fires when the forking thread ends, hence the io thread
};

/// How a child ended, in words: "signal 9 (SIGKILL)", "exit code 3".
struct ChildEnd {
    int exit_code = 0;  ///< meaningful when `signal` is 0
    int signal = 0;
    [[nodiscard]] std::string describe() const;
};

/// Call from the io thread only. Destroying a running child kills it (SIGKILL) and reaps it. One that the kernel does
/// not let go at once, because it waits for a device that does not answer, is left behind and reaped at a later start.
class ChildProcess {
public:
    static Result<ChildProcess> start(const asio::any_io_executor& executor, const ChildOptions& options);
    ChildProcess(ChildProcess&&) noexcept;
    ChildProcess& operator=(ChildProcess&&) noexcept;
    ~ChildProcess();

    [[nodiscard]] pid_t pid() const;
    /// The parent's end of the control socket, non-blocking and CLOEXEC; the caller takes it over. -1 when there is
    /// none, or when it was taken already.
    int release_control_socket();
    void signal(int number);
    [[nodiscard]] bool running() const;
    /// Returns at once if the child has already ended. May be awaited by one coroutine at a time.
    Task<ChildEnd> wait();
    /// `first` (SIGTERM or SIGINT), then SIGKILL after `grace_ms`.
    Task<ChildEnd> stop(int first, int grace_ms);

private:
    struct Impl;
    explicit ChildProcess(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;  // a waiter holds it, too
};

/// The absolute path of the running program, used to find siblings ("emeth-trainer" next to "emeth").
std::filesystem::path own_program_path();

}  // namespace emeth
