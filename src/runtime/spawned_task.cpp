#include "runtime/spawned_task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace emeth {

/// Used on the executor's thread alone, once it runs.
struct SpawnedTask::State {
    asio::any_io_executor executor;
    asio::cancellation_signal signal;
    bool has_begun = false;
    bool is_cancelled = false;
    bool has_ended = false;
};

Task<> SpawnedTask::guarded(std::shared_ptr<State> state, Task<> task) {
    state->has_begun = true;
    std::exception_ptr error;
    try {
        if (state->is_cancelled) throw boost::system::system_error(asio::error::operation_aborted);
        co_await std::move(task);
    } catch (...) {
        error = std::current_exception();
    }
    // co_spawn still waits for its turn if the task never did.
    co_await asio::this_coro::throw_if_cancelled(false);
    if (error) std::rethrow_exception(error);
}

SpawnedTask::SpawnedTask(asio::any_io_executor executor) : state_(std::make_shared<State>()) {
    state_->executor = std::move(executor);
}

void SpawnedTask::start(Task<> task, std::function<void(std::exception_ptr error)> ended) {
    Task<> guard = guarded(state_, std::move(task));
    auto on_end = [state = state_, ended = std::move(ended)](std::exception_ptr error) {
        state->has_ended = true;
        ended(std::move(error));
    };
    asio::co_spawn(state_->executor, std::move(guard),
                   asio::bind_cancellation_slot(state_->signal.slot(), std::move(on_end)));
}

void SpawnedTask::cancel() {
    asio::dispatch(state_->executor, [state = state_] {
        state->is_cancelled = true;
        // Earlier, the task would end at once without having waited, and co_spawn would throw.
        if (state->has_begun && !state->has_ended) state->signal.emit(asio::cancellation_type::all);
    });
}

}  // namespace emeth
