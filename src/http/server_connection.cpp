#include "http/server_connection.hpp"

#include <fmt/format.h>

#include "http/answer_writer.hpp"
#include "http/request_head.hpp"
#include "http/tls.hpp"
#include "runtime/cancellation.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"

namespace emeth::http {
namespace {

namespace http = beast::http;

constexpr std::size_t text_piece_bytes = 16 << 10;
constexpr std::uint64_t drained_bytes_max = 16 << 20;
constexpr Milliseconds drain_time_max{2'000};

Task<> serve_requests(std::shared_ptr<Server::Impl> server, Tcp::socket socket, ConnectionPlace* place) {
    ServerConnection connection(std::move(server), std::move(socket), *place);
    try {
        auto serving = connection.serve();
        co_await std::move(serving);
    } catch (const boost::system::system_error& ended) {
        spdlog::debug("a connection ended: {}", ended.what());
    } catch (const std::exception& failure) {
        spdlog::error("a connection failed: {}", failure.what());
    }
}

}  // namespace

Task<> serve_connection(std::shared_ptr<Server::Impl> server, Tcp::socket socket,
                        std::unique_ptr<ConnectionPlace> place) {
    auto serving = serve_requests(std::move(server), std::move(socket), place.get());
    auto displacement = place->displacement();
    auto first = race(std::move(serving), std::move(displacement));
    co_await std::move(first);
}

ServerConnection::ServerConnection(std::shared_ptr<Server::Impl> server, Tcp::socket socket, ConnectionPlace& place)
    : server_(std::move(server)),
      place_(place),
      stream_(std::move(socket), server_->options.certificate ? server_->options.certificate->context() : nullptr),
      piece_(text_piece_bytes) {}

/// A peer that has not shaken hands yet has asked for nothing either.
Task<> ServerConnection::serve() {
    const Milliseconds now = system_clock().monotonic();
    place_.gives_way_from(now);
    expires_at(now + std::min(server_->options.idle_timeout, server_->options.header_time_max));
    auto greeting = stream_.shake_hands();
    throw_if(co_await std::move(greeting));
    for (bool goes_on = true; goes_on;) {
        auto serving = serve_one();
        goes_on = co_await std::move(serving);
    }
}

Task<bool> ServerConnection::serve_one() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max + 1);  // read_header counts
    parser_->body_limit(boost::none);             // read_text and read_file count
    unread_.reset();
    body_bytes_ = 0;
    request_ = {};
    route_ = nullptr;

    auto header_reading = read_header();
    std::optional<ServerResponse> response = co_await std::move(header_reading);
    if (!response) response = find_route();
    if (!response && route_->events) response = why_no_events();
    if (!response && (route_->websocket || route_->events)) {
        auto talking = route_->websocket ? serve_websocket() : serve_events();
        co_await std::move(talking);
        co_return false;
    }
    if (!response) {
        auto body_reading = read_body();
        response = co_await std::move(body_reading);
    }
    if (!response) {
        auto handling = handle();
        response = co_await std::move(handling);
    }
    const bool is_read = is_body_read();
    incoming_.reset();
    request_.admitted.reset();
    auto answering = answer(std::move(*response));
    co_await std::move(answering);
    if (is_read && parser_->keep_alive()) co_return true;
    auto ending = is_read ? stream_.say_goodbye() : drain();
    co_await std::move(ending);
    co_return false;
}

Task<ServerResponse> ServerConnection::handle() {
    std::string failure;
    try {
        auto handling = route_->handler(request_);
        Answer answer = co_await std::move(handling);
        if (answer.has_error()) co_return to_response(answer.error());
        co_return std::move(*answer);
    } catch (const std::exception& error) {
        if (is_cancellation(std::current_exception())) throw;
        failure = error.what();
    }
    spdlog::error("{} {} failed: {}", request_.method, request_.path, failure);
    co_return refused(500, "the server failed on this request; its log says why");
}

Task<> ServerConnection::answer(ServerResponse response) {
    const bool keep_alive = is_body_read() && parser_->keep_alive();
    OutgoingAnswer answer = outgoing(request_, std::move(response), keep_alive);
    AnswerPace pace(*server_, place_);
    auto writing = write_answer(&stream_, std::move(answer), &pace);
    co_await std::move(writing);
}

/// If the connection were closed at once, the reset would cost a peer that is still sending our answer.
Task<> ServerConnection::drain() {
    auto parting = stream_.say_goodbye();
    co_await std::move(parting);
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(drain_time_max);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    for (std::uint64_t drained = 0; drained < drained_bytes_max;) {
        auto reading = stream_.plain().async_read_some(asio::buffer(piece_), io_token());
        const auto [error, bytes] = co_await std::move(reading);
        guard.throw_if_cancelled();
        if (error) co_return;
        drained += bytes;
    }
}

void ServerConnection::expires_at(Milliseconds deadline) {
    stream_.expires_after(std::max(Milliseconds(1), deadline - system_clock().monotonic()));
}

void ServerConnection::note_if_slow(error_code error, std::string_view what) {
    if (error == beast::error::timeout) server_->note_refusal(what, place_.peer().to_string());
}

}  // namespace emeth::http
