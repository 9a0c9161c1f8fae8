#include <fmt/format.h>
#include <CLI/App.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <sstream>
#include <utility>

#include "cli/command.hpp"
#include "cli/program.hpp"
#include "runtime/log.hpp"
#include "runtime/redaction.hpp"
#include "runtime/shutdown.hpp"
#include "runtime/utf8.hpp"
#include "runtime/waiting.hpp"

namespace emeth::cli {

namespace {

/// Never throws: operator|| waits on for the other side when one side throws.
Task<Result<void>> captured(Work work) {
    try {
        Task<Result<void>> body = work(co_await asio::this_coro::executor);
        co_return co_await std::move(body);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) co_return Result<void>{};
        co_return transient_error(error.what());
    } catch (const std::exception& error) {
        co_return transient_error(error.what());
    }
}

Task<Result<void>> until_signal(Work work) {
    using namespace asio::experimental::awaitable_operators;
    Shutdown shutdown(co_await asio::this_coro::executor);
    Task<Result<void>> body = captured(std::move(work));
    Task<int> signal = shutdown.wait();
    auto first = co_await (std::move(body) || std::move(signal));
    if (first.index() == 0) co_return std::get<0>(first);
    co_return Result<void>{};
}

using Tell = std::function<void(const std::string& line)>;

/// One write: an answer of the other thread does not come between.
Tell stderr_of(std::string command) {
    return [command = std::move(command)](const std::string& line) {
        std::fprintf(stderr, "emeth %s: %s\n", command.c_str(), line.c_str());
    };
}

void tell_log(const std::string& line) {
    spdlog::info("{}", line);
}

/// `tell`: of what is waited for.
int run(const std::string& command, Task<Result<void>> (*wrap)(Work), Work work, int failure_code, Tell tell) {
    ignore_sigpipe();
    const WaitingTeller teller(std::move(tell));
    asio::io_context io(1);
    Result<void> outcome;
    asio::co_spawn(io, wrap(std::move(work)), [&outcome](std::exception_ptr error, Result<void> result) {
        if (error) std::rethrow_exception(error);
        outcome = std::move(result);
    });
    io.run();
    return outcome.has_error() ? fail(command, outcome.error(), failure_code) : static_cast<int>(exit_ok);
}

}  // namespace

Result<JobId> parse_job_id(std::string_view text) {
    if (const auto id = JobId::parse(text)) return *id;
    return permanent_error(fmt::format("'{}' is no JOB id: expected 0x and 32 hex digits", redacted(text)));
}

int fail(const std::string& command, const Error& error, int code) {
    std::fprintf(stderr, "emeth %s: %s\n", command.c_str(), one_line(error.message).c_str());
    return code;
}

std::string refused_arguments(const CLI::App* app, const CLI::Error& error) {
    constexpr std::size_t line_bytes_max = 1'000;
    std::istringstream lines(CLI::FailureMessage::simple(app, error));
    std::string shown;
    for (std::string line; std::getline(lines, line);) shown += redacted(line, line_bytes_max) + "\n";
    return shown;
}

WaitingTeller tell_on_stderr(std::string command) {
    return WaitingTeller(stderr_of(std::move(command)));
}

int run_task(const std::string& command, Work work, int failure_code) {
    return run(command, until_signal, std::move(work), failure_code, stderr_of(command));
}

int run_service(const std::string& command, Work work, int failure_code) {
    return run(command, until_signal, std::move(work), failure_code, tell_log);
}

int run_to_end(const std::string& command, Work work, int failure_code) {
    return run(command, captured, std::move(work), failure_code, tell_log);
}

}  // namespace emeth::cli
