// How this folder awaits socket operations: errors as values, and a cancelled coroutine closes its socket.
#pragma once

#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "runtime/task.hpp"

namespace emeth::http {

using boost::system::error_code;
using Tcp = asio::ip::tcp;

/// Closes `socket` when the coroutine of `state` is cancelled. Beast's operations consist of several steps, and a
/// cancellation that arrives between two of them would be lost; closing the socket ends them all. Lives for one
/// operation, which must be started with `io_token`, since any other token would take over the slot.
class CloseOnCancel {
public:
    CloseOnCancel(const asio::cancellation_state& state, Tcp::socket& socket) : state_(state), slot_(state_.slot()) {
        if (!slot_.is_connected()) return;
        slot_.assign([&socket](asio::cancellation_type) {
            error_code ignored;
            socket.close(ignored);
        });
    }
    CloseOnCancel(const CloseOnCancel&) = delete;
    CloseOnCancel& operator=(const CloseOnCancel&) = delete;
    ~CloseOnCancel() { slot_.clear(); }

    /// Call it after the operation: a cancelled coroutine ends with operation_aborted, never with a result.
    void throw_if_cancelled() const {
        if (state_.cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }

private:
    asio::cancellation_state state_;
    asio::cancellation_slot slot_;
};

/// Completes with (error_code, …) as a tuple and leaves the coroutine's cancellation slot to CloseOnCancel.
inline auto io_token() {
    return asio::as_tuple(asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

/// Asio does not set the flag, and a child process must not inherit a connection.
inline void close_on_exec(Tcp::socket::native_handle_type descriptor) {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace emeth::http
