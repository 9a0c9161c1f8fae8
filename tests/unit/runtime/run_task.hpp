// Runs coroutines to their end inside a test.
#pragma once

#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/spawned_task.hpp"
#include "runtime/task.hpp"

namespace emeth::test {

/// A coroutine that was started and is looked at from outside; `io` has to be run or polled for it to get on.
template <class T>
class Started;

template <>
class Started<void> {
public:
    Started(asio::io_context& io, Task<> task) : spawned_(io.get_executor()) {
        spawned_.start(std::move(task), [this](std::exception_ptr error) {
            error_ = std::move(error);
            ended_ = true;
        });
    }
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;

    [[nodiscard]] bool ended() const { return ended_; }
    void cancel() { spawned_.cancel(); }
    /// Rethrows what the coroutine threw.
    void result() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    SpawnedTask spawned_;
    std::exception_ptr error_;
    bool ended_ = false;
};

template <class T>
class Started {
public:
    Started(asio::io_context& io, Task<T> task) : storing_(io, store(std::move(task), &value_)) {}

    [[nodiscard]] bool ended() const { return storing_.ended(); }
    void cancel() { storing_.cancel(); }
    /// Rethrows what the coroutine threw.
    T result() {
        storing_.result();
        return std::move(value_).value();
    }

private:
    static Task<> store(Task<T> task, std::optional<T>* value) { value->emplace(co_await std::move(task)); }

    std::optional<T> value_;
    Started<void> storing_;
};

/// Runs `task` to its end and returns what it returns.
template <class T>
T run_task(asio::io_context& io, Task<T> task) {
    Started<T> started(io, std::move(task));
    io.restart();
    io.run();
    return started.result();
}

/// Runs everything that is ready, and whatever becomes ready as a result.
inline void settle(asio::io_context& io) {
    io.restart();
    while (io.poll() > 0) io.restart();
}

}  // namespace emeth::test
