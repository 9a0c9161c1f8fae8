// What a request says of the file that is its body: `Content-Digest` and `Repr-Digest` (RFC 9530), of which SHA-256 is
// checked, and `Content-MD5` (RFC 1864).
#pragma once

#include "http/server.hpp"

namespace emeth::http {

/// 400 when the file that came is another. Blocks, and reads the file where an MD5 is given.
OrRefusal<void> check_body_digest(const ServerRequest& request);

}  // namespace emeth::http
