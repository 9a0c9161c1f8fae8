// The handshake's signatures: each side signs both challenges and both addresses under its own role, so that neither an
// old message nor the other side's own can be replayed to it.
#pragma once

#include "crypto/private_key.hpp"
#include "runtime/random.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker_protocol {

enum class Role { master, worker };

/// Who talks to whom, and the two challenges of this connection.
struct Handshake {
    Address master;
    Address worker;
    Hash256 master_challenge;
    Hash256 worker_challenge;
};

Hash256 random_challenge(Random& random);

/// EIP-191 over handshake_text() in the name of `role`; `key` is that side's.
crypto::Signature sign_handshake(const crypto::PrivateKey& key, Role role, const Handshake& handshake);

/// True if the address that `handshake` names for `role` made `signature`.
bool signed_by(Role role, const crypto::Signature& signature, const Handshake& handshake);

}  // namespace emeth::worker_protocol
