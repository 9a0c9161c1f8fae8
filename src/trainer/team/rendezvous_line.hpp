// A WebSocket of the rendezvous with an outbox: one reader, one writer, any number of senders. Io thread only.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "http/client.hpp"
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::trainer {

class RendezvousLine {
public:
    RendezvousLine(const asio::any_io_executor& executor, http::WebSocket socket);

    /// Carries messages until the connection ends or `on_message` returns false.
    Task<> run(std::function<Task<bool>(std::string)> on_message);
    void send(std::string message);
    /// run() returns soon.
    void end();

private:
    Task<> read(std::function<Task<bool>(std::string)> on_message);
    Task<> write();

    http::WebSocket socket_;
    TaskGroup group_;
    std::deque<std::string> outbox_;
    Wakeup outbox_changed_;
};

}  // namespace emeth::trainer
