// One spelling for the place that a URL leads to, so that two machines can compare it.
#pragma once

#include <string>

#include "http/client.hpp"

namespace emeth::http {

/// "http://host:port": http for ws as well, and https for wss; the host in lower case and without a dot at its end; an
/// IP address as the system writes it, IPv6 in brackets; the port always there.
std::string canonical_origin(const Url& url);

}  // namespace emeth::http
