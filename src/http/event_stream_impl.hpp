// What an event stream writes to. Not for users of the library.
#pragma once

#include "http/connection.hpp"
#include "http/event_stream.hpp"

namespace emeth::http {

struct EventStream::Impl {
    PlainStream& stream;  ///< of the connection, which outlives the handler
    Milliseconds patience;
};

}  // namespace emeth::http
