#include "node/workers/own_origins.hpp"

#include <fmt/format.h>

#include "http/canonical_origin.hpp"
#include "runtime/ip_address.hpp"
#include "runtime/redaction.hpp"

namespace emeth::node {
std::optional<std::string> OwnOrigins::why_foreign(const std::string& dialled, const std::string& peer_ip,
                                                   std::string_view scheme, std::uint16_t port) const {
    const auto url = http::Url::parse(dialled);
    if (url.has_error() || http::canonical_origin(*url) != dialled)
        return fmt::format("'{}' is not how a session names what was dialled: scheme, host and port alone",
                           redacted(dialled));
    // At another machine its loopback leads to somebody else, who may pass on what he hears.
    if (is_this_machine(url->host) && !is_loopback(peer_ip))
        return fmt::format(
            "the worker comes from {} and dialled {}, which is its own machine: let its master_node_url name the "
            "master's address or, behind a tunnel, another name for its end there, and set my_url to the same",
            peer_ip, dialled);
    if (my_url && dialled == http::canonical_origin(*my_url)) return std::nullopt;
    const bool is_own_host = is_this_machine(url->host) || url->host == listen_host ||
                             (is_every_address(listen_host) && own_ip_addresses().contains(url->host));
    if (url->scheme == scheme && url->port == port && is_own_host) return std::nullopt;
    return fmt::format(
        "the worker dialled {0}, which this master does not know for itself, so it may have come through somebody who "
        "listens in. If that is the master's, set my_url={0} in the master's settings, with worker_port={1} for the "
        "port that it listens on; else correct the worker's master_node_url",
        dialled, port);
}

}  // namespace emeth::node
