// Writes answers to a connection of the server. Not for users of the library.
#pragma once

#include "http/outgoing_answer.hpp"
#include "http/server_stream.hpp"

namespace emeth::http {

/// The peer may take `idle_timeout` for each piece. A failure of the socket or of reading the file is thrown: the
/// length has been announced, so the connection can only be ended.
Task<> write_answer(ServerStream* stream, OutgoingAnswer answer, Milliseconds idle_timeout);

}  // namespace emeth::http
