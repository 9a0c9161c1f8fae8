// Commits on a disk that fails and recovers.
#include "node/pipeline/job_journal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

#include "node_world.hpp"
#include "runtime/log_ring.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;

class JobJournalTest : public NodeWorld {
protected:
    Result<bool> report(const std::string& what) {
        std::optional<Result<bool>> reported;
        node::Fact fact = sm::StepFailed{sm::FailureClass::transient, "process", what, 1, 0};
        asio::co_spawn(io, journal.report(std::move(fact)),
                       [&](const std::exception_ptr&, Result<bool> result) { reported = std::move(result); });
        io.restart();
        while (!reported && io.run_one() > 0) {
        }
        return reported.value();
    }
    /// A commit that fails at its write of this number, and is found durable later.
    void report_in_vain(const std::string& what, int write) {
        store->fails_too_late = write;
        EXPECT_FALSE(report(what)) << what;
        store->failure.reset();
    }
    node::JobJournal journal{store->jobs(), pool, clock, record()};
};

TEST_F(JobJournalTest, ACommitThatTurnsOutToBeDurableIsNotMadeAgain) {
    const auto before = record().sequence;
    report_in_vain("the first", 1);
    EXPECT_TRUE(report("the first").value());
    EXPECT_EQ(record().sequence, before + 1);
    EXPECT_EQ(journal.job().sequence, before + 1);
}

/// Found by the simulation (seed 202467): the record in memory stayed behind, and the JOB waited until the next start.
TEST_F(JobJournalTest, SeveralCommitsMayTurnOutToBeDurable) {
    const auto before = record().sequence;
    report_in_vain("the first", 1);
    report_in_vain("the second", 2);  // the first write of it shows that the first is durable
    EXPECT_TRUE(report("the third").value());
    EXPECT_EQ(record().sequence, before + 3);
    report_in_vain("the fourth", 1);
    report_in_vain("the fifth", 2);
    EXPECT_TRUE(report("the fourth").value()) << "it is on record";
    EXPECT_EQ(record().sequence, before + 5);
    EXPECT_EQ(journal.job().sequence, before + 5);
}

TEST(LogOfAJob, NamesTheWorkerWhileItHasTheLease) {
    sm::Job job;
    job.terms.id = *JobId::parse("0x00112233445566778899aabbccddeeff");
    job.lease = {1, *Address::parse("0xabcdef0102030405060708090a0b0c0d0e0f1011"), true};
    const LogRing ring;
    node::log_of(job).info("at work");
    job.lease.active = false;
    node::log_of(job).info("at rest");
    const auto lines = ring.after(0);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].text, "job=0x00112233… worker=0xabcdef01…: at work");
    EXPECT_EQ(lines[1].text, "job=0x00112233…: at rest");
}

}  // namespace
}  // namespace emeth::test
