#include "support/raw_http.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <utility>
#include <vector>

namespace emeth::test {
namespace {

using Tcp = asio::ip::tcp;
constexpr std::size_t piece_bytes = 64 << 10;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

}  // namespace

Task<std::string> raw_exchange(std::uint16_t port, std::string bytes, Milliseconds limit) {
    return raw_exchange_until(port, std::move(bytes), [](const std::string&) { return false; }, limit);
}

Task<std::string> raw_exchange_until(std::uint16_t port, std::string bytes,
                                     std::function<bool(const std::string& answer)> is_enough, Milliseconds limit) {
    boost::beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(limit);
    const Tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    auto connecting = stream.async_connect(endpoint, asio::use_awaitable);
    co_await std::move(connecting);
    auto writing = asio::async_write(stream, asio::buffer(bytes), token);
    co_await std::move(writing);
    std::string answer;
    std::vector<char> piece(piece_bytes);
    for (;;) {
        auto reading = stream.async_read_some(asio::buffer(piece), token);
        const auto [error, count] = co_await std::move(reading);
        answer.append(piece.data(), count);
        if (error || is_enough(answer)) co_return answer;
    }
}

struct CannedServer::Impl {
    Impl(const asio::any_io_executor& executor, std::string bytes, bool hangs)
        : acceptor(executor, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          answer(std::move(bytes)),
          hang(hangs) {}
    Tcp::acceptor acceptor;
    std::string answer;
    bool hang;
    std::size_t connections = 0;
    std::vector<Tcp::socket> open;
};

CannedServer::CannedServer(const asio::any_io_executor& executor, std::string answer, bool hang)
    : impl_(std::make_shared<Impl>(executor, std::move(answer), hang)) {}
CannedServer::~CannedServer() = default;
std::uint16_t CannedServer::port() const {
    return impl_->acceptor.local_endpoint().port();
}
std::size_t CannedServer::connections() const {
    return impl_->connections;
}

Task<> CannedServer::run() {
    const std::shared_ptr<Impl> impl = impl_;
    for (;;) {
        auto accepting = impl->acceptor.async_accept(asio::use_awaitable);
        Tcp::socket socket = co_await std::move(accepting);
        ++impl->connections;
        std::vector<char> request(piece_bytes);
        auto reading = socket.async_read_some(asio::buffer(request), token);
        co_await std::move(reading);
        auto writing = asio::async_write(socket, asio::buffer(impl->answer), token);
        co_await std::move(writing);
        if (impl->hang) impl->open.push_back(std::move(socket));
    }
}

}  // namespace emeth::test
