// The parent's side, TrainerChild, with a real emeth-trainer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"
#include "runtime/json_fields.hpp"
#include "support/io_fixture.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;
using ::testing::HasSubstr;

struct TrainerChildTest : IoFixture {
    Bench bench;
};

Task<Result<Trained>> run_to_end(TrainRequest request, std::filesystem::path log) {
    Result<TrainerChild> child = co_await TrainerChild::start(trainer_program(), request, log);
    if (child.has_error()) co_return child.error();
    for (;;) {
        Result<TrainerReport> report = co_await child->next();
        if (report.has_error()) co_return report.error();
        if (const auto* trained = std::get_if<Trained>(&*report)) co_return *trained;
    }
}

TEST_F(TrainerChildTest, TrainsToTheEnd) {
    const Result<Trained> trained = run(run_to_end(bench.request, bench.log()));
    ASSERT_TRUE(trained) << trained.error().message;
    EXPECT_EQ(trained->artifact.epochs, 2u);
    EXPECT_EQ(trained->artifact.bytes, std::filesystem::file_size(bench.artifact()));
}

Task<Result<TrainerReport>> die_after_first_report(TrainRequest request, std::filesystem::path log) {
    Result<TrainerChild> child = co_await TrainerChild::start(trainer_program(), request, log);
    if (child.has_error()) co_return child.error();
    Result<TrainerReport> report = co_await child->next();
    ::kill(child->pid(), SIGKILL);
    while (report) report = co_await child->next();
    co_return report;
}

TEST_F(TrainerChildTest, ADeathIsATransientErrorWithItsReason) {
    const Result<TrainerReport> report = run(die_after_first_report(bench.request, bench.log()));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::transient);
    EXPECT_THAT(report.error().message, HasSubstr("SIGKILL"));
    EXPECT_THAT(report.error().message, HasSubstr("training JOB"));  // the last line of its log
}

Task<bool> start_and_stop(TrainRequest request, std::filesystem::path log) {
    Result<TrainerChild> child = co_await TrainerChild::start(trainer_program(), request, log);
    if (!child) co_return false;
    const Result<TrainerReport> report = co_await child->next();
    co_await child->stop();
    co_return report.has_value() && ::kill(child->pid(), 0) != 0;
}

TEST_F(TrainerChildTest, StopEndsIt) {
    EXPECT_TRUE(run(start_and_stop(bench.request, bench.log())));
}

TEST_F(TrainerChildTest, AProgramThatIsNotThere) {
    const auto start = [](TrainRequest request, std::filesystem::path log) -> Task<Result<TrainerReport>> {
        Result<TrainerChild> child = co_await TrainerChild::start("/nonexistent/emeth-trainer", request, log);
        if (child.has_error()) co_return child.error();
        co_return co_await child->next();
    };
    const Result<TrainerReport> report = run(start(bench.request, bench.log()));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("emeth-trainer"));
}

/// It read no request, and its end of the socket is closed before the request is written.
TEST_F(TrainerChildTest, WhatItSaidBeforeItEndedCounts) {
    const auto said = [](std::filesystem::path program, TrainRequest request,
                         std::filesystem::path log) -> Task<Result<TrainerReport>> {
        Result<TrainerChild> child = co_await TrainerChild::start(std::move(program), std::move(request), log);
        if (child.has_error()) co_return child.error();
        co_return co_await child->next();
    };
    const std::string report = json_text(to_json(TrainerReport(Failed{.message = "no room"})));
    ASSERT_LT(report.size(), 256u);
    write_text(bench.path() / "said", std::string("\0\0\0", 3) + static_cast<char>(report.size()) + report);
    const auto program = bench.path() / "hasty";
    write_text(program, "#!/bin/sh\ncat " + (bench.path() / "said").string() + " >&3\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    for (int i = 0; i < 50; ++i) {
        const Result<TrainerReport> answer = run(said(program, bench.request, bench.log()));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(std::get<Failed>(*answer).message, "no room");
    }
}

}  // namespace
}  // namespace emeth::test
