// Where a worker may have dialled to come to this master. The worker signs what it dialled; an origin that is not the
// master's own shows that somebody between the two passes messages on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.hpp"

namespace emeth::node {

struct OwnOrigins {
    std::string listen_host = "127.0.0.1";
    std::optional<http::Url> my_url{};  ///< where the operator says that workers dial

    /// A sentence that names the setting, if `dialled` is not ours. Ours are what my_url says, and with scheme
    /// and port of our listener: this machine's loopback for a worker on this machine, the address that we
    /// listen on and, where we listen on all, any address of this machine.
    [[nodiscard]] std::optional<std::string> why_foreign(const std::string& dialled, const std::string& peer_ip,
                                                         std::string_view scheme, std::uint16_t port) const;
};

}  // namespace emeth::node
