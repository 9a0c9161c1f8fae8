// The program's only coroutine type. Parameters are taken by value; a capturing lambda is never a long-lived coroutine;
// temporaries of a co_await expression are named first (GCC 12 mishandles some of them).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace emeth {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T, asio::any_io_executor>;

}  // namespace emeth
