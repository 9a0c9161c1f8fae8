// IP addresses as text.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace emeth {

/// Also false for text that is not an IP address.
bool is_loopback(const std::string& ip);

/// Whether a host, a name or an address, is this machine's own loopback.
bool is_this_machine(const std::string& host);

/// Whether whoever listens there listens on all addresses of the machine: 0.0.0.0 or ::.
bool is_every_address(std::string_view host);

/// Of this machine's interfaces, as they are now; empty if the system does not say.
std::set<std::string> own_ip_addresses();

}  // namespace emeth
