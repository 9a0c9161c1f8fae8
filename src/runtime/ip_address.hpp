// IP addresses as text.
#pragma once

#include <string>

namespace emeth {

/// Also false for text that is not an IP address.
bool is_loopback(const std::string& ip);

}  // namespace emeth
