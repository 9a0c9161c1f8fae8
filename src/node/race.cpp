#include "node/race.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <exception>
#include <utility>

namespace emeth::node {
namespace {

/// operator|| waits on when one side throws: so neither does.
Task<std::exception_ptr> captured(Task<> work) {
    try {
        co_await std::move(work);
    } catch (...) {
        co_return std::current_exception();
    }
    co_return nullptr;
}

}  // namespace

Task<> race(Task<> first, Task<> second) {
    using namespace asio::experimental::awaitable_operators;
    Task<std::exception_ptr> left = captured(std::move(first));
    Task<std::exception_ptr> right = captured(std::move(second));
    const auto ended = co_await (std::move(left) || std::move(right));
    const std::exception_ptr error = ended.index() == 0 ? std::get<0>(ended) : std::get<1>(ended);
    if (error) std::rethrow_exception(error);
}

}  // namespace emeth::node
