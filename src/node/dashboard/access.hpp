// Who may administer the master over HTTP: look (dashboard, metrics, list of workers), and act. Pure.
//
// A browser runs pages of strangers next to ours, and sends requests to 127.0.0.1 for them. So a request must name us
// in its Host header (a stranger's name that was made to point here does not), and if it says which page sent it
// (Origin), that page must be ours. What changes something needs the token besides, which only pages get that were
// given it.
#pragma once

#include <functional>
#include <string>

#include "http/server.hpp"

namespace emeth::node {

struct DashboardAccess {
    /// Who may look without the token besides this machine itself: jsonrpc_whitelist. Of nobody's address ("") it is
    /// asked, too.
    std::function<bool(const std::string& peer_ip)> is_listed;
    std::string listen_host;  ///< where administration is served
    std::string token;        ///< empty: nobody may act, since it could neither be read nor made
};

/// With the token ("Authorization: Bearer …"), or from an address that may look; and not for a page of strangers.
http::OrRefusal<void> may_read(const http::ServerRequest& request, const DashboardAccess& access);
/// With the token, from wherever that comes, and a body that is announced as JSON, which no form can send.
http::OrRefusal<void> may_act(const http::ServerRequest& request, const DashboardAccess& access);

}  // namespace emeth::node
