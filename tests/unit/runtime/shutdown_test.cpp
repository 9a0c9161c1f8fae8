#include "runtime/shutdown.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

#include "unit/runtime/run_task.hpp"

namespace emeth {
namespace {

using test::run_task;
using test::settle;
using test::Started;

TEST(Shutdown, ReportsSignalsInOrderAlsoThoseThatCameBeforeTheWait) {
    asio::io_context io;
    Shutdown shutdown(io.get_executor());
    std::raise(SIGINT);
    EXPECT_EQ(run_task(io, shutdown.wait()), SIGINT);
    std::raise(SIGTERM);
    EXPECT_EQ(run_task(io, shutdown.wait()), SIGTERM);
}

TEST(Shutdown, CanBeRequestedBeforeAndDuringTheWait) {
    asio::io_context io;
    Shutdown shutdown(io.get_executor());
    shutdown.request();
    EXPECT_EQ(run_task(io, shutdown.wait()), SIGTERM);

    Started<int> waiting(io, shutdown.wait());
    settle(io);
    EXPECT_FALSE(waiting.ended());
    shutdown.request();
    settle(io);
    ASSERT_TRUE(waiting.ended());
    EXPECT_EQ(waiting.result(), SIGTERM);
}

TEST(Shutdown, CancelledWaitThrows) {
    asio::io_context io;
    Shutdown shutdown(io.get_executor());
    Started<int> waiting(io, shutdown.wait());
    settle(io);
    waiting.cancel();
    settle(io);
    EXPECT_THROW(waiting.result(), boost::system::system_error);
}

TEST(Shutdown, SigpipeIsIgnored) {
    ignore_sigpipe();
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    ::close(ends[0]);
    EXPECT_EQ(::write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    ::close(ends[1]);
}

}  // namespace
}  // namespace emeth
