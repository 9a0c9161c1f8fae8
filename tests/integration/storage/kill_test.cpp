// SIGKILL in the middle of commits: what was reported is there, and at most one commit more for each JOB.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <sstream>

#include "integration/storage/store_fixture.hpp"

namespace emeth::storage {
namespace {

using Reported = std::map<std::uint64_t, std::uint64_t>;  ///< newest sequence by JOB number

/// commit_forever on `folder`; its reports can be read from `output`.
struct Committer {
    pid_t pid = -1;
    int output = -1;
};

Committer start_committer(const std::filesystem::path& folder, std::uint64_t seed) {
    const std::string seed_text = std::to_string(seed);
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::execl(EMETH_COMMIT_FOREVER, EMETH_COMMIT_FOREVER, folder.c_str(), seed_text.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(ends[1]);
    return {pid, ends[0]};
}

/// Kills the committer after `reports_min` lines and returns everything that it said.
std::string kill_after(const Committer& committer, std::size_t reports_min) {
    std::string said;
    std::size_t lines = 0;
    bool killed = false;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(committer.output, buffer, sizeof buffer)) > 0;) {
        said.append(buffer, static_cast<std::size_t>(count));
        lines += static_cast<std::size_t>(std::count(buffer, buffer + count, '\n'));
        if (!killed && lines >= reports_min) killed = ::kill(committer.pid, SIGKILL) == 0;
    }
    ::close(committer.output);
    int status = 0;
    ::waitpid(committer.pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "commit_forever ended by itself";
    return said;
}

void collect(const std::string& said, Reported& reported) {
    std::istringstream lines(said);
    for (std::uint64_t number = 0, sequence = 0; lines >> number >> sequence;) reported[number] = sequence;
}

TEST_F(StoreTest, NothingReportedIsLostBySigkill) {
    Reported reported;
    for (std::uint64_t round = 1; round <= 12; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        collect(kill_after(start_committer(folder, 1000 * round), 20 + 37 * round), reported);
        ASSERT_FALSE(reported.empty());
        const auto store = open_store(folder);
        for (const auto& [number, sequence] : reported) {
            const auto job = must(store->jobs().find(test::terms(number).id));
            ASSERT_TRUE(job);
            EXPECT_GE(job->sequence, sequence) << "a reported commit is lost";
            EXPECT_LE(job->sequence, sequence + 1);
            must(store->jobs().verify(job->terms.id));
        }
    }
}

}  // namespace
}  // namespace emeth::storage
