#include "node/workers/whitelist.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/redaction.hpp"

namespace emeth::node {

Result<Whitelist> Whitelist::parse(const std::string& key, const std::vector<std::string>& entries) {
    Whitelist list;
    for (const std::string& entry : entries) {
        if (entry == "*") {
            list.everyone_ = true;
        } else if (const auto wallet = Address::parse(entry); wallet && entry.starts_with("0x")) {
            list.wallets_.push_back(*wallet);
        } else if (const auto block = IpBlock::parse(entry)) {
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
    return peer && holds(blocks_, *peer);
}

bool Whitelist::names(const Address& wallet) const {
    return std::ranges::find(wallets_, wallet) != wallets_.end();
}

bool Whitelist::allows(std::string_view peer_ip, const Address& wallet) const {
    return allows(peer_ip) || names(wallet);
}

}  // namespace emeth::node
