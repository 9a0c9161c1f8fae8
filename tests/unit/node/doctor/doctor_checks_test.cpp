// How checks run side by side, and what is read from files and from a master's answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/data_folder.hpp"
#include "node/doctor/checks.hpp"
#include "node/doctor/machine_checks.hpp"
#include "node/doctor/node_checks.hpp"
#include "runtime/json_fields.hpp"
#include "support/temporary_folder.hpp"
#include "unit/runtime/run_task.hpp"
#include "virtual_clock.hpp"

namespace emeth::test {
namespace {

using node::Finding;
using node::Findings;
using node::Verdict;
using testing::HasSubstr;

class RunChecksTest : public ::testing::Test {
protected:
    /// Finds something at once, and ends after `duration`.
    node::Check check(const std::string& name, Milliseconds duration, Milliseconds limit) {
        return {name, "the " + name, limit,
                [this, name, duration](Findings& findings) { return find_and_sleep(name, duration, findings); }};
    }
    Task<> find_and_sleep(std::string name, Milliseconds duration, Findings& findings) {
        findings.push_back({name, Verdict::ok, "there"});
        co_await clock.sleep(duration);
    }
    std::vector<Findings> run(std::vector<node::Check> checks) {
        Started<std::vector<Findings>> started(io, node::run_checks(io.get_executor(), clock, std::move(checks)));
        for (settle(io); !started.ended(); settle(io)) clock.advance();
        return started.result();
    }

    asio::io_context io;
    VirtualClock clock{io.get_executor()};
};

TEST_F(RunChecksTest, TheyRunSideBySideAndKeepTheirOrder) {
    const auto found = run({check("slow", Milliseconds(1'500), Milliseconds(2'000)),
                            check("quick", Milliseconds(1), Milliseconds(2'000))});
    EXPECT_EQ(clock.monotonic(), Milliseconds(1'500));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].at(0).name, "slow");
    EXPECT_EQ(found[1].at(0).name, "quick");
}

TEST_F(RunChecksTest, OneThatComesToItsLimitKeepsWhatItFoundAndIsAProblem) {
    const auto found = run({check("endless", Milliseconds(3'600'000), Milliseconds(8'000))});
    EXPECT_EQ(clock.monotonic(), Milliseconds(8'000));
    ASSERT_EQ(found[0].size(), 2U);
    EXPECT_EQ(found[0][0].verdict, Verdict::ok);
    EXPECT_EQ(found[0][1].verdict, Verdict::problem);
    EXPECT_THAT(found[0][1].text, HasSubstr("looking at the endless took longer than 8000 ms"));
}

TEST(DoctorFindings, TheWorstOneDecides) {
    EXPECT_EQ(node::worst_of(Findings{}), Verdict::ok);
    EXPECT_EQ(node::worst_of(Findings{{"a", Verdict::warning, ""}, {"b", Verdict::ok, ""}}), Verdict::warning);
    const Findings findings{{"a", Verdict::problem, "text", "remedy"}, {"b", Verdict::ok, "fine"}};
    EXPECT_EQ(json_text(node::to_json(findings)),
              R"({"verdict":"problem","findings":[{"name":"a","verdict":"problem","text":"text","remedy":"remedy"},)"
              R"({"name":"b","verdict":"ok","text":"fine"}]})");
}

Findings judged(const std::string& status) {
    return node::judge_master(parse_json(status, 1 << 16, "test").value());
}

TEST(JudgeMaster, OneWithAFitWorkerIsWell) {
    const auto found = judged(R"({"workers":[{"address":"0x1","connected":true}],"network":{"warnings":[]}})");
    EXPECT_EQ(node::worst_of(found), Verdict::ok);
    EXPECT_THAT(found.at(1).text, HasSubstr("1 connected, 1 fit"));
}

TEST(JudgeMaster, WithoutAFitWorkerItTakesNoJob) {
    EXPECT_EQ(judged(R"({"workers":[]})").at(1).verdict, Verdict::problem);
    EXPECT_EQ(judged(R"({"workers":[{"address":"0x1","connected":false}]})").at(1).verdict, Verdict::problem);
    const auto unfit = judged(R"({"workers":[{"address":"0x1","connected":true,"unfit":"no such device"}]})").at(1);
    EXPECT_EQ(unfit.verdict, Verdict::problem);
    EXPECT_THAT(unfit.text, HasSubstr("0x1: no such device"));
    const auto one_of_two = judged(R"({"workers":[{"address":"0x1","connected":true,"unfit":"no such device"},)"
                                   R"({"address":"0x2","connected":true}]})");
    EXPECT_EQ(one_of_two.at(1).verdict, Verdict::warning);
}

TEST(JudgeMaster, WhatItWarnsOfIsPassedOn) {
    const auto found = judged(R"({"workers":[{"address":"0x1","connected":true}],"network":{"warnings":["poor"]}})");
    EXPECT_EQ(found.at(0).verdict, Verdict::warning);
    EXPECT_THAT(found.at(0).text, HasSubstr("took no JOB when it last looked: poor"));
}

TEST(JudgeMaster, AnAnswerOfAnotherFormIsAProblem) {
    EXPECT_EQ(judged(R"({"workers":5})").at(0).verdict, Verdict::problem);
    EXPECT_EQ(judged("[]").at(0).verdict, Verdict::problem);
}

TEST(MachineChecks, TheFoldersModeIsRead) {
    const TemporaryFolder folder;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0751), 0);
    EXPECT_EQ(node::folder_state(folder.path()).value()->mode, 0751U);
    EXPECT_FALSE(node::folder_state(folder / "missing").value());
}

TEST(MachineChecks, AWorkersKeyThatOthersCanReadIsAProblem) {
    const TemporaryFolder data;
    for (const auto& file : {node::local_worker_folder(data.path(), 2) / "worker.key", data / "worker.key"}) {
        std::filesystem::create_directories(file.parent_path());
        write_text(file, "0x" + std::string(64, '1'));
        ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
        EXPECT_TRUE(node::look_at_worker_keys(data.path()).empty());
        ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
        const auto found = node::look_at_worker_keys(data.path());
        ASSERT_EQ(found.size(), 1U);
        EXPECT_THAT(found[0].text, HasSubstr("chmod 600 " + file.string()));
        ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    }
}

TEST(MachineChecks, AUnitIsFoundWithItsProgram) {
    const TemporaryFolder root;
    EXPECT_FALSE(node::look_for_unit("emeth-master.service", root.path()).systemd_runs);
    const auto units = root / "etc/systemd/system";
    std::filesystem::create_directories(units / "multi-user.target.wants");
    std::filesystem::create_directories(root / "run/systemd/system");
    EXPECT_FALSE(node::look_for_unit("emeth-master.service", root.path()).installed);
    write_text(units / "emeth-master.service", "[Service]\nExecStart=/no/such/emeth master --data /d\n");
    auto unit = node::look_for_unit("emeth-master.service", root.path());
    EXPECT_TRUE(unit.systemd_runs && unit.installed);
    EXPECT_FALSE(unit.enabled || unit.program_exists);
    EXPECT_EQ(unit.program, "/no/such/emeth");
    std::filesystem::create_symlink("../emeth-master.service", units / "multi-user.target.wants/emeth-master.service");
    EXPECT_TRUE(node::look_for_unit("emeth-master.service", root.path()).enabled);
}

}  // namespace
}  // namespace emeth::test
