#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include "cli/command.hpp"
#include "cli/program.hpp"

namespace emeth::cli {

namespace {

using Work = std::function<Task<Result<void>>(asio::any_io_executor)>;

Task<bool> wait_for_signal() {
    asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM);
    co_await signals.async_wait(asio::use_awaitable);
    co_return true;
}

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

/// The work's own outcome; success when a signal ended it.
Task<> until_signal(Work work, Result<void>& outcome) {
    using namespace asio::experimental::awaitable_operators;
    Task<Result<void>> body = captured(std::move(work));
    Task<bool> signal = wait_for_signal();
    auto first = co_await (std::move(body) || std::move(signal));
    if (first.index() == 0) outcome = std::move(std::get<0>(first));
}

}  // namespace

int fail(const std::string& command, const Error& error, int code) {
    std::fprintf(stderr, "emeth %s: %s\n", command.c_str(), error.message.c_str());
    return code;
}

int run_task(const std::string& command, Work work, int failure_code) {
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context io(1);
    Result<void> outcome;
    asio::co_spawn(io, until_signal(std::move(work), outcome), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    io.run();
    return outcome.has_error() ? fail(command, outcome.error(), failure_code) : static_cast<int>(exit_ok);
}

}  // namespace emeth::cli
