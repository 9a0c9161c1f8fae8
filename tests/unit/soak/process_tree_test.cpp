// Real processes: a shell and its child.
#include "soak/process_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "runtime/child_process.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::soak {
namespace {

class ProcessTree : public ::testing::Test {
protected:
    void SetUp() override {
        ChildOptions options;
        options.program = "/bin/sh";
        options.arguments = {"-c", "sleep 60; true"};
        options.output = folder_.path() / "log";
        shell_.emplace(ChildProcess::start(io_.get_executor(), options).value());
    }

    /// Waits, because the shell takes its time to fork, and its child to become another program: it has that one's name
    /// a moment before its arguments and its memory.
    std::vector<ProcessInfo> children() {
        for (int attempt = 0; attempt < 500; ++attempt, ::usleep(10'000))
            if (auto found = descendants(living_processes(), shell_->pid());
                !found.empty() && found.front().arguments.starts_with("sleep"))
                return found;
        return {};
    }

    asio::io_context io_;
    test::TemporaryFolder folder_;
    std::optional<ChildProcess> shell_;
};

TEST_F(ProcessTree, DescendantsAreFound) {
    const auto found = children();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found.front().parent, shell_->pid());
    EXPECT_EQ(found.front().program, "sleep");
    EXPECT_EQ(found.front().arguments, "sleep 60 ");
    EXPECT_GT(found.front().rss_bytes, 0u);
    EXPECT_TRUE(descendants(living_processes(), found.front().key.pid).empty());
}

TEST_F(ProcessTree, WorkIsFoundByArgumentsAndByOutput) {
    ASSERT_EQ(children().size(), 1u);
    EXPECT_EQ(working_in(living_processes(), folder_.path()).size(), 2u);
    EXPECT_TRUE(working_in(living_processes(), folder_.path() / "lo").empty());
}

TEST_F(ProcessTree, TheDeadAreNotAmongTheLiving) {
    const auto found = children();
    ASSERT_EQ(found.size(), 1u);
    const auto lives = [](const ProcessKey& key) {
        const auto living = living_processes();
        return std::any_of(living.begin(), living.end(),
                           [&](const ProcessInfo& process) { return process.key == key; });
    };
    const auto shells = working_in(living_processes(), folder_.path());
    const auto shell = std::find_if(shells.begin(), shells.end(),
                                    [&](const ProcessInfo& process) { return process.key.pid == shell_->pid(); });
    ASSERT_NE(shell, shells.end());
    ASSERT_TRUE(lives(shell->key));
    ::kill(shell_->pid(), SIGKILL);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(shell_->pid()), &info, WEXITED | WNOWAIT), 0);  // dead, and not reaped
    EXPECT_FALSE(lives(shell->key));
    EXPECT_EQ(rss_bytes_of(shell->key.pid), 0u);
}

}  // namespace
}  // namespace emeth::soak
