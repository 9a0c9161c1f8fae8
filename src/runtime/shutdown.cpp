#include "runtime/shutdown.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace emeth {

Shutdown::Shutdown(const asio::any_io_executor& executor) : signals_(executor, SIGINT, SIGTERM) {}

Task<int> Shutdown::wait() {
    if (std::exchange(requested_, false)) co_return SIGTERM;
    auto [error, number] = co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) co_return number;
    if (std::exchange(requested_, false)) co_return SIGTERM;
    throw boost::system::system_error(error);
}

void Shutdown::request() {
    requested_ = true;
    signals_.cancel();
}

HangUp::HangUp(const asio::any_io_executor& executor) : signals_(executor, SIGHUP) {}

Task<> HangUp::wait() {
    co_await signals_.async_wait(asio::use_awaitable);
}

void ignore_sigpipe() {
    std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace emeth
