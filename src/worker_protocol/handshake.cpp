#include "worker_protocol/handshake.hpp"

#include <fmt/format.h>

namespace emeth::worker_protocol {
namespace {

std::string_view name(Role role) {
    return role == Role::master ? "master" : "worker";
}

Hash256 digest(Role role, const Handshake& handshake) {
    return crypto::eip191_digest(handshake_text(role, handshake));
}

}  // namespace

std::string handshake_text(Role role, const Handshake& handshake) {
    const std::string bound = handshake.channel ? "\nchannel: " + handshake.channel->hex() : std::string();
    return fmt::format(
        "emeth worker session v{}\nrole: {}\nmaster: {}\nworker: {}\nmaster challenge: {}\nworker challenge: {}\n"
        "dialled: {}{}",
        session_version, name(role), handshake.master.hex(), handshake.worker.hex(), handshake.master_challenge.hex(),
        handshake.worker_challenge.hex(), handshake.dialled, bound);
}

std::optional<std::string> why_other_version(Role other, std::uint64_t version) {
    if (version == session_version) return std::nullopt;
    const Role own = other == Role::master ? Role::worker : Role::master;
    return fmt::format("the {} speaks emeth worker session v{}, this {} v{}: upgrade the {}", name(other), version,
                       name(own), session_version, name(version < session_version ? other : own));
}

Hash256 random_challenge(Random& random) {
    Hash256 challenge;
    random.fill(challenge.bytes);
    return challenge;
}

crypto::Signature sign_handshake(const crypto::PrivateKey& key, Role role, const Handshake& handshake) {
    return key.sign(digest(role, handshake));
}

bool signed_by(Role role, const crypto::Signature& signature, const Handshake& handshake) {
    return crypto::recover(digest(role, handshake), signature) ==
           (role == Role::master ? handshake.master : handshake.worker);
}

}  // namespace emeth::worker_protocol
