#include "bench/slow_readers.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace emeth::bench {

namespace {

constexpr int turns_per_s = 10;

FileDescriptor connect_to(std::uint16_t port) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int small = 64 << 10;  // else the kernel would take megabytes for it at once
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::system_category(), "a slow client cannot connect");
    return socket;
}

}  // namespace

SlowReaders::SlowReaders(std::size_t count, std::uint16_t port, const std::string& target, std::size_t bytes_per_s) {
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", target, port);
    for (std::size_t i = 0; i < count; ++i) {
        sockets_.push_back(connect_to(port));
        if (::send(sockets_.back().get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
            throw std::system_error(errno, std::system_category(), "a slow client cannot send its request");
    }
    reading_ = std::jthread([this, bytes_per_s](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            read_on(bytes_per_s / turns_per_s);
            std::this_thread::sleep_for(std::chrono::milliseconds(1'000 / turns_per_s));
        }
    });
}

void SlowReaders::read_on(std::size_t bytes_per_turn) {
    std::vector<char> piece(bytes_per_turn);
    std::size_t served = 0;
    for (const FileDescriptor& socket : sockets_)
        if (::recv(socket.get(), piece.data(), piece.size(), MSG_DONTWAIT) > 0) ++served;
    served_ = served;
}

SlowReaders::~SlowReaders() {
    reading_.request_stop();
    reading_.join();
}

}  // namespace emeth::bench
