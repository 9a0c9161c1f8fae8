// For whom a proxy asks. Pure.
//
// A proxy on our machine makes every caller look like this machine. So what it says about them (X-Forwarded-For) is
// believed if its address is named in trusted_proxies, and if it is not, nobody who comes through it is taken for who
// he seems to be.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "http/refusal.hpp"
#include "http/server.hpp"
#include "runtime/ip_block.hpp"

namespace emeth::http {

struct Caller {
    std::string address;  ///< IP
    /// `address` is only the nearest proxy's.
    bool through_unnamed_proxy = false;
};

/// `peer`: the other end of the connection. If that is a trusted proxy, the caller is the last address of
/// X-Forwarded-For that is not a trusted proxy's itself; the addresses before it are anybody's word.
Caller caller_of(const boost::asio::ip::address& peer, const Headers& headers, const std::vector<IpBlock>& trusted);

/// Of a caller by whose address something may be decided; empty: nobody knows it.
std::string known_address(const ServerRequest& request);

/// 403 for a request of which nobody knows who sent it; the sentence names the remedy. For whoever lets callers
/// in by their address.
OrRefusal<void> refuse_unnamed_proxy(const ServerRequest& request);

}  // namespace emeth::http
