// Runs coroutines to their end inside a test.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/task.hpp"

namespace emeth::test {

/// A coroutine that was started and is looked at from outside; `io` has to be run or polled for it to get on.
template <class T>
class Started {
public:
    Started(asio::io_context& io, Task<T> task) {
        asio::co_spawn(io.get_executor(), std::move(task),
                       asio::bind_cancellation_slot(signal_.slot(), [this](std::exception_ptr error, T value) {
                           error_ = error;
                           value_.emplace(std::move(value));
                       }));
    }
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;

    [[nodiscard]] bool ended() const { return value_.has_value(); }
    void cancel() { signal_.emit(asio::cancellation_type::all); }
    /// Rethrows what the coroutine threw.
    T result() {
        if (error_) std::rethrow_exception(error_);
        return std::move(value_).value();
    }

private:
    asio::cancellation_signal signal_;
    std::exception_ptr error_;
    std::optional<T> value_;
};

template <>
class Started<void> {
public:
    Started(asio::io_context& io, Task<> task) {
        asio::co_spawn(io.get_executor(), std::move(task),
                       asio::bind_cancellation_slot(signal_.slot(), [this](std::exception_ptr error) {
                           error_ = error;
                           ended_ = true;
                       }));
    }
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;

    [[nodiscard]] bool ended() const { return ended_; }
    void cancel() { signal_.emit(asio::cancellation_type::all); }
    void result() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    asio::cancellation_signal signal_;
    std::exception_ptr error_;
    bool ended_ = false;
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
