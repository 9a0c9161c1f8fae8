// An answer as it goes out: what a ServerResponse becomes for the request it answers. Knows nothing of sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/byte_range.hpp"
#include "http/file_pieces.hpp"
#include "http/server.hpp"

namespace emeth::http {

struct OutgoingAnswer {
    std::string head;               ///< status line and header, with the empty line
    std::string body;               ///< follows, unless there is a file
    std::optional<InputFile> file;  ///< of which `range` follows; never empty
    ByteRange range;
};

/// GET and HEAD of a file: its ETag and Last-Modified, and ranges of it (RFC 9110, section 14). Of anything with an
/// ETag or a Last-Modified: preconditions (section 13). Of text: gzip. A file that cannot be read is logged, and the
/// answer is a 500.
OutgoingAnswer outgoing(const ServerRequest& request, ServerResponse response, bool keep_alive);

}  // namespace emeth::http
