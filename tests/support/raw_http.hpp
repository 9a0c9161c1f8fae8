// Raw bytes on a socket, for what a well-behaved HTTP client would not send, and servers that misbehave.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth::test {

/// Sends `bytes` to 127.0.0.1:`port` and returns all that comes back until the other side closes or `limit` has passed.
Task<std::string> raw_exchange(std::uint16_t port, std::string bytes, Milliseconds limit = Milliseconds{5'000});
/// Ends also once `is_enough` says so of all that has come back; it is asked after each piece.
Task<std::string> raw_exchange_until(std::uint16_t port, std::string bytes,
                                     std::function<bool(const std::string& answer)> is_enough,
                                     Milliseconds limit = Milliseconds{30'000});

/// A server on a port of its own that answers every connection with the same bytes, whatever the request, and then
/// closes it or, with `hang`, leaves it open.
class CannedServer {
public:
    CannedServer(const asio::any_io_executor& executor, std::string answer, bool hang = false);
    ~CannedServer();
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const;
    Task<> run();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace emeth::test
