// Durable files, and the folders of data: private ones, and their lock.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <optional>
#include <thread>

#include "runtime/durable_file.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/folder_lock.hpp"
#include "runtime/private_folder.hpp"
#include "support/temporary_folder.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
}

struct DurableFile : testing::Test {
    test::TemporaryFolder folder;
    fs::path file = folder.path() / "state";
};

TEST_F(DurableFile, WritesReplacesAndSetsTheMode) {
    ASSERT_TRUE(write_file_durably(file, std::string_view("one"), 0600).has_value());
    EXPECT_EQ(read_file(file, 100).value(), "one");
    EXPECT_EQ(mode_of(file), 0600u);
    ASSERT_TRUE(write_file_durably(file, std::string_view("two"), 0640).has_value());
    EXPECT_EQ(read_file(file, 100).value(), "two");
    EXPECT_EQ(mode_of(file), 0640u);
    EXPECT_THAT(names_in(folder.path()), ElementsAre("state"));
}

/// Files of this process may not grow beyond `bytes` while it lives.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limited{bytes, before_.rlim_max};
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &limited);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST_F(DurableFile, FailedWriteLeavesTheOldFileWholeAndNoTemporary) {
    ASSERT_TRUE(write_file_durably(file, std::string_view("old"), 0600).has_value());
    {
        const FileSizeLimit limit(1000);
        const Result<void> written = write_file_durably(file, std::string(5000, 'x'), 0600);
        ASSERT_TRUE(written.has_error());
        EXPECT_THAT(written.error().message, HasSubstr("cannot write " + file.string() + ": File too large"));
    }
    EXPECT_EQ(read_file(file, 100).value(), "old");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("state"));
}

TEST_F(DurableFile, FailedRenameRemovesTheTemporary) {
    fs::create_directories(file / "inside");
    const Result<void> written = write_file_durably(file, std::string_view("x"));
    ASSERT_TRUE(written.has_error());
    EXPECT_THAT(written.error().message, HasSubstr("cannot rename "));
    EXPECT_THAT(names_in(folder.path()), ElementsAre("state"));
}

TEST_F(DurableFile, MissingFolderIsNamed) {
    const Result<void> written = write_file_durably(folder.path() / "absent" / "x", std::string_view("x"));
    ASSERT_TRUE(written.has_error());
    EXPECT_EQ(written.error().kind, ErrorKind::permanent);
    EXPECT_THAT(written.error().message, HasSubstr("absent/x: No such file or directory"));
}

TEST_F(DurableFile, StaleTemporaryOfADeadProcessIsNoObstacle) {
    // Names count upwards, so the next ones of this process can be taken beforehand.
    for (int number = 1; number <= 40; ++number)
        std::ofstream(file.string() + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(number)) << "torn";
    EXPECT_TRUE(write_file_durably(file, std::string_view("whole")).has_value());
    EXPECT_EQ(read_file(file, 100).value(), "whole");
}

/// Found by the crash matrix: a writer that was killed before its rename left its temporary file behind forever.
TEST_F(DurableFile, ATemporaryOfAnotherProcessThatIsDeadIsRemoved) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    std::ofstream(file.string() + ".tmp-" + std::to_string(child) + "-1") << "torn";
    std::ofstream(file.string() + ".tmp-" + std::to_string(::getppid()) + "-1") << "of one that lives";
    std::ofstream(file.string() + ".tmp-notes") << "of the operator";
    ASSERT_TRUE(write_file_durably(file, std::string_view("whole")).has_value());
    EXPECT_THAT(
        names_in(folder.path()),
        testing::UnorderedElementsAre("state", "state.tmp-" + std::to_string(::getppid()) + "-1", "state.tmp-notes"));
}

/// Seen in the crash matrix: a killed trainer whose end init had not collected yet when its file was written again.
TEST_F(DurableFile, AZombieIsNoWriter) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t end{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), 0);
    std::ofstream(file.string() + ".tmp-" + std::to_string(child) + "-1") << "torn";
    EXPECT_TRUE(write_file_durably(file, std::string_view("whole")).has_value());
    EXPECT_THAT(names_in(folder.path()), ElementsAre("state"));
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(DurableFile, PublishRenamesATemporaryThatWasWrittenInPieces) {
    const fs::path temporary = folder.path() / "part";
    std::ofstream(temporary) << "pieces";
    ASSERT_TRUE(publish_file(temporary, file).has_value());
    EXPECT_EQ(read_file(file, 100).value(), "pieces");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("state"));
    EXPECT_TRUE(publish_file(temporary, file).has_error());
}

TEST_F(DurableFile, ReadIsBoundedAndTakesRegularFilesOnly) {
    std::ofstream(file) << "12345";
    EXPECT_EQ(read_file(file, 5).value(), "12345");
    EXPECT_THAT(read_file(file, 4).error().message, HasSubstr("state has 5 bytes; at most 4 are read"));
    EXPECT_THAT(read_file(folder.path(), 4).error().message, HasSubstr("is no regular file"));
    const fs::path pipe = folder.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_THAT(read_file(pipe, 4).error().message, HasSubstr("is no regular file"));
    EXPECT_EQ(read_file(folder.path() / "absent", 4).error().kind, ErrorKind::permanent);
    EXPECT_FALSE(read_file("/proc/self/status", 1 << 16).value().empty());  // says it has 0 bytes
    EXPECT_TRUE(read_file("/proc/self/status", 10).has_error());
}

TEST_F(DurableFile, CreatesFoldersWithTheirParents) {
    const fs::path deep = folder.path() / "a" / "b";
    ASSERT_TRUE(create_folder(deep, 0700).has_value());
    EXPECT_EQ(mode_of(deep), 0700u);
    EXPECT_TRUE(create_folder(deep, 0700).has_value());
    std::ofstream(file) << "x";
    EXPECT_THAT(create_folder(file).error().message, HasSubstr("cannot create folder " + file.string()));
    EXPECT_GT(free_bytes(deep).value(), 0u);
    EXPECT_TRUE(free_bytes(folder.path() / "absent").has_error());
}

struct PrivateFolder : testing::Test {
    test::TemporaryFolder folder;
    fs::path data = folder.path() / "data";
};

TEST_F(PrivateFolder, IsMadeForItsOwnerAlone) {
    ASSERT_TRUE(open_private_folder(data / "below" / "").has_value());
    EXPECT_EQ(mode_of(data), 0700u);
    EXPECT_EQ(mode_of(data / "below"), 0700u);
    EXPECT_TRUE(open_private_folder(data / "below").has_value()) << "again";
}

TEST_F(PrivateFolder, IsNoLink) {
    fs::create_directory(folder / "elsewhere");
    fs::create_directory_symlink(folder / "elsewhere", data);
    for (const fs::path& named : {data, data / ""}) {
        const Result<void> opened = open_private_folder(named);
        ASSERT_TRUE(opened.has_error()) << named;
        EXPECT_THAT(opened.error().message,
                    HasSubstr(data.string() + " is a link to " + (folder / "elsewhere").string()));
    }
}

TEST_F(PrivateFolder, IsNoFile) {
    test::write_text(data, "x");
    EXPECT_THAT(open_private_folder(data).error().message, HasSubstr(data.string()));
}

TEST_F(PrivateFolder, IsWrittenToByNobodyElse) {
    fs::create_directory(data);
    for (const mode_t mode : {0777, 0770, 0702, 01777}) {
        ASSERT_EQ(::chmod(data.c_str(), mode), 0);
        EXPECT_THAT(open_private_folder(data).error().message, HasSubstr("chmod go-w " + data.string()));
        EXPECT_THAT(FolderLock::acquire(data).error().message, HasSubstr("chmod go-w " + data.string()));
    }
    ASSERT_EQ(::chmod(data.c_str(), 0755), 0);
    EXPECT_TRUE(open_private_folder(data).has_value()) << "others may read it if they are let in";
}

TEST_F(PrivateFolder, BelongsToWhoRunsTheProgram) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
    fs::create_directory(data);
    ASSERT_EQ(::chown(data.c_str(), 12'345, 0), 0);
    EXPECT_THAT(open_private_folder(data).error().message, HasSubstr("chown -R 0 " + data.string()));
}

/// A process that does `work`, says so, and then waits to be killed.
template <class Work>
pid_t fork_and_wait_until_done(Work work) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return -1;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        const bool done = work();
        static_cast<void>(!::write(ends[1], done ? "y" : "n", 1));
        for (;;) ::pause();
    }
    ::close(ends[1]);
    char answer = 0;
    const bool done = ::read(ends[0], &answer, 1) == 1 && answer == 'y';
    ::close(ends[0]);
    return done ? pid : -1;
}

TEST(FolderLock, SecondProcessIsRefusedWithThePidOfTheFirst) {
    const test::TemporaryFolder folder;
    const pid_t holder = fork_and_wait_until_done([&] {
        static std::optional<FolderLock> lock;
        Result<FolderLock> acquired = FolderLock::acquire(folder.path());
        if (acquired) lock.emplace(std::move(*acquired));
        return lock.has_value();
    });
    ASSERT_GT(holder, 0);
    const Result<FolderLock> refused = FolderLock::acquire(folder.path());
    ::kill(holder, SIGKILL);
    ::waitpid(holder, nullptr, 0);
    ASSERT_TRUE(refused.has_error());
    EXPECT_THAT(refused.error().message, HasSubstr("data folder " + folder.path().string() + " is in use by process " +
                                                   std::to_string(holder) + " (runtime_test"));
    EXPECT_THAT(refused.error().message, HasSubstr("; stop it or choose another --data"));
    EXPECT_TRUE(FolderLock::acquire(folder.path()).has_value());
}

TEST(FolderLock, WaitsForAHolderThatEndsInTime) {
    const test::TemporaryFolder folder;
    std::optional<FolderLock> command = FolderLock::acquire(folder.path()).value();
    std::thread end([&] {
        // Refused here for 50 ms, so that the main thread is already waiting when the lock is released.
        EXPECT_TRUE(FolderLock::acquire(folder.path(), Milliseconds(50)).has_error());
        command.reset();
    });
    EXPECT_TRUE(FolderLock::acquire(folder.path(), Milliseconds(60'000)).has_value());
    end.join();
}

TEST(FolderLock, EndsWithItsObjectAndMovesWithIt) {
    const test::TemporaryFolder folder;
    {
        FolderLock first = FolderLock::acquire(folder.path()).value();
        const FolderLock moved = std::move(first);
        EXPECT_TRUE(FolderLock::acquire(folder.path()).has_error());
    }
    EXPECT_TRUE(FolderLock::acquire(folder.path()).has_value());
    EXPECT_TRUE(FolderLock::acquire(folder.path() / "absent").has_error());
}

}  // namespace
}  // namespace emeth
