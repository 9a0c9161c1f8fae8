// Blocks of IP addresses, as settings list them: "10.0.0.7", "10.0.0.0/8", "fd00::/8".
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace emeth {

/// An IPv4-mapped IPv6 address counts as IPv4. None for text that is no IP address.
std::optional<boost::asio::ip::address> parse_ip(std::string_view text);

/// An IPv4-mapped IPv6 address as IPv4; any other as it is.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

struct IpBlock {
    boost::asio::ip::address network;
    unsigned prefix_bits = 0;

    /// An address or a block in CIDR notation; none for anything else.
    static std::optional<IpBlock> parse(std::string_view text);
    [[nodiscard]] bool holds(const boost::asio::ip::address& address) const;
};

bool holds(const std::vector<IpBlock>& blocks, const boost::asio::ip::address& address);

/// 127.0.0.0/8 and ::1.
std::vector<IpBlock> loopback_blocks();

}  // namespace emeth
