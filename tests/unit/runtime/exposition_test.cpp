// The text of metrics: what Prometheus's parser expects (format 0.0.4).
#include "runtime/exposition.hpp"

#include <gmock/gmock.h>

#include <array>
#include <limits>

#include "runtime/process_metrics.hpp"

namespace emeth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Exposition, AFamilyHasItsHelpItsTypeAndItsSamples) {
    Exposition out;
    out.gauge("emeth_jobs", "Active JOBs.").sample(2, {{"state", "training"}}).sample(1, {{"state", "submitted"}});
    out.counter("emeth_calls_total", "Calls.").sample(7);
    EXPECT_EQ(out.text(),
              "# HELP emeth_jobs Active JOBs.\n"
              "# TYPE emeth_jobs gauge\n"
              "emeth_jobs{state=\"training\"} 2\n"
              "emeth_jobs{state=\"submitted\"} 1\n"
              "# HELP emeth_calls_total Calls.\n"
              "# TYPE emeth_calls_total counter\n"
              "emeth_calls_total 7\n");
}

TEST(Exposition, WhatIsNotKnownIsAbsentButAnnounced) {
    Exposition out;
    out.gauge("emeth_at_risk_emt", "EMT.").sample(std::nullopt);
    EXPECT_EQ(out.text(), "# HELP emeth_at_risk_emt EMT.\n# TYPE emeth_at_risk_emt gauge\n");
}

TEST(Exposition, TextsOfOthersCannotBreakALine) {
    Exposition out;
    out.gauge("up", "A \"help\"\nof \\ lines.").sample(1, {{"server", "a\"} 7\nup{x=\"\\"}});
    EXPECT_THAT(out.text(), HasSubstr("# HELP up A \"help\"\\nof \\\\ lines.\n"));
    EXPECT_THAT(out.text(), HasSubstr("\nup{server=\"a\\\"} 7\\nup{x=\\\"\\\\\"} 1\n"));
}

TEST(Exposition, NumbersKeepTheirDigits) {
    Exposition out;
    auto family = out.gauge("n", "Numbers.");
    family.sample(0.1).sample(1'800'000'000.25).sample(1e-18).sample(std::numeric_limits<double>::infinity());
    EXPECT_THAT(out.text(), HasSubstr("\nn 0.1\nn 1800000000.25\nn 1e-18\nn +Inf\n"));
}

TEST(Exposition, ABucketCountsEverythingUpToItsBound) {
    static constexpr std::array bounds{0.1, 1.0};
    Histogram values(bounds);
    for (const double value : {0.05, 0.1, 0.5, 30.0}) values.observe(value);
    Exposition out;
    out.histogram("call_seconds", "Time.").sample(values, {{"method", "eth_call"}});
    EXPECT_THAT(out.text(), HasSubstr("# TYPE call_seconds histogram\n"
                                      "call_seconds_bucket{method=\"eth_call\",le=\"0.1\"} 2\n"
                                      "call_seconds_bucket{method=\"eth_call\",le=\"1\"} 3\n"
                                      "call_seconds_bucket{method=\"eth_call\",le=\"+Inf\"} 4\n"
                                      "call_seconds_sum{method=\"eth_call\"} 30.65\n"
                                      "call_seconds_count{method=\"eth_call\"} 4\n"));
}

TEST(ProcessMetrics, TellOfThisProcess) {
    Exposition out;
    add_process_metrics(out);
    for (const char* name : {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
                             "process_max_fds", "process_start_time_seconds"})
        EXPECT_THAT(out.text(), HasSubstr(std::string("\n") + name + " ")) << "a sample of it";
    EXPECT_THAT(out.text(), Not(HasSubstr("process_open_fds 0\n")));
}

}  // namespace
}  // namespace emeth
