// Who may connect: a setting that lists "*", IP addresses, CIDR blocks and wallet addresses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/ip_block.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

class Whitelist {
public:
    /// Entries: "*", "10.0.0.7", "10.0.0.0/8", "fd00::/8", "0x<40 hex digits>". An Error names `key` and the entry.
    static Result<Whitelist> parse(const std::string& key, const std::vector<std::string>& entries);

    void add(const Address& wallet) { wallets_.push_back(wallet); }
    /// "*" is an entry.
    [[nodiscard]] bool allows_everyone() const { return everyone_; }
    [[nodiscard]] bool is_empty() const { return !everyone_ && blocks_.empty() && wallets_.empty(); }

    /// Its address itself is an entry.
    [[nodiscard]] bool names(const Address& wallet) const;
    /// True when any entry matches. An IPv4-mapped IPv6 address counts as IPv4; text that is not an IP address matches
    /// only "*".
    [[nodiscard]] bool allows(std::string_view peer_ip) const;
    [[nodiscard]] bool allows(std::string_view peer_ip, const Address& wallet) const;

private:
    bool everyone_ = false;
    std::vector<IpBlock> blocks_;
    std::vector<Address> wallets_;
};

}  // namespace emeth::node
