// Where the trainers of one JOB meet (cooperative=nvm): the leader's trainer names the place, and the master passes it
// on to the helpers.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/json_fields.hpp"
#include "statemachine/types.hpp"

namespace emeth::trainer_protocol {

/// The leader (the trainer that holds the JOB's state) listens here. Helpers that know the token are admitted.
struct Rendezvous {
    std::string host;  ///< an IP address of the leader's machine
    std::uint16_t port = 0;
    Hash256 token;  ///< drawn afresh by each leader; never logged
    /// "float32" or "bf16": what the leader computes in, and so the team. Empty: of a leader that does not say it.
    std::string precision{};

    friend bool operator==(const Rendezvous&, const Rendezvous&) = default;
};

boost::json::object to_json(const Rendezvous& rendezvous);
Rendezvous read_rendezvous(JsonObject object);
/// An IP address; anything else is rejected.
std::string read_ip_address(JsonObject& object, std::string_view key);

}  // namespace emeth::trainer_protocol
