#include "node/workers/whitelist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "runtime/redaction.hpp"

namespace emeth::node {
namespace {

namespace ip = boost::asio::ip;

ip::address plain(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

std::optional<ip::address> parse_ip(std::string_view text) {
    boost::system::error_code error;
    const ip::address address = ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    return plain(address);
}

std::vector<std::uint8_t> bytes_of(const ip::address& address) {
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return {bytes.begin(), bytes.end()};
    }
    const auto bytes = address.to_v6().to_bytes();
    return {bytes.begin(), bytes.end()};
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned most) {
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error != std::errc() || end != text.data() + text.size() || bits > most) return std::nullopt;
    return bits;
}

}  // namespace

std::optional<Whitelist::Block> Whitelist::parse_block(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto network = parse_ip(text.substr(0, slash));
    if (!network) return std::nullopt;
    const unsigned address_bits = network->is_v4() ? 32 : 128;
    if (slash == std::string_view::npos) return Block{*network, address_bits};
    const auto bits = parse_bits(text.substr(slash + 1), address_bits);
    if (!bits) return std::nullopt;
    return Block{*network, *bits};
}

bool Whitelist::Block::holds(const ip::address& other) const {
    if (network.is_v4() != other.is_v4()) return false;
    const auto a = bytes_of(network);
    const auto b = bytes_of(other);
    const std::size_t whole_bytes = prefix_bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole_bytes), b.begin())) return false;
    const unsigned rest = prefix_bits % 8;
    return rest == 0 || ((a[whole_bytes] ^ b[whole_bytes]) >> (8 - rest)) == 0;
}

Result<Whitelist> Whitelist::parse(const std::string& key, const std::vector<std::string>& entries) {
    Whitelist list;
    for (const std::string& entry : entries) {
        if (entry == "*") {
            list.everyone_ = true;
        } else if (const auto wallet = Address::parse(entry); wallet && entry.starts_with("0x")) {
            list.wallets_.push_back(*wallet);
        } else if (const auto block = parse_block(entry)) {
            list.blocks_.push_back(*block);
        } else {
            return permanent_error(
                fmt::format("{}: '{}' is none of: *, an IP address, a block like 10.0.0.0/8, a wallet address of 0x "
                            "and 40 hex digits",
                            key, redacted(entry)));
        }
    }
    return list;
}

bool Whitelist::allows(std::string_view peer_ip) const {
    if (everyone_) return true;
    const auto peer = parse_ip(peer_ip);
    return peer && std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.holds(*peer); });
}

bool Whitelist::names(const Address& wallet) const {
    return std::ranges::find(wallets_, wallet) != wallets_.end();
}

bool Whitelist::allows(std::string_view peer_ip, const Address& wallet) const {
    return allows(peer_ip) || names(wallet);
}

}  // namespace emeth::node
