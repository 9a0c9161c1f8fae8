#include "runtime/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;

constexpr int control_descriptor = 3;
/// Descriptors for the child are kept above their target numbers, so that no move overwrites another.
constexpr int first_free_descriptor = 10;
constexpr std::array inherited_variables{"PATH", "HOME",   "LANG",          "LC_ALL",
                                         "TZ",   "TMPDIR", "SSL_CERT_FILE", "EMETH_FAILPOINT"};

/// Where a child failed before exec; sent together with errno over a pipe that a successful exec closes.
enum class Step : int { parent_gone, move_descriptor, close_descriptors, execute };
struct StartFailure {
    Step step;
    int number;
};

/// Everything that the child needs between fork and exec, where nothing may be allocated.
struct Launch {
    std::string program;
    std::vector<std::string> arguments, environment;
    std::vector<char*> argv, envp;
    FileDescriptor input, output, control, failure;
    bool die_with_parent = true;
    pid_t parent = 0;
};

Result<fs::path> resolve(const fs::path& program) {
    if (program.has_parent_path()) return fs::absolute(program);
    const char* path = std::getenv("PATH");
    std::string_view folders = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
    for (;;) {
        const std::size_t colon = folders.find(':');
        const fs::path candidate = fs::path(folders.substr(0, colon)) / program;
        if (candidate.is_absolute() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
        if (colon == std::string_view::npos) break;
        folders.remove_prefix(colon + 1);
    }
    return permanent_error(
        fmt::format("cannot start {}: it is not in PATH; install it or name its folder", program.string()));
}

std::vector<std::string> environment_of(const ChildOptions& options) {
    std::map<std::string, std::string> variables;
    for (const char* name : inherited_variables) {
        if (const char* value = std::getenv(name); value != nullptr) variables[name] = value;
    }
    for (const auto& [name, value] : options.environment) variables[name] = value;
    std::vector<std::string> lines;
    for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
    return lines;
}

std::vector<char*> null_terminated(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (std::string& string : strings) pointers.push_back(string.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// Moves `descriptor` out of the way of 0 to 3.
Result<void> raise(FileDescriptor& descriptor) {
    const int raised = ::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, first_free_descriptor);
    if (raised < 0) return errno_error("cannot duplicate a file descriptor", errno);
    descriptor.reset(raised);
    return {};
}

Result<FileDescriptor> open_for_child(const fs::path& path, int flags) {
    FileDescriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!descriptor.is_open()) return errno_error("cannot open " + path.string(), errno);
    if (Result<void> raised = raise(descriptor); raised.has_error()) return raised.error();
    return descriptor;
}

/// The parent's end; the child's goes into `launch`.
Result<FileDescriptor> make_control_socket(Launch& launch) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return errno_error("cannot create a socket pair", errno);
    FileDescriptor own(ends[0]);
    launch.control.reset(ends[1]);
    if (::fcntl(own.get(), F_SETFL, O_NONBLOCK) != 0) return errno_error("cannot make a socket non-blocking", errno);
    if (Result<void> raised = raise(launch.control); raised.has_error()) return raised.error();
    return own;
}

/// The reading end; the child's goes into `launch`.
Result<FileDescriptor> make_failure_pipe(Launch& launch) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("cannot create a pipe", errno);
    FileDescriptor own(ends[0]);
    launch.failure.reset(ends[1]);
    if (Result<void> raised = raise(launch.failure); raised.has_error()) return raised.error();
    return own;
}

// The four functions below run in the child between fork and exec: async-signal-safe calls only.

[[noreturn]] void give_up(const Launch& launch, Step step) {
    const StartFailure failure{step, errno};
    // If even this fails, the parent still sees a child that exited with 127.
    [[maybe_unused]] const ssize_t written = ::write(launch.failure.get(), &failure, sizeof failure);
    ::_exit(127);
}

void move_descriptor(const Launch& launch, int from, int to) {
    if (::dup2(from, to) < 0) give_up(launch, Step::move_descriptor);
}

void reset_signals() {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const Launch& launch) {
    // Its own process group: Ctrl-C reaches only the parent, which ends its children in order.
    ::setpgid(0, 0);
    reset_signals();
    if (launch.die_with_parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != launch.parent) give_up(launch, Step::parent_gone);  // it died before prctl
    }
    move_descriptor(launch, launch.input.get(), STDIN_FILENO);
    if (launch.output.is_open()) {
        move_descriptor(launch, launch.output.get(), STDOUT_FILENO);
        move_descriptor(launch, launch.output.get(), STDERR_FILENO);
    }
    const bool has_control = launch.control.is_open();
    if (has_control) move_descriptor(launch, launch.control.get(), control_descriptor);
    const unsigned first_closed = control_descriptor + (has_control ? 1 : 0);
    if (::close_range(first_closed, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) give_up(launch, Step::close_descriptors);
    ::execve(launch.program.c_str(), launch.argv.data(), launch.envp.data());
    give_up(launch, Step::execute);
}

/// Signals are blocked meanwhile, lest a handler of the parent run in the child.
pid_t fork_child(const Launch& launch) {
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid == 0) run_child(launch);
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
}

/// Waits for the exec, which closes the pipe, or for the message that it failed.
Result<void> await_exec(const FileDescriptor& pipe, const std::string& program) {
    StartFailure failure{};
    ssize_t count = 0;
    do {
        count = ::read(pipe.get(), &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    if (count != static_cast<ssize_t>(sizeof failure)) return {};
    const auto what = [&](std::string_view step) { return fmt::format("cannot start {}{}", program, step); };
    switch (failure.step) {
        case Step::parent_gone:
            return canceled_error(what(": its parent ended"));
        case Step::move_descriptor:
            return errno_error(what(" (dup2)"), failure.number);
        case Step::close_descriptors:
            return errno_error(what(" (close_range; Linux 5.11 or newer is needed)"), failure.number);
        case Step::execute:
            return errno_error(what(""), failure.number);
    }
    return {};
}

/// pidfds are CLOEXEC by default. Called by number: glibc 2.36 declares pidfd_open() without extern "C".
FileDescriptor open_pidfd(pid_t pid) {
    return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

bool is_reaped(pid_t pid) {
    return ::waitpid(pid, nullptr, WNOHANG) != 0;
}

/// Killed, and not dead yet. Io thread only.
std::vector<pid_t>& strays() {
    static std::vector<pid_t> pids;
    return pids;
}

ChildEnd end_of(int status) {
    if (WIFSIGNALED(status)) return {.exit_code = 0, .signal = WTERMSIG(status)};
    return {.exit_code = WEXITSTATUS(status), .signal = 0};
}

Result<Launch> prepare(const ChildOptions& options) {
    const Result<fs::path> program = resolve(options.program);
    if (program.has_error()) return program.error();
    Launch launch;
    launch.program = program->string();
    launch.arguments = options.arguments;
    launch.arguments.insert(launch.arguments.begin(), launch.program);
    launch.environment = environment_of(options);
    launch.argv = null_terminated(launch.arguments);
    launch.envp = null_terminated(launch.environment);
    launch.die_with_parent = options.die_with_parent;
    launch.parent = ::getpid();
    Result<FileDescriptor> input = open_for_child("/dev/null", O_RDONLY);
    if (input.has_error()) return input.error();
    launch.input = std::move(*input);
    if (!options.output.empty()) {
        Result<FileDescriptor> output = open_for_child(options.output, O_WRONLY | O_CREAT | O_APPEND);
        if (output.has_error()) return output.error();
        launch.output = std::move(*output);
    }
    return launch;
}

}  // namespace

std::string ChildEnd::describe() const {
    if (signal == 0) return fmt::format("exit code {}", exit_code);
    const char* name = ::sigabbrev_np(signal);
    return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("signal {} (SIG{})", signal, name);
}

struct ChildProcess::Impl {
    Impl(const asio::any_io_executor& executor, pid_t process, int process_descriptor, FileDescriptor socket)
        : pid(process), ending(executor, process_descriptor), control(std::move(socket)) {}

    /// Until the child is reaped, its pid cannot be reused.
    void reap_now() {
        end = end_of(reap(pid));
        ending.close();
    }

    /// After a SIGKILL.
    void reap_or_leave() {
        constexpr int looks_max = 100, look_ms = 5;
        for (int look = 0; look < looks_max; ++look) {
            if (is_reaped(pid)) break;
            if (look + 1 == looks_max) strays().push_back(pid);
            ::poll(nullptr, 0, look_ms);
        }
        end = ChildEnd{0, SIGKILL};
        ending.close();
    }

    /// Works even before anybody has waited for its end.
    bool runs() {
        pollfd ended{ending.native_handle(), POLLIN, 0};
        return !end && ::poll(&ended, 1, 0) == 0;
    }

    /// Kills the child together with everything that it started and left in its process group.
    void kill_group() const {
        if (!end) ::kill(-pid, SIGKILL);
    }

    static Task<Result<ChildEnd>> wait(std::shared_ptr<Impl> impl) {
        if (!impl->end) {
            auto [error] = co_await impl->ending.async_wait(asio::posix::stream_descriptor::wait_read,
                                                            asio::as_tuple(asio::use_awaitable));
            if (!impl->end) {
                if (error) throw boost::system::system_error(error);
                impl->reap_now();
            }
        }
        co_return *impl->end;
    }

    pid_t pid;
    asio::posix::stream_descriptor ending;  // a pidfd: readable once the process has ended
    FileDescriptor control;
    std::optional<ChildEnd> end;
};

Result<ChildProcess> ChildProcess::start(const asio::any_io_executor& executor, const ChildOptions& options) {
    std::erase_if(strays(), is_reaped);
    Result<Launch> launch = prepare(options);
    if (launch.has_error()) return launch.error();
    FileDescriptor control;
    if (options.control_socket) {
        Result<FileDescriptor> socket = make_control_socket(*launch);
        if (socket.has_error()) return socket.error();
        control = std::move(*socket);
    }
    const Result<FileDescriptor> failure = make_failure_pipe(*launch);
    if (failure.has_error()) return failure.error();

    const pid_t pid = fork_child(*launch);
    if (pid < 0) return errno_error("cannot start " + launch->program + " (fork)", errno);
    launch->failure.reset();
    const Result<void> executed = await_exec(*failure, launch->program);
    if (!executed) {
        reap(pid);
        return executed.error();
    }
    FileDescriptor process = open_pidfd(pid);
    if (!process.is_open()) {
        Error error =
            errno_error("cannot watch " + launch->program + " (pidfd_open; Linux 5.3 or newer is needed)", errno);
        ::kill(-pid, SIGKILL);
        reap(pid);
        return error;
    }
    return ChildProcess(std::make_shared<Impl>(executor, pid, process.release(), std::move(control)));
}

ChildProcess::ChildProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    std::swap(impl_, other.impl_);
    return *this;
}

ChildProcess::~ChildProcess() {
    if (!impl_ || impl_->end) return;
    impl_->kill_group();
    impl_->reap_or_leave();
}

pid_t ChildProcess::pid() const {
    return impl_->pid;
}

int ChildProcess::release_control_socket() {
    return impl_->control.release();
}

void ChildProcess::signal(int number) {
    if (!impl_->end) ::kill(impl_->pid, number);
}

bool ChildProcess::running() const {
    return impl_->runs();
}

Task<ChildEnd> ChildProcess::wait() {
    const std::shared_ptr<Impl> impl = impl_;
    const Result<ChildEnd> end = co_await Impl::wait(impl);
    co_return *end;
}

Task<ChildEnd> ChildProcess::stop(int first, int grace_ms) {
    const std::shared_ptr<Impl> impl = impl_;
    signal(first);
    Result<ChildEnd> end =
        co_await with_timeout(Impl::wait(impl), Milliseconds(grace_ms), "the end of a child process");
    if (end) co_return *end;
    impl->kill_group();
    end = co_await Impl::wait(impl);
    co_return *end;
}

fs::path own_program_path() {
    return fs::read_symlink("/proc/self/exe");
}

}  // namespace emeth
