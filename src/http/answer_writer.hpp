// Writes answers to a connection of the server. Not for users of the library.
#pragma once

#include "http/body_pace.hpp"
#include "http/connection_place.hpp"
#include "http/outgoing_answer.hpp"
#include "http/server_stream.hpp"

namespace emeth::http {

/// What bounds the writing of one answer: the pauses of its peer, and that he takes it at a least rate.
class AnswerPace {
public:
    /// Both must outlive it.
    AnswerPace(Server::Impl& server, ConnectionPlace& place);
    /// `bytes` are about to be written; how long that may take.
    Milliseconds begin(std::uint64_t bytes);
    /// So many have been written.
    void end(std::uint64_t bytes);
    /// The time of begin() has passed.
    void note_slow();

private:
    Server::Impl& server_;
    ConnectionPlace& place_;
    BodyPace pace_;
};

/// A failure of the socket or of reading the file is thrown: the length has been announced, so the connection can only
/// be ended.
Task<> write_answer(ServerStream* stream, OutgoingAnswer answer, AnswerPace* pace);

}  // namespace emeth::http
