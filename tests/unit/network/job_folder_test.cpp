#include "network/verifier/job_folder.hpp"

#include <gtest/gtest.h>

#include "network/verifier/kept_file.hpp"
#include "support/fake_chain.hpp"

namespace emeth::network {
namespace {

using chain::JobStatus;
using test::repeated;

Judged example() {
    return {repeated<JobId>(1), repeated<Hash256>(2), {}};
}

const Verdict passed{true, "", 12'345};

TEST(VerdictRecord, IsReadAgain) {
    const Verdict rejected{false, "segment 3 ends\n\"elsewhere\" \x1b \xff", 0};
    const auto read = recorded_verdict(verdict_record(example(), passed), example()).value();
    EXPECT_TRUE(read.passed);
    EXPECT_EQ(read.gas, passed.gas);
    EXPECT_FALSE(read.may_pass_later);
    const auto read_rejected = recorded_verdict(verdict_record(example(), rejected), example()).value();
    EXPECT_FALSE(read_rejected.passed);
    EXPECT_EQ(read_rejected.reason, "segment 3 ends\n\"elsewhere\" \x1b \xef\xbf\xbd");
}

TEST(VerdictRecord, IsNoneWhereverOneByteIsDamagedOrMissing) {
    const std::string whole = verdict_record(example(), passed);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] ^= 1;
        EXPECT_FALSE(recorded_verdict(damaged, example())) << at;
        EXPECT_FALSE(recorded_verdict(whole.substr(0, at), example())) << at;
    }
    EXPECT_FALSE(recorded_verdict(whole + "\n", example()));
}

TEST(VerdictRecord, CountsForNothingElse) {
    const std::string record = verdict_record(example(), passed);
    Judged other = example();
    other.job.bytes[0] ^= 1;
    EXPECT_FALSE(recorded_verdict(record, other));
    other = example();
    other.submit_block.bytes[31] ^= 1;
    EXPECT_FALSE(recorded_verdict(record, other));
    other = example();
    ++other.rules.draws;
    EXPECT_FALSE(recorded_verdict(record, other));
    other = example();
    ++other.rules.epochs_min;
    EXPECT_FALSE(recorded_verdict(record, other));
    other = example();
    other.rules.default_model = "gpt2";
    EXPECT_FALSE(recorded_verdict(record, other));
}

TEST(FetchRecord, IsOfOneSource) {
    const Source source{"artifact/a", 100, 5};
    const auto sha256 = repeated<Hash256>(3);
    const std::string record = fetch_record(source, sha256);
    EXPECT_EQ(recorded_digest(record, source), sha256);
    EXPECT_FALSE(recorded_digest(record, {"artifact/b", 100, 5}));
    EXPECT_FALSE(recorded_digest(record, {"artifact/a", 101, 5}));
    EXPECT_FALSE(recorded_digest(record, {"artifact/a", 100, 6}));
    EXPECT_FALSE(recorded_digest(record, {"artifact/a", 100, std::nullopt}));
    EXPECT_FALSE(recorded_digest("", source));
    EXPECT_FALSE(recorded_digest(record.substr(0, record.size() / 2), source));
    EXPECT_FALSE(recorded_digest("[]", source));
}

TEST(JobFolder, GoesOnlyWhenTheJobHasEnded) {
    const auto removed = [](JobStatus status, bool exist = true) {
        chain::JobRecord job;
        job.exist = exist;
        job.status = status;
        return may_be_removed(job);
    };
    for (const JobStatus status :
         {JobStatus::requested, JobStatus::assigned, JobStatus::processing, JobStatus::submitted})
        EXPECT_FALSE(removed(status)) << chain::name(status);
    for (const JobStatus status : {JobStatus::verified, JobStatus::rejected, JobStatus::canceled, JobStatus::timeout,
                                   JobStatus::failed, JobStatus::declined})
        EXPECT_TRUE(removed(status)) << chain::name(status);
    EXPECT_FALSE(removed(JobStatus::requested, false)) << "the endpoint does not know it, or not yet";
}

}  // namespace
}  // namespace emeth::network
