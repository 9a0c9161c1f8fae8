// Who may keep a connection to a server, so that strangers cannot keep everybody else out. Pure: decisions and counts
// only; whoever asks closes the sockets.
//
// Places are of three kinds. Strangers and programs of this machine share `strangers_max` of them; a share is left to
// this machine. Peers that have proved who they are are *kept*: they count apart and never give way. And an address
// that had a kept peer finds one of `known_max` places more when all others are taken, so that a worker that was killed
// comes back whatever strangers do.
//
// When there is no place, the connection that has given nobody work for the longest gives way to the new one.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/ip_block.hpp"

namespace emeth::http {

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which one machine has for itself.
class PeerKey {
public:
    explicit PeerKey(const boost::asio::ip::address& address);
    bool operator==(const PeerKey&) const = default;
    [[nodiscard]] std::string text() const { return address_.to_string(); }

private:
    boost::asio::ip::address address_;
};

struct ConnectionLimitOptions {
    std::size_t strangers_max = 256;
    std::size_t per_address_max = 64;  ///< of strangers
    std::size_t kept_max = 256;
    std::size_t known_max = 32;
    std::vector<IpBlock> own{};      ///< this machine's addresses: not limited per address
    std::vector<IpBlock> proxies{};  ///< they stand for many strangers: not limited per address
};

class ConnectionLimits {
public:
    using Id = std::uint64_t;
    /// One of so many places for strangers and this machine is left to this machine.
    static constexpr std::size_t own_share = 8;
    static constexpr std::size_t known_per_address_max = 8;
    static constexpr std::size_t known_addresses_max = 1'024;

    explicit ConnectionLimits(ConnectionLimitOptions options) : options_(std::move(options)) {}

    struct Decision {
        std::optional<Id> place;      ///< none: refused
        std::optional<Id> displaced;  ///< this one has lost its place, and is to be closed
        std::string_view why_refused;
    };
    /// A new connection gives way from `now` on.
    Decision admit(const boost::asio::ip::address& peer, Milliseconds now);

    /// Until one of the others is called. Unknown ids are ignored: they have given way.
    void may_be_displaced_from(Id id, Milliseconds time);
    void may_not_be_displaced(Id id);
    /// Its peer has proved who it is. False if there is no place for one more of these: it stays what it was.
    bool keep(Id id);
    void leave(Id id);

    [[nodiscard]] bool is_own(const boost::asio::ip::address& peer) const { return holds(options_.own, peer); }
    [[nodiscard]] std::size_t connections_max() const {
        return options_.strangers_max + options_.kept_max + options_.known_max;
    }

private:
    enum class Kind { stranger, proxy, own, known, kept };
    struct Connection {
        PeerKey key;
        Kind kind;
        std::optional<Milliseconds> displaceable_from;
    };
    [[nodiscard]] Kind kind_of(const boost::asio::ip::address& peer) const;
    template <class Which>
    [[nodiscard]] std::size_t count(Which which) const;
    template <class Which>
    [[nodiscard]] std::optional<Id> longest_idle(Milliseconds now, Which which) const;
    Decision take(PeerKey key, Kind kind, Milliseconds now, std::optional<Id> displaced);
    Decision admit_ordinary(const PeerKey& key, Kind kind, Milliseconds now);
    Decision admit_known(const PeerKey& key, Milliseconds now);
    [[nodiscard]] bool is_known(const PeerKey& key) const;

    ConnectionLimitOptions options_;
    std::map<Id, Connection> connections_;
    std::deque<PeerKey> known_;  ///< of kept connections, the latest last
    Id last_id_ = 0;
};

}  // namespace emeth::http
