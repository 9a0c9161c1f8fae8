#include "soak/cutting_proxy.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "runtime/race.hpp"

namespace emeth::soak {

namespace {

using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::size_t piece_bytes = 16 << 10;
constexpr Milliseconds look_again{50};
constexpr Milliseconds good_spell_min{3'000}, good_spell_max{20'000}, bad_spell_min{1'000}, bad_spell_max{15'000};

/// Closes with a reset, as a process that died would: an orderly end could hide that something is missing.
void reset(asio::ip::tcp::socket& socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

}  // namespace

std::string_view name(Mood mood) {
    switch (mood) {
        case Mood::passes:
            return "passes";
        case Mood::refuses:
            return "refuses";
        case Mood::cuts:
            return "cuts";
        case Mood::stalls:
            return "stalls";
    }
    return "unknown";
}

CuttingProxy::CuttingProxy(asio::any_io_executor executor, std::uint64_t seed)
    : executor_(std::move(executor)),
      random_(seed),
      reservation_(executor_),
      acceptor_(executor_),
      connections_(executor_, connections_max) {}

std::string CuttingProxy::url() const {
    return fmt::format("http://127.0.0.1:{}", port_);
}

Result<void> CuttingProxy::listen() {
    error_code error;
    reservation_.open(Tcp::v4(), error);
    if (!error) ::fcntl(reservation_.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) reservation_.set_option(ReusePort(true), error);
    if (!error) reservation_.bind({asio::ip::address_v4::loopback(), 0}, error);
    if (error) return transient_error("no port on 127.0.0.1 is available: " + error.message());
    port_ = reservation_.local_endpoint().port();
    return open();
}

Result<void> CuttingProxy::open() {
    error_code error;
    acceptor_.open(Tcp::v4(), error);
    if (!error) ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) acceptor_.set_option(ReusePort(true), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind({asio::ip::address_v4::loopback(), port_}, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    close();
    return transient_error(fmt::format("cannot listen on 127.0.0.1:{}: {}", port_, error.message()));
}

void CuttingProxy::close() {
    error_code ignored;
    acceptor_.close(ignored);
}

void CuttingProxy::set_mood(Mood mood) {
    if (mood == mood_) return;
    mood_ = mood;
    if (mood == Mood::refuses) {
        ++disturbances_;
        close();
        connections_.cancel();
    }
}

Task<> CuttingProxy::misbehave() {
    const auto between = [this](Milliseconds least, Milliseconds most) {
        return Milliseconds(std::uniform_int_distribution<std::int64_t>(least.count(), most.count())(random_));
    };
    constexpr std::array bad{Mood::refuses, Mood::cuts, Mood::stalls};
    while (!settled_) {
        set_mood(Mood::passes);
        co_await system_clock().sleep(between(good_spell_min, good_spell_max));
        if (settled_) break;
        set_mood(bad[std::uniform_int_distribution<std::size_t>(0, bad.size() - 1)(random_)]);
        co_await system_clock().sleep(between(bad_spell_min, bad_spell_max));
    }
}

void CuttingProxy::settle() {
    settled_ = true;
    set_mood(Mood::passes);
}

Task<> CuttingProxy::run() {
    try {
        co_await accept();
    } catch (const boost::system::system_error&) {  // cancelled
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await connections_.join();
}

Task<> CuttingProxy::accept() {
    for (;;) {
        if (mood_ == Mood::refuses || upstream_ == 0 || (!acceptor_.is_open() && open().has_error())) {
            co_await system_clock().sleep(look_again);
            continue;
        }
        auto [error, client] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
        if (error) continue;  // a mood closed the acceptor; if it was a cancellation, the next await throws
        ::fcntl(client.native_handle(), F_SETFD, FD_CLOEXEC);
        connections_.start(serve(std::move(client)));
    }
}

Task<> CuttingProxy::serve(Tcp::socket client) {
    Tcp::socket server(executor_);
    try {
        const Tcp::endpoint upstream(asio::ip::address_v4::loopback(), upstream_);
        co_await server.async_connect(upstream, asio::use_awaitable);
        ::fcntl(server.native_handle(), F_SETFD, FD_CLOEXEC);
        client.set_option(Tcp::no_delay(true));
        server.set_option(Tcp::no_delay(true));
        Task<> requests = pass_requests(client, server);
        Task<> answers = pass_answers(server, client);
        co_await race(std::move(requests), std::move(answers));
    } catch (const boost::system::system_error&) {  // one side went away, or a mood ends the connection
    }
    if (mood_ != Mood::passes) reset(client);
}

Task<> CuttingProxy::pass_requests(Tcp::socket& client, Tcp::socket& server) {
    std::array<char, piece_bytes> piece;
    for (;;) {
        const std::size_t bytes = co_await client.async_read_some(asio::buffer(piece), asio::use_awaitable);
        co_await asio::async_write(server, asio::buffer(piece.data(), bytes), asio::use_awaitable);
    }
}

Task<> CuttingProxy::pass_answers(Tcp::socket& server, Tcp::socket& client) {
    std::array<char, piece_bytes> piece;
    for (;;) {
        std::size_t bytes = co_await server.async_read_some(asio::buffer(piece), asio::use_awaitable);
        if (mood_ == Mood::stalls) ++disturbances_;
        while (mood_ == Mood::stalls) co_await system_clock().sleep(look_again);
        const bool cut = mood_ == Mood::cuts;
        if (cut) bytes = std::uniform_int_distribution<std::size_t>(0, bytes - 1)(random_);
        co_await asio::async_write(client, asio::buffer(piece.data(), bytes), asio::use_awaitable);
        if (!cut) continue;
        ++disturbances_;
        co_return;
    }
}

}  // namespace emeth::soak
