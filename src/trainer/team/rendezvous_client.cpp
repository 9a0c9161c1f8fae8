#include "trainer/team/rendezvous_client.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace emeth::trainer {
namespace {

using namespace rendezvous;

constexpr Milliseconds idle_interval{1'000};

http::Url url_of(const trainer_protocol::Rendezvous& rendezvous) {
    return {"ws", rendezvous.host, rendezvous.port, std::string(path)};
}

}  // namespace

Result<std::unique_ptr<RendezvousClient>> RendezvousClient::connect(const trainer_protocol::Rendezvous& rendezvous,
                                                                    const Hash256& run, const ComputeRecord& compute,
                                                                    Milliseconds timeout) {
    std::unique_ptr<RendezvousClient> client(new RendezvousClient());
    client->serving_.start(client->serve(url_of(rendezvous), timeout, Hello{rendezvous.token, run, compute}),
                           [raw = client.get()](const std::exception_ptr&) {
                               raw->line_.reset();  // with its timers, which the thread would wait for
                               raw->end("the connection ended");
                           });
    client->thread_ = std::thread([io = &client->io_] { io->run(); });
    std::unique_lock lock(client->mutex_);
    client->changed_.wait(lock, [&] { return client->connected_ || client->end_reason_; });
    if (client->end_reason_) return transient_error(*client->end_reason_);
    lock.unlock();
    return client;
}

RendezvousClient::~RendezvousClient() {
    serving_.cancel();
    thread_.join();
}

Task<> RendezvousClient::serve(http::Url url, Milliseconds timeout, Hello hello) {
    const std::string origin = url.origin();
    auto socket = co_await http::WebSocket::connect(std::move(url), timeout);
    if (socket.has_error()) co_return end(fmt::format("the leader cannot be reached: {}", socket.error().message));
    const asio::any_io_executor executor = io_.get_executor();
    line_ = std::make_unique<RendezvousLine>(executor, std::move(*socket));
    line_->send(encode(FromHelper(hello)));
    {
        const std::scoped_lock lock(mutex_);
        connected_ = true;
    }
    changed_.notify_all();
    Task<> serving = line_->run([this](std::string text) { return handle(std::move(text)); });
    co_await std::move(serving);
    end(fmt::format("the leader at {} is gone", origin));
}

Task<bool> RendezvousClient::handle(std::string text) {
    Result<FromLeader> message = parse_from_leader(text);
    if (!message) {
        end(message.error().message);
        co_return false;
    }
    if (const auto* refused = std::get_if<HelperRefused>(&*message)) {
        end("the leader refuses this helper: " + refused->reason);
        co_return false;
    }
    {
        const std::scoped_lock lock(mutex_);
        if (std::holds_alternative<Ask>(*message)) {
            asked_ = !waiting_;
            if (waiting_) line_->send(encode(FromHelper(Ready{})));
        }
        if (const auto* form = std::get_if<Form>(&*message)) call_ = *form;
        if (auto* value = std::get_if<Value>(&*message)) value_ = std::move(*value);
    }
    changed_.notify_all();
    co_return true;
}

void RendezvousClient::send(const FromHelper& message) {
    asio::post(io_, [this, text = encode(message)] {
        if (line_) line_->send(text);
    });
}

/// Only the first reason is kept.
void RendezvousClient::end(std::string reason) {
    {
        const std::scoped_lock lock(mutex_);
        if (!end_reason_) end_reason_ = std::move(reason);
    }
    changed_.notify_all();
}

Result<Form> RendezvousClient::await_call(const std::function<void()>& idle) {
    std::unique_lock lock(mutex_);
    call_.reset();
    waiting_ = true;
    if (std::exchange(asked_, false) || !std::exchange(has_waited_, true)) send(Ready{});
    while (!changed_.wait_for(lock, idle_interval, [this] { return call_ || end_reason_; })) {
        lock.unlock();
        idle();
        lock.lock();
    }
    waiting_ = false;
    if (!call_) return transient_error(*end_reason_);
    return *std::exchange(call_, std::nullopt);
}

Result<void> RendezvousClient::set(const std::string& key, std::string value) {
    send(Put{key, std::move(value)});
    return {};
}

Result<std::string> RendezvousClient::get(const std::string& key, Milliseconds timeout) {
    {
        const std::scoped_lock lock(mutex_);
        value_.reset();
    }
    send(Get{key});
    std::unique_lock lock(mutex_);
    const auto answered = [&] { return (value_ && value_->key == key) || end_reason_; };
    if (!changed_.wait_for(lock, timeout, answered))
        return transient_error(fmt::format("the leader gave no address within {} ms", timeout.count()));
    if (end_reason_) return transient_error(*end_reason_);
    return std::exchange(value_, std::nullopt)->value;
}

}  // namespace emeth::trainer
