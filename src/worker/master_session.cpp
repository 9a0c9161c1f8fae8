#include "worker/master_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "http/canonical_origin.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiting.hpp"
#include "runtime/with_timeout.hpp"
#include "worker_protocol/handshake.hpp"

namespace emeth::worker {

using worker_protocol::FromMaster;
using worker_protocol::Handshake;
using worker_protocol::Role;

namespace {

constexpr Milliseconds handshake_limit{10'000};

}  // namespace

MasterSession::MasterSession(const WorkerSettings& settings, const crypto::PrivateKey& key, ReportQueue& reports,
                             OrderHandler& handler, Clock& clock, Random& random)
    : settings_(settings), key_(key), reports_(reports), handler_(handler), clock_(clock), random_(random) {}

Task<> MasterSession::run() {
    for (;;) {
        const Error reason = co_await connect_and_serve();
        ++failures_;  // a welcome has reset it to 0
        const Milliseconds wait = backoff(failures_, settings_.reconnect, random_.unit());
        spdlog::warn("no connection to the master: {}; will retry in {} ms", reason.message, wait.count());
        co_await clock_.sleep(wait);
    }
}

Task<Error> MasterSession::connect_and_serve() {
    std::optional<Waiting> waiting(std::in_place, "the master " + settings_.master.origin());
    auto connected = co_await http::WebSocket::connect(settings_.master, handshake_limit);
    if (connected.has_error()) co_return connected.error();
    http::WebSocket socket = std::move(*connected);
    const auto welcome = co_await shake_hands(socket);
    if (welcome.has_error()) co_return in_context(settings_.master.origin(), welcome.error());
    waiting.reset();
    failures_ = 0;
    reports_.resend_all();
    end_reason_.reset();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    TaskGroup group(executor, 2);
    group.start(read_orders(socket, group));
    group.start(send_reports(socket, group));
    co_await group.join();
    co_return end_reason_.value_or(transient_error("the connection ended"));
}

Task<Result<void>> MasterSession::shake_hands(http::WebSocket& socket) {
    const auto first = co_await receive_in_time(socket);
    if (first.has_error()) co_return first.error();
    const auto* challenge = std::get_if<worker_protocol::Challenge>(&*first);
    if (challenge == nullptr) co_return transient_error("it did not begin with a challenge: is it an emeth master?");
    if (settings_.master_address && *settings_.master_address != challenge->master)
        co_return permanent_error(fmt::format("it calls itself {}, but master_address is {}", challenge->master.hex(),
                                              settings_.master_address->hex()));
    if (const auto refusal = worker_protocol::why_other_version(Role::master, challenge->version))
        co_return permanent_error(*refusal);
    Handshake handshake{challenge->master, key_.address(), challenge->challenge,
                        worker_protocol::random_challenge(random_), http::canonical_origin(settings_.master)};
    if (challenge->binds_channel) handshake.channel = socket.channel_binding();
    if (challenge->binds_channel && !handshake.channel)
        co_return permanent_error(
            "the master serves TLS, and this connection has none: somebody is in between, or master_node_url should "
            "begin with https://");
    worker_protocol::Hello hello{
        handshake.worker_challenge, handshake.worker, sign_handshake(key_, Role::worker, handshake),
        settings_.power_capacity,   handler_.held(),  handshake.dialled,
        settings_.cooperation.host};
    std::string text = encode(worker_protocol::FromWorker(std::move(hello)));
    const auto sent = co_await socket.send(std::move(text));
    if (sent.has_error()) co_return sent.error();
    const auto answer = co_await receive_in_time(socket);
    if (answer.has_error()) co_return answer.error();
    if (const auto* refused = std::get_if<worker_protocol::WorkerRefused>(&*answer))
        co_return permanent_error("the master refuses this worker: " + refused->reason);
    const auto* welcome = std::get_if<worker_protocol::Welcome>(&*answer);
    if (welcome == nullptr || !signed_by(Role::master, welcome->signature, handshake))
        co_return permanent_error(fmt::format("it cannot prove that it is {}", challenge->master.hex()));
    spdlog::info("this worker serves the master {} at {}", challenge->master.hex(), settings_.master.origin());
    co_return Result<void>{};
}

Task<Result<FromMaster>> MasterSession::receive(http::WebSocket& socket) {
    const auto text = co_await socket.receive();
    if (text.has_error()) co_return text.error();
    co_return worker_protocol::parse_from_master(*text);
}

Task<Result<FromMaster>> MasterSession::receive_in_time(http::WebSocket& socket) {
    Task<Result<FromMaster>> bounded =
        with_timeout(clock_, receive(socket), handshake_limit, "its part of the handshake");
    co_return co_await std::move(bounded);
}

Task<> MasterSession::read_orders(http::WebSocket& socket, TaskGroup& group) {
    for (;;) {
        auto message = co_await receive(socket);
        Result<void> done = message.has_error() ? message.error() : Result<void>{};
        if (done.has_value()) done = co_await dispatch(std::move(*message));
        if (done.has_error()) co_return end(group, done.error());
    }
}

Task<> MasterSession::send_reports(http::WebSocket& socket, TaskGroup& group) {
    for (;;) {
        const worker_protocol::FromWorker message = co_await reports_.next();
        const auto* report = std::get_if<worker_protocol::Report>(&message);
        const std::string_view kind = report == nullptr ? "fitness" : worker_protocol::kind_of(report->body);
        std::string text = encode(message);
        failpoint::before("report", kind);
        const auto sent = co_await socket.send(std::move(text));
        failpoint::after("report", kind);
        if (sent.has_error()) co_return end(group, sent.error());
    }
}

Task<Result<void>> MasterSession::dispatch(FromMaster message) {
    if (auto* assign = std::get_if<worker_protocol::Assign>(&message)) {
        co_await handler_.handle(std::move(*assign));
    } else if (auto* join = std::get_if<worker_protocol::Join>(&message)) {
        co_await handler_.handle(std::move(*join));
    } else if (auto* upload = std::get_if<worker_protocol::Upload>(&message)) {
        co_await handler_.handle(std::move(*upload));
    } else if (auto* evidence = std::get_if<worker_protocol::Evidence>(&message)) {
        co_await handler_.handle(std::move(*evidence));
    } else if (auto* stop = std::get_if<worker_protocol::Stop>(&message)) {
        co_await handler_.handle(std::move(*stop));
    } else if (const auto* ack = std::get_if<worker_protocol::Ack>(&message)) {
        co_await handler_.handle(*ack);
    } else if (const auto* refused = std::get_if<worker_protocol::WorkerRefused>(&message)) {
        co_return transient_error("the master ended the session: " + refused->reason);
    } else {
        co_return transient_error("the master sent a handshake message in the middle of the session");
    }
    co_return Result<void>{};
}

void MasterSession::end(TaskGroup& group, Error reason) {
    if (!end_reason_) end_reason_ = std::move(reason);
    group.cancel();
}

}  // namespace emeth::worker
