#include "runtime/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "runtime/durable_file.hpp"
#include "support/temporary_folder.hpp"
#include "unit/runtime/run_task.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;
using test::run_task;
using test::settle;
using test::Started;
using testing::HasSubstr;
using testing::Not;

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

ChildOptions shell(std::string script) {
    ChildOptions options;
    options.program = "/bin/sh";
    options.arguments = {"-c", std::move(script)};
    return options;
}

struct ChildProcessTest : testing::Test {
    asio::io_context io;
    test::TemporaryFolder folder;
    fs::path output = folder.path() / "output";

    ChildProcess start(const ChildOptions& options) { return ChildProcess::start(io.get_executor(), options).value(); }
    ChildEnd run(const ChildOptions& options) {
        ChildProcess child = start(options);
        return run_task(io, child.wait());
    }
    /// What a shell script prints.
    std::string output_of(ChildOptions options) {
        options.output = output;
        EXPECT_EQ(run(options).describe(), "exit code 0");
        return read_file(output, 1 << 16).value();
    }
};

TEST_F(ChildProcessTest, ReportsExitCodesAndSignals) {
    EXPECT_EQ(run(shell("exit 0")).describe(), "exit code 0");
    EXPECT_EQ(run(shell("exit 3")).describe(), "exit code 3");
    EXPECT_EQ(run(shell("kill -KILL $$")).describe(), "signal 9 (SIGKILL)");
}

TEST_F(ChildProcessTest, WaitMayBeRepeatedAndRunningEnds) {
    ChildProcess child = start(shell("exec sleep 60"));
    EXPECT_TRUE(child.running());
    child.signal(SIGKILL);
    EXPECT_EQ(run_task(io, child.wait()).signal, SIGKILL);
    EXPECT_FALSE(child.running());
    EXPECT_EQ(run_task(io, child.wait()).signal, SIGKILL);
    child.signal(SIGTERM);  // must reach nobody
}

TEST_F(ChildProcessTest, AnEndIsSeenBeforeAnybodyWaitsForIt) {
    ChildProcess child = start(shell("exit 4"));
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(child.running());
    EXPECT_EQ(run_task(io, child.wait()).exit_code, 4);
}

TEST_F(ChildProcessTest, FindsItsProgramInPath) {
    ChildOptions options;
    options.program = "true";
    EXPECT_EQ(run(options).exit_code, 0);
}

TEST_F(ChildProcessTest, ProgramsThatCannotRunAreNamed) {
    const auto error_of = [&](const fs::path& program) {
        ChildOptions options;
        options.program = program;
        return ChildProcess::start(io.get_executor(), options).error();
    };
    EXPECT_EQ(error_of("/no/such/emeth-trainer"),
              permanent_error("cannot start /no/such/emeth-trainer: No such file or directory"));
    EXPECT_EQ(error_of("no-such-emeth-program"),
              permanent_error("cannot start no-such-emeth-program: it is not in PATH; install it or name its folder"));
    ASSERT_TRUE(write_file_durably(folder.path() / "text", std::string_view("x"), 0600).has_value());
    EXPECT_THAT(error_of(folder.path() / "text").message, HasSubstr("Permission denied; check its owner and mode"));
}

TEST_F(ChildProcessTest, EnvironmentIsClearedToTheAllowList) {
    ::setenv("EMETH_TEST_PRIVATE_KEY", "0x1234secret", 1);
    ::setenv("TZ", "UTC", 1);
    ChildOptions options;
    options.program = "/usr/bin/env";
    options.environment = {{"EMETH_TEST_ADDED", "yes"}, {"LANG", "C.UTF-8"}};
    const std::string environment = output_of(options);
    ::unsetenv("EMETH_TEST_PRIVATE_KEY");
    EXPECT_THAT(environment, Not(HasSubstr("secret")));
    EXPECT_THAT(environment, HasSubstr("EMETH_TEST_ADDED=yes\n"));
    EXPECT_THAT(environment, HasSubstr("LANG=C.UTF-8\n"));
    EXPECT_THAT(environment, HasSubstr("TZ=UTC\n"));
    EXPECT_THAT(environment, HasSubstr("PATH="));
}

TEST_F(ChildProcessTest, OutputIsAppendedToAPrivateFile) {
    EXPECT_EQ(output_of(shell("echo out; echo err >&2")), "out\nerr\n");
    EXPECT_EQ(output_of(shell("echo again")), "out\nerr\nagain\n");
    struct stat status{};
    ASSERT_EQ(::stat(output.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ChildProcessTest, ChildInheritsNoDescriptorAndNoSignalDisposition) {
    constexpr int leaky = 200;
    ASSERT_EQ(::dup2(STDERR_FILENO, leaky), leaky);  // without CLOEXEC
    std::signal(SIGUSR1, SIG_IGN);
    // A handler that is not reset would let the shell survive.
    const std::string listing = output_of(shell("ls /proc/self/fd; sh -c 'kill -USR1 $$; echo survived'; exit 0"));
    ::close(leaky);
    std::signal(SIGUSR1, SIG_DFL);
    EXPECT_EQ(listing.substr(0, 8), "0\n1\n2\n3\n");  // 3 is the folder that ls reads
    EXPECT_THAT(listing, Not(HasSubstr("200")));
    EXPECT_THAT(listing, Not(HasSubstr("survived")));
}

TEST_F(ChildProcessTest, ChildHasItsOwnProcessGroup) {
    ChildProcess child = start(shell("exec sleep 60"));
    EXPECT_EQ(::getpgid(child.pid()), child.pid());
    EXPECT_NE(::getpgid(0), child.pid());
}

Task<std::string> echo(int socket_descriptor, std::string text) {
    asio::local::stream_protocol::socket socket(co_await asio::this_coro::executor, asio::local::stream_protocol(),
                                                socket_descriptor);
    const asio::const_buffer out = asio::buffer(text);
    co_await asio::async_write(socket, out, asio::use_awaitable);
    std::string answer(text.size(), '\0');
    const asio::mutable_buffer in = asio::buffer(answer);
    co_await asio::async_read(socket, in, asio::use_awaitable);
    co_return answer;
}

TEST_F(ChildProcessTest, ControlSocketIsDescriptorThree) {
    ChildOptions options = shell("cat <&3 >&3");
    options.control_socket = true;
    ChildProcess child = start(options);
    const int socket = child.release_control_socket();
    EXPECT_EQ(child.release_control_socket(), -1);
    EXPECT_EQ(::fcntl(socket, F_GETFD), FD_CLOEXEC);
    EXPECT_NE(::fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(run_task(io, echo(socket, "length-prefixed")), "length-prefixed");
    EXPECT_EQ(run_task(io, child.wait()).exit_code, 0);  // the socket's end ended it
}

TEST_F(ChildProcessTest, WithoutControlSocketThereIsNone) {
    ChildProcess child = start(shell("exit 0"));
    EXPECT_EQ(child.release_control_socket(), -1);
}

TEST_F(ChildProcessTest, NoDescriptorLeaks) {
    ChildOptions options = shell("exit 0");
    options.control_socket = true;
    options.output = output;
    run(options);  // the io_context has opened its own by now
    const std::size_t before = open_descriptors();
    for (int round = 0; round < 3; ++round) run(options);
    options.program = "/no/such/program";
    EXPECT_TRUE(ChildProcess::start(io.get_executor(), options).has_error());
    {
        ChildProcess killed = start(shell("exec sleep 60"));
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ChildProcessTest, DestroyingARunningChildKillsAndReapsIt) {
    pid_t pid = 0;
    {
        ChildProcess child = start(shell("exec sleep 60"));
        pid = child.pid();
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

/// As one that waits for a GPU which does not answer. Here its tracer has to be told of its end first.
TEST_F(ChildProcessTest, OneThatDoesNotDieAtOnceIsLeftBehindAndReapedLater) {
    std::optional<ChildProcess> child = start(shell("exec sleep 1000"));
    const pid_t pid = child->pid();
    std::array<int, 2> told{};
    ASSERT_EQ(::pipe2(told.data(), O_CLOEXEC), 0);
    const pid_t tracer = ::fork();
    if (tracer == 0) {
        const char traces = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
        if (::write(told[1], &traces, 1) == 1) ::pause();
        ::_exit(0);
    }
    char traces = 0;
    EXPECT_EQ(::read(told[0], &traces, 1), 1);
    child.reset();
    EXPECT_TRUE(traces != 'y' || ::kill(pid, 0) == 0) << "it is reaped already";
    ::kill(tracer, SIGKILL);
    ::waitpid(tracer, nullptr, 0);
    for (const int end : told) ::close(end);
    if (traces != 'y') GTEST_SKIP() << "this user may not trace its processes";
    start(shell("exit 0"));
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(ChildProcessTest, DestroyingItEndsAWaitThatIsPending) {
    auto child = std::make_unique<ChildProcess>(start(shell("exec sleep 60")));
    Started<ChildEnd> waiting(io, child->wait());
    settle(io);
    child.reset();
    settle(io);
    ASSERT_TRUE(waiting.ended());
    EXPECT_EQ(waiting.result().signal, SIGKILL);
}

TEST_F(ChildProcessTest, StopAsksFirst) {
    ChildOptions options = shell("trap 'exit 7' TERM; echo ready >&3; while :; do sleep 0.01; done");
    options.control_socket = true;
    ChildProcess child = start(options);
    const int socket = child.release_control_socket();
    ::fcntl(socket, F_SETFL, 0);
    char ready = 0;
    ASSERT_EQ(::read(socket, &ready, 1), 1);  // the trap is set
    ::close(socket);
    EXPECT_EQ(run_task(io, child.stop(SIGTERM, 60'000)).describe(), "exit code 7");
}

TEST_F(ChildProcessTest, StopKillsWhatDoesNotListen) {
    ChildOptions options = shell("trap '' TERM; echo ready >&3; while :; do sleep 0.1; done");
    options.control_socket = true;
    ChildProcess child = start(options);
    const int socket = child.release_control_socket();
    ::fcntl(socket, F_SETFL, 0);
    char ready = 0;
    ASSERT_EQ(::read(socket, &ready, 1), 1);
    ::close(socket);
    EXPECT_EQ(run_task(io, child.stop(SIGTERM, 1)).describe(), "signal 9 (SIGKILL)");
}

TEST_F(ChildProcessTest, CancelledWaitThrowsAndTheChildLives) {
    ChildProcess child = start(shell("exec sleep 60"));
    Started<ChildEnd> waiting(io, child.wait());
    settle(io);
    waiting.cancel();
    settle(io);
    EXPECT_THROW(waiting.result(), boost::system::system_error);
    EXPECT_TRUE(child.running());
    EXPECT_EQ(run_task(io, child.stop(SIGTERM, 60'000)).signal, SIGTERM);
}

/// The process in the middle: starts its own child, reports its pid, and runs until it is killed.
[[noreturn]] void be_parent(int report, bool die_with_parent) {
    asio::io_context io;
    ChildOptions options = shell("exec sleep 30");
    options.die_with_parent = die_with_parent;
    const Result<ChildProcess> child = ChildProcess::start(io.get_executor(), options);
    const pid_t pid = child ? child->pid() : -1;
    static_cast<void>(!::write(report, &pid, sizeof pid));
    for (;;) ::pause();
}

TEST(ChildOfAKilledParent, DiesWithIt) {
    // Orphans come to this process, which can then see how they end. Without PR_SET_PDEATHSIG the sleep would end by
    // itself, with exit code 0.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const pid_t middle = ::fork();
    if (middle == 0) be_parent(ends[1], true);
    pid_t grandchild = -1;
    ASSERT_EQ(::read(ends[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
    ASSERT_GT(grandchild, 0);
    ::kill(middle, SIGKILL);
    ASSERT_EQ(::waitpid(middle, nullptr, 0), middle);
    int status = 0;
    ASSERT_EQ(::waitpid(grandchild, &status, 0), grandchild);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
    ::close(ends[0]);
    ::close(ends[1]);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(OwnProgram, IsThisTest) {
    EXPECT_EQ(own_program_path().filename(), "runtime_test");
}

}  // namespace
}  // namespace emeth
