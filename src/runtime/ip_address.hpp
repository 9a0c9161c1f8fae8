// IP addresses as text.
#pragma once

#include <set>
#include <string>

namespace emeth {

/// Also false for text that is not an IP address.
bool is_loopback(const std::string& ip);

/// Of this machine's interfaces, as they are now; empty if the system does not say.
std::set<std::string> own_ip_addresses();

}  // namespace emeth
