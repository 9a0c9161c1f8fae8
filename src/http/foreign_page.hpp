// Requests that a browser sends for a page of strangers. Pages are free to have it send them anywhere, also to programs
// on its own machine; what gives them away are headers that no page can set.
#pragma once

#include "http/refusal.hpp"
#include "http/server.hpp"

namespace emeth::http {

/// 403 for a request that was sent for a page of another site, by its Origin or Sec-Fetch-Site. A person who follows a
/// link, pages of the host that the request names, and programs that are no browser are admitted.
OrRefusal<void> refuse_foreign_page(const ServerRequest& request);

}  // namespace emeth::http
