// Requests that a browser sends for a page of strangers. Pages are free to have it send them anywhere, also to programs
// on its own machine; what gives them away are headers that no page can set.
#pragma once

#include <string_view>

#include "http/refusal.hpp"
#include "http/server.hpp"

namespace emeth::http {

/// 403 for a request that was sent for a page of another site, by its Origin or Sec-Fetch-Site. A person who follows a
/// link, pages of the host that the request names, and programs that are no browser are admitted.
OrRefusal<void> refuse_foreign_page(const ServerRequest& request);

/// `host_header`: "127.0.0.1:5000", "[::1]:5000", "localhost". Own are localhost and loopback addresses, the address
/// that the server listens on and, where it listens on all, any IP address: what a stranger can point elsewhere are
/// names alone. The port does not matter, so that a tunnel may begin at another one.
bool is_own_host(std::string_view host_header, std::string_view listen_host);

/// 403 for a request to a name of strangers, which they have made to point to this machine, where their page then
/// counts as ours.
OrRefusal<void> refuse_foreign_host(const ServerRequest& request, std::string_view listen_host);

}  // namespace emeth::http
