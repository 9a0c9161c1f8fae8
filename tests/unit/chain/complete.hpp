// Runs one coroutine to completion while others on the same io_context continue.
#pragma once

#include "unit/runtime/run_task.hpp"

namespace emeth::chain::test {

template <class T>
T complete(asio::io_context& io, Task<T> task) {
    emeth::test::Started<T> started(io, std::move(task));
    io.restart();
    while (!started.ended()) io.run_one();
    return started.result();
}

}  // namespace emeth::chain::test
