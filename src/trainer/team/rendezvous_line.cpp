#include "trainer/team/rendezvous_line.hpp"

#include <utility>

namespace emeth::trainer {
namespace {

constexpr std::size_t outbox_messages_max = 256;

}  // namespace

RendezvousLine::RendezvousLine(const asio::any_io_executor& executor, http::WebSocket socket)
    : socket_(std::move(socket)), group_(executor, 2), outbox_changed_(executor) {}

Task<> RendezvousLine::run(std::function<Task<bool>(std::string)> on_message) {
    group_.start(read(std::move(on_message)));
    group_.start(write());
    co_await group_.join();
}

void RendezvousLine::send(std::string message) {
    if (outbox_.size() >= outbox_messages_max) return end();  // the other side does not read
    outbox_.push_back(std::move(message));
    outbox_changed_.notify();
}

void RendezvousLine::end() {
    group_.cancel();
}

Task<> RendezvousLine::read(std::function<Task<bool>(std::string)> on_message) {
    for (;;) {
        auto message = co_await socket_.receive();
        if (message.has_error()) co_return end();
        Task<bool> handling = on_message(std::move(*message));
        const bool go_on = co_await std::move(handling);
        if (!go_on) co_return end();
    }
}

Task<> RendezvousLine::write() {
    for (;;) {
        while (outbox_.empty()) co_await outbox_changed_.wait();
        std::string message = std::move(outbox_.front());
        outbox_.pop_front();
        const auto sent = co_await socket_.send(std::move(message));
        if (sent.has_error()) co_return end();
    }
}

}  // namespace emeth::trainer
