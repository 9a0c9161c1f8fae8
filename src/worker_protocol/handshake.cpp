#include "worker_protocol/handshake.hpp"

#include <fmt/format.h>

namespace emeth::worker_protocol {
namespace {

std::string_view name(Role role) {
    return role == Role::master ? "master" : "worker";
}

Hash256 digest(Role role, const Handshake& handshake) {
    return crypto::eip191_digest(handshake_text(name(role), handshake.master, handshake.worker,
                                                handshake.master_challenge, handshake.worker_challenge));
}

}  // namespace

std::string handshake_text(std::string_view role, const Address& master, const Address& worker,
                           const Hash256& master_challenge, const Hash256& worker_challenge) {
    return fmt::format(
        "emeth worker session v1\nrole: {}\nmaster: {}\nworker: {}\nmaster challenge: {}\nworker challenge: {}", role,
        master.hex(), worker.hex(), master_challenge.hex(), worker_challenge.hex());
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
