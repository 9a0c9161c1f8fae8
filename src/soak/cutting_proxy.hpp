// A TCP proxy on 127.0.0.1 that has good and bad spells, drawn from a seed: in a bad one it refuses connections, cuts
// answers in the middle, or holds them back. Io thread only.
//
//     proxy.listen();  // clients connect to proxy.url()
//     proxy.set_upstream(server_port);
//     group.start(proxy.run()), group.start(proxy.misbehave());
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"

namespace emeth::soak {

enum class Mood : std::uint8_t {
    passes,   ///< all bytes go both ways
    refuses,  ///< nobody listens, and open connections are reset
    cuts,     ///< a random part of the next piece of an answer goes through, then the connection is reset
    stalls,   ///< connections are accepted and requests go through, but answers wait for the next mood
};
std::string_view name(Mood mood);

class CuttingProxy {
public:
    static constexpr std::size_t connections_max = 512;

    CuttingProxy(asio::any_io_executor executor, std::uint64_t seed);

    /// Takes a port, and keeps it even while refusing connections.
    Result<void> listen();
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// "http://127.0.0.1:4711"
    [[nodiscard]] std::string url() const;
    /// The port on 127.0.0.1 that connections are passed on to; they are refused until it is set.
    void set_upstream(std::uint16_t port) { upstream_ = port; }

    /// Serves until cancelled.
    Task<> run();
    /// Alternates good spells of 3 to 20 s and bad ones of 1 to 15 s until settle(). Runs beside run().
    Task<> misbehave();
    /// From now on everything passes.
    void settle();
    /// Takes effect at once, for open connections, too.
    void set_mood(Mood mood);
    [[nodiscard]] Mood mood() const { return mood_; }
    /// Spells of refusing, answers cut in the middle, and answers held back.
    [[nodiscard]] std::uint64_t disturbances() const { return disturbances_; }

private:
    using Tcp = asio::ip::tcp;

    Result<void> open();
    void close();
    Task<> accept();
    Task<> serve(Tcp::socket client);
    Task<> pass_requests(Tcp::socket& client, Tcp::socket& server);
    Task<> pass_answers(Tcp::socket& server, Tcp::socket& client);

    asio::any_io_executor executor_;
    std::mt19937_64 random_;
    Tcp::acceptor reservation_;  ///< bound, never listening: keeps the port
    Tcp::acceptor acceptor_;
    TaskGroup connections_;
    std::uint16_t port_ = 0, upstream_ = 0;
    Mood mood_ = Mood::passes;
    bool settled_ = false;
    std::uint64_t disturbances_ = 0;
};

}  // namespace emeth::soak
