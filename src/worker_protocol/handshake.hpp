// The handshake's signatures: each side signs both challenges, both addresses and what the worker dialled under its own
// role. So neither an old message nor the other side's own can be replayed to it, and whoever makes a worker dial him
// cannot pass its answer on: the master finds an address signed that is not its own. With TLS up to the master they
// also sign what no other connection has, so that nobody can be between them even under a certificate that the worker
// trusts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crypto/private_key.hpp"
#include "runtime/random.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker_protocol {

enum class Role { master, worker };

/// Who talks to whom, the two challenges of this connection, and where the worker believes that it leads.
struct Handshake {
    Address master;
    Address worker;
    Hash256 master_challenge;
    Hash256 worker_challenge;
    std::string dialled;
    std::optional<Hash256> channel{};  ///< WebSocket::channel_binding(), where the master serves TLS itself
};

/// What both sides sign, each with its own role: the lines of PROTOCOL.md.
std::string handshake_text(Role role, const Handshake& handshake);

/// A sentence for the other side, `other`, if its version is not ours: which of the two to upgrade.
std::optional<std::string> why_other_version(Role other, std::uint64_t version);

Hash256 random_challenge(Random& random);

/// EIP-191 over handshake_text() in the name of `role`; `key` is that side's.
crypto::Signature sign_handshake(const crypto::PrivateKey& key, Role role, const Handshake& handshake);

/// True if the address that `handshake` names for `role` made `signature`.
bool signed_by(Role role, const crypto::Signature& signature, const Handshake& handshake);

}  // namespace emeth::worker_protocol
