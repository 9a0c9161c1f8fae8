#include "http/connection_limits.hpp"

#include <algorithm>
#include <utility>

namespace emeth::http {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view no_place = "too many connections at once";
constexpr std::string_view no_place_for_address = "too many connections from one address";

ip::address network_of(const ip::address& address) {
    const ip::address plain = unmapped(address);
    if (plain.is_v4()) return plain;
    ip::address_v6::bytes_type bytes = plain.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return ip::address_v6(bytes);
}

}  // namespace

PeerKey::PeerKey(const ip::address& address) : address_(network_of(address)) {}

ConnectionLimits::Kind ConnectionLimits::kind_of(const ip::address& peer) const {
    if (holds(options_.proxies, peer)) return Kind::proxy;
    return is_own(peer) ? Kind::own : Kind::stranger;
}

template <class Which>
std::size_t ConnectionLimits::count(Which which) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(connections_, [&](const auto& entry) { return which(entry.second); }));
}

template <class Which>
std::optional<ConnectionLimits::Id> ConnectionLimits::longest_idle(Milliseconds now, Which which) const {
    std::optional<Id> found;
    Milliseconds since = Milliseconds::max();
    for (const auto& [id, connection] : connections_) {
        if (!connection.displaceable_from || *connection.displaceable_from > now || !which(connection)) continue;
        if (*connection.displaceable_from >= since) continue;
        since = *connection.displaceable_from;
        found = id;
    }
    return found;
}

ConnectionLimits::Decision ConnectionLimits::take(PeerKey key, Kind kind, Milliseconds now,
                                                  std::optional<Id> displaced) {
    if (displaced) connections_.erase(*displaced);
    connections_.emplace(++last_id_, Connection{key, kind, now});
    return {last_id_, displaced, {}};
}

ConnectionLimits::Decision ConnectionLimits::admit(const ip::address& peer, Milliseconds now) {
    const PeerKey key(peer);
    Decision decision = admit_ordinary(key, kind_of(peer), now);
    if (decision.place || !is_known(key)) return decision;
    const Decision of_known = admit_known(key, now);
    return of_known.place ? of_known : decision;
}

ConnectionLimits::Decision ConnectionLimits::admit_ordinary(const PeerKey& key, Kind kind, Milliseconds now) {
    const auto from_there = [&](const Connection& other) { return other.kind == Kind::stranger && other.key == key; };
    if (kind == Kind::stranger && count(from_there) >= options_.per_address_max) {
        const auto displaced = longest_idle(now, from_there);
        if (!displaced) return {std::nullopt, std::nullopt, no_place_for_address};
        return take(key, kind, now, displaced);
    }
    const auto from_outside = [](const Connection& other) {
        return other.kind == Kind::stranger || other.kind == Kind::proxy;
    };
    const auto ordinary = [&](const Connection& other) { return from_outside(other) || other.kind == Kind::own; };
    const std::size_t outsiders_max = options_.strangers_max - options_.strangers_max / own_share;
    if (kind != Kind::own && count(from_outside) >= outsiders_max) {
        const auto displaced = longest_idle(now, from_outside);
        if (!displaced) return {std::nullopt, std::nullopt, no_place};
        return take(key, kind, now, displaced);
    }
    if (count(ordinary) < options_.strangers_max) return take(key, kind, now, std::nullopt);
    const auto displaced = longest_idle(now, ordinary);
    if (!displaced) return {std::nullopt, std::nullopt, no_place};
    return take(key, kind, now, displaced);
}

ConnectionLimits::Decision ConnectionLimits::admit_known(const PeerKey& key, Milliseconds now) {
    const auto known = [](const Connection& other) { return other.kind == Kind::known; };
    const auto from_there = [&](const Connection& other) { return known(other) && other.key == key; };
    if (count(from_there) < known_per_address_max && count(known) < options_.known_max)
        return take(key, Kind::known, now, std::nullopt);
    const auto displaced = longest_idle(now, from_there);
    if (!displaced) return {std::nullopt, std::nullopt, no_place};
    return take(key, Kind::known, now, displaced);
}

void ConnectionLimits::may_be_displaced_from(Id id, Milliseconds time) {
    const auto found = connections_.find(id);
    if (found != connections_.end() && found->second.kind != Kind::kept) found->second.displaceable_from = time;
}

void ConnectionLimits::may_not_be_displaced(Id id) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second.displaceable_from.reset();
}

bool ConnectionLimits::keep(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return false;
    Connection& connection = found->second;
    if (connection.kind == Kind::kept) return true;
    if (count([](const Connection& other) { return other.kind == Kind::kept; }) >= options_.kept_max) return false;
    connection.kind = Kind::kept;
    connection.displaceable_from.reset();
    std::erase(known_, connection.key);
    known_.push_back(connection.key);
    if (known_.size() > known_addresses_max) known_.pop_front();
    return true;
}

void ConnectionLimits::leave(Id id) {
    connections_.erase(id);
}

bool ConnectionLimits::is_known(const PeerKey& key) const {
    return std::ranges::find(known_, key) != known_.end();
}

}  // namespace emeth::http
