// Runs a test's coroutines on an io_context of their own, next to background services, and with a time limit.
//
//     Background serving(io, server.run());  // stops with its scope
//     EXPECT_EQ(run(client.get("/")).value().status, 200u);
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "runtime/spawned_task.hpp"
#include "runtime/task.hpp"

namespace emeth::test {

/// A coroutine that runs until stop(), as a server's run() does.
class Background {
public:
    Background(asio::io_context& io, Task<> task) : io_(io), spawned_(io.get_executor()) {
        spawned_.start(std::move(task), [this](std::exception_ptr) { ended_ = true; });
    }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background() { stop(); }

    /// Cancels and waits; false if it has not ended within `limit`.
    bool stop(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
        if (ended_) return true;
        spawned_.cancel();
        io_.restart();
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!ended_ && io_.run_one_until(end) > 0) {
        }
        return ended_;
    }
    [[nodiscard]] bool ended() const { return ended_; }

private:
    asio::io_context& io_;
    SpawnedTask spawned_;
    bool ended_ = false;
};

class IoFixture : public ::testing::Test {
protected:
    /// The result of `task`; an exception fails the test if it takes longer than 60 s.
    template <class T>
    T run(Task<T> task) {
        std::exception_ptr error;
        if constexpr (std::is_void_v<T>) {
            bool done = false;
            asio::co_spawn(io, std::move(task), [&](std::exception_ptr thrown) { error = thrown, done = true; });
            run_until(done);
            if (error) std::rethrow_exception(error);
        } else {
            bool done = false;
            std::optional<T> value;
            // Through a second coroutine, because co_spawn needs results that can be default-constructed.
            asio::co_spawn(io, store(std::move(task), &value),
                           [&](std::exception_ptr thrown) { error = thrown, done = true; });
            run_until(done);
            if (error) std::rethrow_exception(error);
            return std::move(*value);
        }
    }
    asio::any_io_executor executor() { return io.get_executor(); }

    asio::io_context io{1};

private:
    template <class T>
    static Task<> store(Task<T> task, std::optional<T>* value) {
        value->emplace(co_await std::move(task));
    }

    void run_until(const bool& done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        io.restart();
        while (!done && io.run_one_until(end) > 0) {
        }
        if (!done) throw std::runtime_error("the test's coroutine did not end");
    }
};

}  // namespace emeth::test
