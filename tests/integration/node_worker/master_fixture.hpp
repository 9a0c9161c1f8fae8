// A master's WorkerServer on loopback, and a worker that a test plays by hand.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "node/dashboard/access.hpp"
#include "node/workers/worker_server.hpp"
#include "runtime/with_timeout.hpp"
#include "support/io_fixture.hpp"
#include "support/worker_fitness.hpp"
#include "worker_protocol/handshake.hpp"

namespace emeth::test {

inline JobId job_id(std::uint8_t byte) {
    JobId id;
    id.bytes.fill(byte);
    return id;
}

/// The worker's end of a WebSocket, without any of the worker's code behind it.
class HandmadeWorker {
public:
    explicit HandmadeWorker(http::WebSocket socket) : socket_(std::move(socket)) {}

    Task<worker_protocol::FromMaster> receive() {
        Task<Result<std::string>> bounded =
            with_timeout(socket_.receive(), Milliseconds(5'000), "the master's message");
        const auto text = co_await std::move(bounded);
        co_return worker_protocol::parse_from_master(text.value()).value();
    }
    /// The error text that the connection ended with.
    Task<std::string> end() {
        for (;;) {
            Task<Result<std::string>> bounded = with_timeout(socket_.receive(), Milliseconds(5'000), "the end");
            const auto text = co_await std::move(bounded);
            if (text.has_error()) co_return text.error().message;
        }
    }
    Task<> send(worker_protocol::FromWorker message) {
        std::string text = encode(message);
        const auto sent = co_await socket_.send(std::move(text));
        sent.value();
    }
    Task<> send_text(std::string text) {
        const auto sent = co_await socket_.send(std::move(text));
        sent.value();
    }

private:
    http::WebSocket socket_;
};

class MasterFixture : public IoFixture {
protected:
    using WorkerPtr = std::unique_ptr<HandmadeWorker>;

    void start(std::vector<std::string> worker_whitelist = {"*"}, std::size_t workers_max = 256) {
        node::WorkerServerOptions options;
        options.workers = node::Whitelist::parse("worker_whitelist", worker_whitelist).value();
        options.admins = node::Whitelist::parse("jsonrpc_whitelist", {}).value();
        options.workers_max = workers_max;
        options.origins = origins;
        hub = std::make_unique<node::WorkerServer>(executor(), master_key, std::move(options), system_clock(),
                                                   system_random());
        http::ServerOptions http_options = bounds;
        http_options.port = port;
        server = std::make_unique<http::Server>(executor(), http_options);
        hub->add_session_route(*server, bounds.certificate ? "https" : "http");
        hub->add_admin_routes(
            *server, [this](const http::ServerRequest& request) { return node::may_read(request, access); },
            [this](const http::ServerRequest& request) { return node::may_act(request, access); });
        const auto listening = server->listen();
        if (listening.has_error()) throw std::runtime_error(listening.error().message);
        port = server->port();
        url = server->url();
        serving = std::make_unique<Background>(io, server->run());
    }
    /// As when the master is killed: connections end, and nothing is remembered. The port stays the same.
    void stop() {
        serving.reset();
        server.reset();
        hub.reset();
        inboxes.clear();
    }
    void TearDown() override { stop(); }

    [[nodiscard]] http::Url session_url() const {
        return http::Url::parse(url + std::string(worker_protocol::session_path)).value();
    }

    Task<WorkerPtr> dial() {
        Task<Result<http::WebSocket>> connecting = http::WebSocket::connect(session_url(), Milliseconds(5'000));
        auto socket = co_await std::move(connecting);
        co_return std::make_unique<HandmadeWorker>(std::move(socket.value()));
    }
    /// What an honest worker answers to `challenge` if it dialled the master itself, or `dialled`.
    worker_protocol::Hello hello_to(const worker_protocol::Challenge& challenge, const crypto::PrivateKey& key,
                                    const std::string& dialled = {}) {
        const worker_protocol::Handshake handshake{challenge.master, key.address(), challenge.challenge,
                                                   worker_protocol::random_challenge(system_random()),
                                                   dialled.empty() ? server->url() : dialled};
        worker_protocol::Hello hello;
        hello.challenge = handshake.worker_challenge;
        hello.worker = key.address();
        hello.signature = sign_handshake(key, worker_protocol::Role::worker, handshake);
        hello.power_capacity = 27'300;
        hello.dialled = handshake.dialled;
        return hello;
    }
    Task<worker_protocol::FromMaster> say_hello(HandmadeWorker& worker, const crypto::PrivateKey& key,
                                                std::vector<worker_protocol::HeldLease> held) {
        const worker_protocol::FromMaster first = co_await worker.receive();
        worker_protocol::Hello hello = hello_to(std::get<worker_protocol::Challenge>(first), key);
        hello.held = std::move(held);
        worker_protocol::FromWorker message = std::move(hello);
        co_await worker.send(std::move(message));
        co_return co_await worker.receive();
    }
    /// A worker that was welcomed, or an exception.
    WorkerPtr connect(const crypto::PrivateKey& key, std::vector<worker_protocol::HeldLease> held = {}) {
        WorkerPtr worker = run(dial());
        const auto answer = run(say_hello(*worker, key, std::move(held)));
        static_cast<void>(std::get<worker_protocol::Welcome>(answer));
        run(worker->send(fit_for_everything()));
        run(let_others_run());  // the server registers what it has welcomed
        return worker;
    }
    template <class Message>
    Message next(HandmadeWorker& worker) {
        return std::get<Message>(run(worker.receive()));
    }
    void report(HandmadeWorker& worker, std::uint64_t id, const JobId& job, std::uint64_t lease,
                worker_protocol::ReportBody body) {
        run(worker.send(worker_protocol::Report{id, job, lease, std::move(body)}));
    }
    void adopt(const JobId& job, std::uint64_t lease, const Address& worker, node::Hold hold = node::Hold::work) {
        inboxes[job] = hub->adopt(job, lease, worker, hold);
    }
    /// The next news of a JOB that adopt() was called for, taken out of its inbox.
    node::WorkerNews news(const JobId& job) {
        node::WorkerInbox& inbox = *inboxes.at(job);
        run(inbox.wait());
        const node::WorkerNews* first = inbox.front();
        if (first == nullptr) throw std::runtime_error("the inbox is closed");
        node::WorkerNews news = *first;
        inbox.pop();
        return news;
    }
    /// False if it has not come true within 10 s.
    bool eventually(const std::function<bool()>& condition) {
        for (int round = 0; round < 500 && !condition(); ++round) run(let_others_run());
        return condition();
    }
    static Task<> let_others_run() { co_await system_clock().sleep(Milliseconds(20)); }

    crypto::PrivateKey master_key = crypto::PrivateKey::generate(system_random());
    const std::string token = std::string(64, 'a');
    node::DashboardAccess access{[this](const std::string& peer_ip) { return hub->is_admin(peer_ip); }, "127.0.0.1",
                                 token};
    node::OwnOrigins origins;
    std::uint16_t port = 0;
    std::string url;  ///< of the server, also when it is stopped
    http::ServerOptions bounds;
    std::unique_ptr<node::WorkerServer> hub;
    std::map<JobId, std::shared_ptr<node::WorkerInbox>> inboxes;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<Background> serving;
};

}  // namespace emeth::test
