#include "bench/link_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

#include "runtime/errno_error.hpp"

namespace emeth::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t round_trips = 101;
constexpr std::size_t piece_bytes = 1 << 18;
/// Of one send or receive: the link is slow, but not so slow.
constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

FileDescriptor tcp_socket() {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return socket;
}

void send_without_delay(const FileDescriptor& socket) {
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/// Answers each of the first bytes, then takes `bytes` and answers once.
void serve(const FileDescriptor& listening, std::uint64_t bytes) {
    FileDescriptor socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    send_without_delay(socket);
    std::vector<char> piece(piece_bytes);
    for (std::size_t i = 0; i < round_trips; ++i)
        if (::recv(socket.get(), piece.data(), 1, 0) != 1 || ::send(socket.get(), piece.data(), 1, MSG_NOSIGNAL) != 1)
            return;
    while (bytes > 0) {
        const ssize_t count = ::recv(socket.get(), piece.data(), std::min<std::uint64_t>(piece.size(), bytes), 0);
        if (count <= 0) return;
        bytes -= static_cast<std::uint64_t>(count);
    }
    ::send(socket.get(), piece.data(), 1, MSG_NOSIGNAL);
}

bool exchange_byte(const FileDescriptor& socket) {
    char byte = 0;
    return ::send(socket.get(), &byte, 1, MSG_NOSIGNAL) == 1 && ::recv(socket.get(), &byte, 1, 0) == 1;
}

bool send_all(const FileDescriptor& socket, std::uint64_t bytes) {
    const std::vector<char> piece(piece_bytes);
    while (bytes > 0) {
        const ssize_t count =
            ::send(socket.get(), piece.data(), std::min<std::uint64_t>(piece.size(), bytes), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes -= static_cast<std::uint64_t>(count);
    }
    char answer = 0;
    return ::recv(socket.get(), &answer, 1, 0) == 1;
}

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

Result<LinkSpeed> ask(const FileDescriptor& socket, std::uint64_t bytes) {
    std::vector<double> times;
    for (std::size_t i = 0; i < round_trips; ++i) {
        const auto begin = Clock::now();
        if (!exchange_byte(socket)) return errno_error("no answer over the link", errno);
        times.push_back(seconds_since(begin));
    }
    std::ranges::sort(times);
    const auto begin = Clock::now();
    if (!send_all(socket, bytes)) return errno_error("the link broke", errno);
    return LinkSpeed{static_cast<double>(8 * bytes) / 1e6 / seconds_since(begin), 1e3 * times[times.size() / 2]};
}

}  // namespace

InNamespace::InNamespace(const FileDescriptor& there, const FileDescriptor& back) : back_(back.get()) {
    if (::setns(there.get(), CLONE_NEWNET) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot enter a network namespace");
}

InNamespace::~InNamespace() {
    ::setns(back_, CLONE_NEWNET);
}

Result<LinkSpeed> probe_link(const FileDescriptor& near, const FileDescriptor& far, const char* far_address,
                             std::uint64_t bytes) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, far_address, &address.sin_addr);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    FileDescriptor listening;
    {
        const InNamespace there(far, near);
        listening = tcp_socket();
    }
    if (::bind(listening.get(), plain, size) != 0 || ::listen(listening.get(), 1) != 0 ||
        ::getsockname(listening.get(), plain, &size) != 0)
        return errno_error("cannot listen at the far end of the link", errno);
    const std::jthread serving([&] { serve(listening, bytes); });
    const FileDescriptor socket = tcp_socket();
    send_without_delay(socket);
    if (::connect(socket.get(), plain, size) != 0) return errno_error("cannot connect over the link", errno);
    return ask(socket, bytes);
}

}  // namespace emeth::bench
