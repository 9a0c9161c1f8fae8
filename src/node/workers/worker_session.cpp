#include "node/workers/worker_session.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/with_timeout.hpp"

namespace emeth::node {

using worker_protocol::FromMaster;
using worker_protocol::FromWorker;
using worker_protocol::Role;

namespace {

constexpr Milliseconds handshake_limit{10'000};

}  // namespace

WorkerSession::WorkerSession(const asio::any_io_executor& executor, http::WebSocket socket, std::string caller,
                             Clock& clock)
    : socket_(std::move(socket)),
      caller_(std::move(caller)),
      clock_(clock),
      group_(executor, 2),
      outbox_changed_(executor) {}

Task<Result<void>> WorkerSession::greet(const crypto::PrivateKey& key, Random& random) {
    challenge_ = worker_protocol::random_challenge(random);
    const FromMaster challenge = worker_protocol::Challenge{challenge_, key.address(), worker_protocol::session_version,
                                                            socket_.channel_binding().has_value()};
    std::string text = encode(challenge);
    const auto sent = co_await socket_.send(std::move(text));
    if (sent.has_error()) co_return sent.error();
    Task<Result<FromWorker>> bounded =
        with_timeout(clock_, receive(), handshake_limit, "the worker's part of the handshake");
    auto answer = co_await std::move(bounded);
    if (answer.has_error()) co_return answer.error();
    auto* hello = std::get_if<worker_protocol::Hello>(&*answer);
    if (hello == nullptr) co_return permanent_error("a session begins with hello");
    hello_ = std::move(*hello);
    if (const auto refusal = worker_protocol::why_other_version(Role::worker, hello_.version))
        co_return permanent_error(*refusal);
    if (!signed_by(Role::worker, hello_.signature, handshake(key.address())))
        co_return permanent_error(fmt::format(
            "the signature is not one of {} over this session's challenges and connection", hello_.worker.hex()));
    co_return Result<void>{};
}

Task<> WorkerSession::refuse(std::string reason) {
    const FromMaster refused = worker_protocol::WorkerRefused{std::move(reason)};
    std::string text = encode(refused);
    co_await socket_.send(std::move(text));
    socket_.abort();
}

Task<std::string> WorkerSession::run(const crypto::PrivateKey& key, Handlers handlers) {
    const FromMaster welcome = worker_protocol::Welcome{sign_handshake(key, Role::master, handshake(key.address()))};
    std::string text = encode(welcome);
    const auto welcomed = co_await socket_.send(std::move(text));
    if (welcomed.has_error()) co_return welcomed.error().message;
    if (!end_reason_) {
        group_.start(read_messages(std::move(handlers)));
        group_.start(send_outbox());
        co_await group_.join();
    }
    co_return end_reason_.value_or("the connection ended");
}

worker_protocol::Handshake WorkerSession::handshake(const Address& master) const {
    return {master, hello_.worker, challenge_, hello_.challenge, hello_.dialled, socket_.channel_binding()};
}

std::map<JobId, std::uint64_t> WorkerSession::held() const {
    std::map<JobId, std::uint64_t> leases;
    for (const worker_protocol::HeldLease& held : hello_.held) leases[held.job] = held.lease;
    return leases;
}

void WorkerSession::send(const FromMaster& message) {
    std::string text = encode(message);
    if (outbox_.size() >= outbox_messages_max || outbox_bytes_ + text.size() > outbox_bytes_max)
        return end("the worker does not read: too many messages wait for it");
    outbox_bytes_ += text.size();
    outbox_.push_back(std::move(text));
    outbox_changed_.notify();
}

void WorkerSession::end(std::string reason) {
    if (!end_reason_) end_reason_ = std::move(reason);
    group_.cancel();
}

Task<Result<FromWorker>> WorkerSession::receive() {
    const auto text = co_await socket_.receive();
    if (text.has_error()) co_return text.error();
    co_return worker_protocol::parse_from_worker(*text);
}

Task<> WorkerSession::read_messages(Handlers handlers) {
    for (;;) {
        auto message = co_await receive();
        if (message.has_error()) co_return end(message.error().message);
        if (auto* fitness = std::get_if<worker_protocol::Fitness>(&*message)) {
            handlers.on_fitness(std::move(*fitness));
            continue;
        }
        auto* report = std::get_if<worker_protocol::Report>(&*message);
        if (report == nullptr) co_return end("the worker said hello twice");
        Task<> handling = handlers.on_report(std::move(*report));
        co_await std::move(handling);
    }
}

Task<> WorkerSession::send_outbox() {
    for (;;) {
        while (outbox_.empty()) co_await outbox_changed_.wait();
        std::string text = std::move(outbox_.front());
        outbox_.pop_front();
        outbox_bytes_ -= text.size();
        const auto sent = co_await socket_.send(std::move(text));
        if (sent.has_error()) co_return end(sent.error().message);
    }
}

}  // namespace emeth::node
