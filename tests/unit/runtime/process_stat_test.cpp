#include "runtime/process_stat.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace emeth {
namespace {

TEST(ProcessStat, TellsOfThisProcess) {
    const auto stat = read_process_stat(::getpid());
    ASSERT_TRUE(stat.has_value());
    EXPECT_EQ(stat->state, 'R');
    EXPECT_FALSE(stat->has_ended());
    EXPECT_EQ(stat->parent, ::getppid());
    EXPECT_GT(stat->started_ticks, 0u);
    EXPECT_GT(stat->rss_bytes, 1u << 20);
}

TEST(ProcessStat, CountsProcessorTime) {
    const auto before = read_process_stat(::getpid())->cpu_ticks;
    while (read_process_stat(::getpid())->cpu_ticks < before + 2) continue;
    SUCCEED();
}

TEST(ProcessStat, AZombieHasEndedAndAReapedProcessIsGone) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_NAME, ") Z (");  // a name must not be mistaken for the fields that follow it
        ::pause();
        ::_exit(0);
    }
    while (proc_file_text("/proc/" + std::to_string(child) + "/comm") != ") Z (\n") ::usleep(1'000);
    EXPECT_FALSE(read_process_stat(child)->has_ended());
    EXPECT_EQ(read_process_stat(child)->parent, ::getpid());
    ::kill(child, SIGKILL);
    siginfo_t end{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), 0);
    EXPECT_TRUE(read_process_stat(child)->has_ended());
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(read_process_stat(child).has_value());
}

/// A stream throws there, which ended a soak when a process ended between opening and reading.
TEST(ProcFile, ThatCannotBeReadIsEmpty) {
    EXPECT_EQ(proc_file_text("/proc/self/mem"), "") << "nothing is mapped at its beginning";
    EXPECT_EQ(proc_file_text("/proc/self/nothing"), "");
    EXPECT_EQ(proc_file_text("/proc/self/comm"), "runtime_test\n");
}

}  // namespace
}  // namespace emeth
