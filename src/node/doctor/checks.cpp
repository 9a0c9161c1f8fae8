#include "node/doctor/checks.hpp"

#include <utility>

#include "runtime/task_group.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth::node {
namespace {

/// All parts outlive the coroutines that refer to them.
struct Round {
    std::vector<Check> checks;
    std::vector<Findings> findings;
};

Task<Result<void>> run_to_end(const Check& check, Findings& findings) {
    Task<> work = check.run(findings);
    co_await std::move(work);
    co_return Result<void>{};
}

Task<> run_within_limit(Clock& clock, Round& round, std::size_t index) {
    const Check& check = round.checks[index];
    Task<Result<void>> bounded =
        with_timeout(clock, run_to_end(check, round.findings[index]), check.limit, "looking at " + check.subject);
    const Result<void> done = co_await std::move(bounded);
    if (done.has_error())
        round.findings[index].push_back(
            problem_of(check.name, done.error(), "see whether it answers, and whether this machine is overloaded"));
}

Task<> run_all(asio::any_io_executor executor, Clock& clock, Round& round) {
    TaskGroup group(std::move(executor), round.checks.size());
    for (std::size_t index = 0; index < round.checks.size(); ++index)
        group.start(run_within_limit(clock, round, index));
    co_await group.join();
}

}  // namespace

Task<std::vector<Findings>> run_checks(asio::any_io_executor executor, Clock& clock, std::vector<Check> checks) {
    const std::size_t count = checks.size();
    Round round{std::move(checks), std::vector<Findings>(count)};
    co_await run_all(std::move(executor), clock, round);
    co_return std::move(round.findings);
}

}  // namespace emeth::node
