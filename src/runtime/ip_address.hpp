// IP addresses in text.
#pragma once

#include <string>

namespace emeth {

/// False also for what is no IP address.
bool is_loopback(const std::string& ip);

}  // namespace emeth
