// One connection of a server. Not for users of the library.
//
// server_reading.cpp: a request's head. server_body.cpp: its body. server_connection.cpp: what is answered to it.
// server_streams.cpp: what does not end with an answer, WebSockets and events.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_pace.hpp"
#include "http/connection_place.hpp"
#include "http/file_pieces.hpp"
#include "http/server_impl.hpp"
#include "http/server_stream.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::http {

/// Throws to end this connection only.
inline void throw_if(error_code error) {
    if (error) throw boost::system::system_error(error);
}

inline ServerResponse refused(unsigned status, std::string message) {
    return to_response(Refusal(status, std::move(message)));
}

/// A failure of its socket is thrown as boost::system::system_error.
class ServerConnection {
public:
    /// `place` must outlive it.
    ServerConnection(std::shared_ptr<Server::Impl> server, Tcp::socket socket, ConnectionPlace& place);

    /// Serves requests until the connection is over.
    Task<> serve();

private:
    using Parser = beast::http::request_parser<beast::http::buffer_body>;

    /// False once the connection is over.
    Task<bool> serve_one();

    // server_reading.cpp
    Task<std::optional<ServerResponse>> read_header();
    Task<> receive(Milliseconds deadline);
    [[nodiscard]] std::string_view received() const {
        const auto bytes = buffer_.data();
        return {static_cast<const char*>(bytes.data()), bytes.size()};
    }
    std::optional<ServerResponse> find_route();

    // server_body.cpp
    [[nodiscard]] bool is_body_read() const { return unread_ ? *unread_ == 0 : parser_->is_done(); }
    Task<std::optional<ServerResponse>> read_body();
    Task<std::optional<ServerResponse>> read_text();
    Task<std::optional<ServerResponse>> read_file();
    Task<std::optional<ServerResponse>> take_piece(OutputFile* file, BodyPace* pace);
    Task<std::optional<ServerResponse>> take_pieces(OutputFile* file, BodyPace* pace, PieceBuffers::Pair* pair);
    Task<> read_much(BodyPace* pace, std::span<char> into, std::size_t* bytes);
    Task<std::size_t> read_some(BodyPace* pace, std::span<char> into);
    Task<std::size_t> read_announced(BodyPace* pace, std::span<char> into);
    Task<std::size_t> read_chunked(BodyPace* pace, std::span<char> into);
    void expires_at_pace(const BodyPace& pace);
    bool much_is_here();
    [[nodiscard]] bool is_too_long() const;
    [[nodiscard]] ServerResponse refused_as_too_long() const;
    Result<OutputFile> create_incoming(std::filesystem::path& path);

    // server_connection.cpp
    Task<ServerResponse> handle();
    Task<> answer(ServerResponse response);
    Task<> drain();
    /// Bounds the operations on stream_ from here on.
    void expires_at(Milliseconds deadline);
    void note_if_slow(error_code error, std::string_view what);

    // server_streams.cpp
    Task<> serve_websocket();
    template <class Stream>
    Task<> serve_websocket_over(Stream stream);
    std::optional<ServerResponse> why_no_events() const;
    Task<> serve_events();

    std::shared_ptr<Server::Impl> server_;
    ConnectionPlace& place_;
    ServerStream stream_;
    beast::flat_buffer buffer_;
    std::vector<char> piece_;
    std::optional<Parser> parser_;
    std::optional<std::uint64_t> unread_;  ///< of a body whose length was announced; the parser reads all others
    std::uint64_t body_bytes_ = 0;         ///< of the body, read so far
    ServerRequest request_;
    std::optional<RemoveAtEnd>
        incoming_;  // the file of request_, removed after the handler and if the connection fails
    const Route* route_ = nullptr;
};

}  // namespace emeth::http
