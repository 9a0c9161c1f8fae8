// The Host of a request, as whoever signs a URL for somebody else's client must know it.
#pragma once

#include <string>

#include "http/client.hpp"

namespace emeth::http {

/// Host and port, IPv6 in brackets; without the port where it is the scheme's usual one, which all clients leave out
/// (RFC 9110, section 4.2.3).
std::string host_header(const Url& url);

}  // namespace emeth::http
