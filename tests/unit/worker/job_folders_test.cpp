#include "worker/job_folders.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::worker {
namespace {

HeldJob some_job(std::uint8_t byte, std::uint64_t lease) {
    HeldJob job;
    job.spec.id.bytes.fill(byte);
    job.lease = lease;
    job.dataset_bytes = 100;
    return job;
}

class JobFoldersTest : public test::IoFixture {
protected:
    JobFolders& reopened() {
        opened.emplace_back(std::make_unique<JobFolders>(executor(), data / "jobs", pool));
        EXPECT_TRUE(opened.back()->load().has_value());
        return *opened.back();
    }
    test::TemporaryFolder data;
    BlockingPool pool{1};
    std::vector<std::unique_ptr<JobFolders>> opened;
};

TEST_F(JobFoldersTest, ARecordSurvivesARestart) {
    {
        JobFolders& folders = reopened();
        const auto created = run(folders.create(some_job(1, 7)));
        ASSERT_TRUE(created.has_value());
        (*created)->dataset_sha256 = Hash256{};
        ASSERT_TRUE(run(folders.save((*created)->spec.id)).has_value());
    }
    JobFolders& folders = reopened();
    HeldJob* job = folders.find(some_job(1, 7).spec.id);
    ASSERT_NE(job, nullptr);
    EXPECT_EQ(job->lease, 7u);
    EXPECT_TRUE(job->dataset_sha256);
    ASSERT_EQ(folders.held().size(), 1u);
    EXPECT_EQ(folders.held()[0].lease, 7u);

    struct stat status{};
    ASSERT_EQ(::stat((folders.folder(job->spec.id) / "job.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

/// Seen in the crash matrix: a temporary file of a record that a killed worker was writing, never written again.
TEST_F(JobFoldersTest, WhatAKilledWorkerWasWritingGoesAtTheNextStart) {
    const auto folder = [&] {
        JobFolders& folders = reopened();
        EXPECT_TRUE(run(folders.create(some_job(1, 7))).has_value());
        return folders.folder(some_job(1, 7).spec.id);
    }();
    const pid_t dead = ::fork();
    if (dead == 0) ::_exit(0);
    ::waitpid(dead, nullptr, 0);
    std::filesystem::create_directories(folder / "states");
    const auto of_dead = [&](const std::string& name) { return folder / fmt::format("{}.tmp-{}-6", name, dead); };
    const auto of_living = folder / fmt::format("tokens.bin.tmp-{}-1", ::getppid());
    for (const auto& file : {of_dead("job.json"), of_dead("states/4"), of_living}) test::write_text(file, "half");
    EXPECT_NE(reopened().find(some_job(1, 7).spec.id), nullptr);
    EXPECT_FALSE(std::filesystem::exists(of_dead("job.json")));
    EXPECT_FALSE(std::filesystem::exists(of_dead("states/4")));
    EXPECT_TRUE(std::filesystem::exists(of_living));
}

TEST_F(JobFoldersTest, AForgottenJobLeavesNothing) {
    JobFolders& folders = reopened();
    const JobId id = some_job(1, 7).spec.id;
    ASSERT_TRUE(run(folders.create(some_job(1, 7))).has_value());
    test::write_text(folders.folder(id) / "checkpoint", "much work");
    ASSERT_TRUE(run(folders.forget(id)).has_value());
    EXPECT_EQ(folders.find(id), nullptr);
    EXPECT_FALSE(std::filesystem::exists(folders.folder(id)));
    EXPECT_TRUE(run(folders.save(id)).has_value());  // by work that ended meanwhile: nothing comes back
    EXPECT_FALSE(std::filesystem::exists(folders.folder(id)));
}

TEST_F(JobFoldersTest, ALostRecordKeepsItsFiles) {
    const JobId id = some_job(3, 1).spec.id;
    std::filesystem::create_directories(data / "jobs" / id.hex());
    test::write_text(data / "jobs" / id.hex() / "job.json", "{\"job\":\"");
    test::write_text(data / "jobs" / id.hex() / "checkpoint", "much work");
    JobFolders& folders = reopened();
    ASSERT_NE(folders.find(id), nullptr);
    EXPECT_EQ(folders.find(id)->lease, 0u);
    EXPECT_EQ(test::read_text(folders.folder(id) / "checkpoint"), "much work");
}

TEST_F(JobFoldersTest, ForeignFoldersAreLeftAlone) {
    std::filesystem::create_directories(data / "jobs" / "lost+found");
    std::filesystem::create_directories(data / "jobs" / std::string(32, 'a'));  // no 0x: not a name of ours
    JobFolders& folders = reopened();
    EXPECT_TRUE(folders.held().empty());
    EXPECT_TRUE(std::filesystem::exists(data / "jobs" / "lost+found"));
}

TEST_F(JobFoldersTest, NoMoreLeasesAreToldThanAMessageTakes) {
    JobFolders& folders = reopened();
    for (std::uint8_t byte = 0; byte < worker_protocol::held_leases_max + 5; ++byte)
        ASSERT_TRUE(run(folders.create(some_job(byte, 1))).has_value());
    EXPECT_EQ(folders.held().size(), worker_protocol::held_leases_max);
}

TEST_F(JobFoldersTest, AFolderThatCannotBeMadeIsAnError) {
    test::write_text(data / "jobs", "a file in the way");
    JobFolders folders(executor(), data / "jobs", pool);
    EXPECT_TRUE(folders.load().has_error());
    EXPECT_TRUE(run(folders.create(some_job(1, 1))).has_error());
    EXPECT_EQ(folders.find(some_job(1, 1).spec.id), nullptr);
}

}  // namespace
}  // namespace emeth::worker
