// How a server serves a page of ours: its files, and whatever else the page asks for. Io thread only.
#pragma once

#include <span>

#include "http/server.hpp"
#include "web/assets.hpp"

namespace emeth::web {

/// `handler` for those whom `admission` lets in; what it answers takes nothing of strangers in, and goes into nothing
/// of strangers (Content-Security-Policy and the like).
http::Handler for_pages(http::Admission admission, http::Handler handler);

/// They are no secret, but a browser must not run them under a stranger's name: hence the admission.
void add_files(http::Server& server, std::span<const Asset> files, const http::Admission& admission);

}  // namespace emeth::web
