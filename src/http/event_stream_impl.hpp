// What an event stream writes to. Not for users of the library.
#pragma once

#include "http/event_stream.hpp"
#include "http/server_stream.hpp"

namespace emeth::http {

struct EventStream::Impl {
    ServerStream& stream;  ///< of the connection, which outlives the handler
    Milliseconds patience;
};

}  // namespace emeth::http
