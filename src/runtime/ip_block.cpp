#include "runtime/ip_block.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "runtime/parse_number.hpp"

namespace emeth {
namespace {

namespace ip = boost::asio::ip;

std::vector<std::uint8_t> bytes_of(const ip::address& address) {
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return {bytes.begin(), bytes.end()};
    }
    const auto bytes = address.to_v6().to_bytes();
    return {bytes.begin(), bytes.end()};
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned most) {
    const auto bits = parse_number<unsigned>(text);
    return bits && *bits <= most ? bits : std::nullopt;
}

}  // namespace

ip::address unmapped(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

std::optional<ip::address> parse_ip(std::string_view text) {
    boost::system::error_code error;
    const ip::address address = ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    return unmapped(address);
}

std::optional<IpBlock> IpBlock::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto network = parse_ip(text.substr(0, slash));
    if (!network) return std::nullopt;
    const unsigned address_bits = network->is_v4() ? 32 : 128;
    if (slash == std::string_view::npos) return IpBlock{*network, address_bits};
    const auto bits = parse_bits(text.substr(slash + 1), address_bits);
    if (!bits) return std::nullopt;
    return IpBlock{*network, *bits};
}

bool IpBlock::holds(const ip::address& address) const {
    const ip::address other = unmapped(address);
    if (network.is_v4() != other.is_v4()) return false;
    const auto a = bytes_of(network);
    const auto b = bytes_of(other);
    const std::size_t whole_bytes = prefix_bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole_bytes), b.begin())) return false;
    const unsigned rest = prefix_bits % 8;
    return rest == 0 || ((a[whole_bytes] ^ b[whole_bytes]) >> (8 - rest)) == 0;
}

bool holds(const std::vector<IpBlock>& blocks, const ip::address& address) {
    return std::ranges::any_of(blocks, [&](const IpBlock& block) { return block.holds(address); });
}

std::vector<IpBlock> loopback_blocks() {
    return {{ip::address_v4::loopback(), 8}, {ip::address_v6::loopback(), 128}};
}

}  // namespace emeth
