#include "trainer/rendezvous_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"
#include "trainer/rendezvous_line.hpp"

namespace emeth::trainer {
namespace {

using namespace rendezvous;

/// A connection is good for a few values a group; many more are no helper's.
constexpr std::size_t values_max = 64 * workers_max;
constexpr Milliseconds look_again_after{5};
constexpr Milliseconds answer_limit{25'000};

http::ServerOptions options_for(const std::string& host) {
    http::ServerOptions options;
    options.host = host;
    options.connections_max = workers_max;
    return options;
}

}  // namespace

struct RendezvousServer::Helper {
    Helper(const asio::any_io_executor& executor, http::WebSocket socket) : line(executor, std::move(socket)) {}
    RendezvousLine line;  // io thread
    // Under mutex_:
    Hash256 run;
    bool greeted = false;
    bool ready = false;
    bool in_group = false;
};

RendezvousServer::RendezvousServer(const std::string& host)
    : io_(1), server_(io_.get_executor(), options_for(host)) {
    rendezvous_.host = host;
    system_random().fill(rendezvous_.token.bytes);
    server_.route_websocket(std::string(path), [this](http::WebSocket socket, http::ServerRequest) {
        return serve(std::move(socket));
    });
}

Result<std::unique_ptr<RendezvousServer>> RendezvousServer::open(const std::string& host) {
    std::unique_ptr<RendezvousServer> server(new RendezvousServer(host));
    if (Result<void> listening = server->server_.listen(); !listening)
        return in_context("cooperative_host", listening.error());
    server->rendezvous_.port = server->server_.port();
    asio::co_spawn(server->io_, server->server_.run(),
                   asio::bind_cancellation_slot(server->end_.slot(), [](const std::exception_ptr&) {}));
    server->thread_ = std::thread([io = &server->io_] { io->run(); });
    return server;
}

RendezvousServer::~RendezvousServer() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { end_.emit(asio::cancellation_type::terminal); });
    thread_.join();
}

Task<> RendezvousServer::serve(http::WebSocket socket) {
    const asio::any_io_executor executor = io_.get_executor();
    const auto helper = std::make_shared<Helper>(executor, std::move(socket));
    auto handler = [this, helper](std::string text) { return handle(helper, std::move(text)); };
    Task<> serving = helper->line.run(std::move(handler));
    std::exception_ptr end;
    try {
        co_await std::move(serving);
    } catch (...) {
        end = std::current_exception();
    }
    {
        const std::scoped_lock lock(mutex_);
        std::erase(helpers_, helper);
    }
    changed_.notify_all();
    if (end) std::rethrow_exception(end);
}

Task<bool> RendezvousServer::handle(HelperPtr helper, std::string text) {
    const Result<FromHelper> message = parse_from_helper(text);
    if (!message) co_return false;
    if (const auto* hello = std::get_if<Hello>(&*message)) co_return greet(helper, *hello);
    if (!helper->greeted) co_return false;
    if (const auto* get = std::get_if<Get>(&*message)) {
        Task<> answering = answer(helper, get->key);
        co_await std::move(answering);
    }
    bool go_on = true;
    {
        const std::scoped_lock lock(mutex_);
        if (const auto* put = std::get_if<Put>(&*message)) {
            go_on = values_.size() < values_max;
            if (go_on) values_[put->key] = put->value;
        }
        if (std::holds_alternative<Ready>(*message)) helper->ready = true;
    }
    changed_.notify_all();
    co_return go_on;
}

bool RendezvousServer::greet(const HelperPtr& helper, const Hello& hello) {
    if (helper->greeted || !crypto::equal_constant_time(hello.token.bytes, rendezvous_.token.bytes)) return false;
    const std::scoped_lock lock(mutex_);
    helper->greeted = true;
    helper->run = hello.run;
    helpers_.push_back(helper);
    return true;
}

Task<> RendezvousServer::answer(HelperPtr helper, std::string key) {
    const Milliseconds end = system_clock().monotonic() + answer_limit;
    std::optional<std::string> value = find(key);
    while (!value && system_clock().monotonic() < end) {
        co_await system_clock().sleep(look_again_after);
        value = find(key);
    }
    if (value) helper->line.send(encode(FromLeader(Value{key, *std::move(value)})));
}

std::optional<std::string> RendezvousServer::find(const std::string& key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void RendezvousServer::admit(const Hash256& run) {
    const std::scoped_lock lock(mutex_);
    run_ = run;
}

bool RendezvousServer::anybody_waits() const {
    const std::scoped_lock lock(mutex_);
    return run_ && std::ranges::any_of(helpers_, [](const HelperPtr& helper) { return !helper->in_group; });
}

void RendezvousServer::send(const HelperPtr& helper, const FromLeader& message) {
    asio::post(io_, [helper, text = encode(message)] { helper->line.send(text); });
}

void RendezvousServer::send_away(const HelperPtr& helper) {
    asio::post(io_, [helper] { helper->line.end(); });
}

int RendezvousServer::ask(Milliseconds limit) {
    std::unique_lock lock(mutex_);
    for (const HelperPtr& helper : helpers_) {
        helper->ready = false;
        send(helper, Ask{});
    }
    changed_.wait_for(lock, limit, [this] {
        return std::ranges::all_of(helpers_, [](const HelperPtr& helper) { return helper->ready; });
    });
    const auto fits = [this](const HelperPtr& helper) { return helper->ready && helper->run == run_; };
    for (const HelperPtr& helper : helpers_) {
        if (!helper->ready) {
            spdlog::warn("a helper did not answer within {} ms and is sent away", limit.count());
            send_away(helper);
        } else if (!fits(helper)) {  // and goes by itself
            send(helper, Refused{"it has another dataset, tokenizer or JOB"});
        }
    }
    std::erase_if(helpers_, [&](const HelperPtr& helper) { return !fits(helper); });
    return static_cast<int>(helpers_.size());
}

int RendezvousServer::call(std::uint64_t generation) {
    const std::scoped_lock lock(mutex_);
    values_.clear();
    const std::size_t size = std::min<std::size_t>(helpers_.size() + 1, workers_max);
    for (std::size_t i = 0; i + 1 < size; ++i) {
        helpers_[i]->in_group = true;
        send(helpers_[i], Form{generation, static_cast<int>(i + 1), static_cast<int>(size)});
    }
    return static_cast<int>(size);
}

void RendezvousServer::dissolve() {
    const std::scoped_lock lock(mutex_);
    for (const HelperPtr& helper : helpers_) helper->in_group = false;
}

Result<void> RendezvousServer::set(const std::string& key, std::string value) {
    const std::scoped_lock lock(mutex_);
    values_[key] = std::move(value);
    return {};
}

Result<std::string> RendezvousServer::get(const std::string& key, Milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [&] { return values_.contains(key); }))
        return transient_error(fmt::format("a helper did not come within {} ms", timeout.count()));
    return values_[key];
}

}  // namespace emeth::trainer
