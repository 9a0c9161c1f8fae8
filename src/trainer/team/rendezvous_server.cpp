#include "trainer/team/rendezvous_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <iterator>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/random.hpp"
#include "runtime/wakeup.hpp"
#include "trainer/team/rendezvous_line.hpp"

namespace emeth::trainer {
namespace {

using namespace rendezvous;

/// A helper puts only a few values per group; many more than that cannot come from an honest one.
constexpr std::size_t values_max = 64 * workers_max;
constexpr Milliseconds look_again_after{5};
constexpr Milliseconds answer_limit{60'000};
constexpr Milliseconds greeting_limit{10'000};
/// The end of a helper's process is noticed here at most this long after Gloo notices it.
constexpr Milliseconds notice_of_end{200};
/// This limits the cost of helpers that always fail to one part in 21 of the time.
constexpr int wait_times_loss = 20;

http::ServerOptions options_for(const std::string& host) {
    http::ServerOptions options;
    options.host = host;
    options.connections_max = workers_max - 1;
    options.kept_connections_max = workers_max - 1;
    return options;
}

}  // namespace

struct RendezvousServer::Helper {
    Helper(const asio::any_io_executor& executor, http::WebSocket socket, std::function<bool()> keep)
        : line(executor, std::move(socket)), keep_place(std::move(keep)) {}
    RendezvousLine line;               // io thread
    std::function<bool()> keep_place;  // io thread
    // Under mutex_:
    Hash256 run;
    ComputeRecord compute;
    bool greeted = false;
    bool asked = false, ready = false, gone = false;
    bool has_waited = false;  // it can be asked
    bool in_group = false;
    bool proved = false;
    Milliseconds not_before{0};  // when it may be tried again
};

RendezvousServer::RendezvousServer(const std::string& host, Precision precision)
    : io_(1), server_(io_.get_executor(), options_for(host)), serving_(io_.get_executor()) {
    rendezvous_.host = host;
    rendezvous_.precision = precision_name(precision);
    system_random().fill(rendezvous_.token.bytes);
    server_.route_websocket(std::string(path), [this](http::WebSocket socket, http::ServerRequest request) {
        return serve(std::move(socket), std::move(request.keep_place));
    });
}

Result<std::unique_ptr<RendezvousServer>> RendezvousServer::open(const std::string& host, Precision precision) {
    std::unique_ptr<RendezvousServer> server(new RendezvousServer(host, precision));
    if (Result<void> listening = server->server_.listen(); listening.has_error())
        return in_context("cooperative_host", listening.error());
    server->rendezvous_.port = server->server_.port();
    server->serving_.start(server->server_.run(), [](const std::exception_ptr&) {});
    server->thread_ = std::thread([io = &server->io_] { io->run(); });
    return server;
}

RendezvousServer::~RendezvousServer() {
    if (!thread_.joinable()) return;
    serving_.cancel();
    thread_.join();
}

Task<> RendezvousServer::serve(http::WebSocket socket, std::function<bool()> keep_place) {
    const asio::any_io_executor executor = io_.get_executor();
    const auto helper = std::make_shared<Helper>(executor, std::move(socket), std::move(keep_place));
    auto handler = [this, helper](std::string text) { return handle(helper, std::move(text)); };
    Task<> serving = helper->line.run(std::move(handler));
    Task<> greeting = await_greeting(helper);
    std::exception_ptr end;
    try {
        co_await race(std::move(serving), std::move(greeting));
    } catch (...) {
        end = std::current_exception();
    }
    remove(helper);
    if (end) std::rethrow_exception(end);
}

/// Returns when the greeting does not come in time.
Task<> RendezvousServer::await_greeting(HelperPtr helper) {
    co_await system_clock().sleep(greeting_limit);
    Wakeup never(io_.get_executor());
    if (helper->greeted) co_await never.wait();
}

void RendezvousServer::remove(const HelperPtr& helper) {
    {
        const std::scoped_lock lock(mutex_);
        member_lost_ = member_lost_ || helper->in_group;
        helper->gone = true;
        std::erase(helpers_, helper);
    }
    changed_.notify_all();
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
        if (std::holds_alternative<Ready>(*message)) helper->ready = helper->has_waited = true;
    }
    changed_.notify_all();
    co_return go_on;
}

bool RendezvousServer::greet(const HelperPtr& helper, const Hello& hello) {
    if (helper->greeted || !crypto::equal_constant_time(hello.token.bytes, rendezvous_.token.bytes)) return false;
    if (!helper->keep_place()) return false;
    const std::scoped_lock lock(mutex_);
    helper->greeted = true;
    helper->run = hello.run;
    helper->compute = hello.compute;
    const std::string_view precision = precision_name(hello.compute.precision);
    if (precision != rendezvous_.precision) {
        send(helper, HelperRefused{fmt::format("it computes in {}, this run in {}", precision, rendezvous_.precision)});
        return true;
    }
    helpers_.push_back(helper);
    if (run_) refuse_other_runs();
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
    refuse_other_runs();
}

/// The refused helpers close the connections themselves.
void RendezvousServer::refuse_other_runs() {
    for (const HelperPtr& helper : helpers_)
        if (helper->run != *run_) send(helper, HelperRefused{"it has another dataset, tokenizer or JOB"});
    std::erase_if(helpers_, [this](const HelperPtr& helper) { return helper->run != *run_; });
}

bool RendezvousServer::may_be_tried(const Helper& helper) const {
    return helper.has_waited && !helper.in_group && system_clock().monotonic() >= helper.not_before;
}

bool RendezvousServer::is_on_trial() const {
    return std::ranges::any_of(helpers_, [](const HelperPtr& helper) { return helper->in_group && !helper->proved; });
}

bool RendezvousServer::anybody_waits() const {
    const std::scoped_lock lock(mutex_);
    if (!run_ || is_on_trial()) return false;
    return std::ranges::any_of(helpers_, [this](const HelperPtr& helper) { return may_be_tried(*helper); });
}

void RendezvousServer::send(const HelperPtr& helper, const FromLeader& message) {
    asio::post(io_, [helper, text = encode(message)] { helper->line.send(text); });
}

int RendezvousServer::ask(Milliseconds limit) {
    std::unique_lock lock(mutex_);
    std::vector<HelperPtr> asked;
    bool one_on_trial = false;
    for (const HelperPtr& helper : helpers_) {
        helper->asked = helper->ready = false;
        if (!may_be_tried(*helper) || (!helper->proved && std::exchange(one_on_trial, true))) continue;
        helper->asked = true;
        asked.push_back(helper);
        send(helper, Ask{});
    }
    const auto answered = [](const HelperPtr& helper) { return helper->ready || helper->gone; };
    changed_.wait_for(lock, limit, [&] { return std::ranges::all_of(asked, answered); });
    int ready = 0;
    for (const HelperPtr& helper : asked) {
        ready += helper->ready ? 1 : 0;
        if (!helper->ready) helper->not_before = system_clock().monotonic() + wait_times_loss * limit;
    }
    return ready;
}

std::vector<ComputeRecord> RendezvousServer::call(std::uint64_t generation) {
    const std::scoped_lock lock(mutex_);
    values_.clear();
    member_lost_ = false;
    std::vector<HelperPtr> members;
    std::ranges::copy_if(helpers_, std::back_inserter(members),
                         [](const HelperPtr& helper) { return helper->asked && helper->ready; });
    const int size = static_cast<int>(members.size()) + 1;
    std::vector<ComputeRecord> records;
    for (int rank = 1; rank < size; ++rank) {
        const HelperPtr& helper = members[static_cast<std::size_t>(rank - 1)];
        helper->in_group = true;
        send(helper, Form{generation, rank, size});
        records.push_back(helper->compute);
    }
    return records;
}

void RendezvousServer::approve() {
    const std::scoped_lock lock(mutex_);
    for (const HelperPtr& helper : helpers_) helper->proved = helper->proved || helper->in_group;
}

void RendezvousServer::dissolve(Milliseconds loss) {
    std::unique_lock lock(mutex_);
    bool others_fault = loss == Milliseconds(0);
    if (!others_fault) others_fault = changed_.wait_for(lock, notice_of_end, [this] { return member_lost_; });
    const bool one_was_on_trial = is_on_trial();
    for (const HelperPtr& helper : helpers_) {
        const bool blamed = helper->in_group && !others_fault && !(one_was_on_trial && helper->proved);
        helper->in_group = false;
        if (!blamed) continue;
        helper->proved = false;
        helper->not_before = system_clock().monotonic() + wait_times_loss * loss;
    }
}

Result<void> RendezvousServer::set(const std::string& key, std::string value) {
    const std::scoped_lock lock(mutex_);
    values_[key] = std::move(value);
    return {};
}

Result<std::string> RendezvousServer::get(const std::string& key, Milliseconds timeout) {
    std::unique_lock lock(mutex_);
    const auto settled = [&] { return values_.contains(key) || member_lost_; };
    if (!changed_.wait_for(lock, timeout, settled))
        return transient_error(fmt::format("a helper did not arrive within {} ms", timeout.count()));
    if (!values_.contains(key)) return transient_error("a helper is gone");
    return values_[key];
}

}  // namespace emeth::trainer
