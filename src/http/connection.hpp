// One TCP or TLS connection of the client, and the idle connections kept for later requests. Not
// for users of the library.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/ssl.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/cancellable_io.hpp"
#include "http/client.hpp"

namespace emeth::http {

namespace beast = boost::beast;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

/// A connected stream to the origin of `url` (TLS for https and wss: certificate and host name checked). The Error
/// names the origin.
Task<Result<std::variant<PlainStream, TlsStream>>> open_stream(Url url, Milliseconds timeout);

/// Connects to the first of a name's addresses that takes the connection, within `timeout` for all of them. The error
/// is that of the last one tried.
Task<error_code> connect_in_turn(PlainStream* stream, std::vector<Tcp::endpoint> endpoints, Milliseconds timeout);

/// "<origin>: <reason>", transient.
Error io_error(std::string_view origin, error_code error);

/// A transient Error for a body that is encoded, gzipped say: not everybody heeds that only identity is accepted.
Result<void> check_encoding(const std::string& origin, const Headers& headers);

/// One exchange at a time: begin, write pieces of the body, read the header, read pieces of the body.
class Connection {
public:
    explicit Connection(std::variant<PlainStream, TlsStream> stream) : stream_(std::move(stream)) {}

    /// Bounds the total time of all operations from here on; none: no limit.
    void limit(std::optional<Milliseconds> time);

    void begin(const std::string& method, const Url& url, const Headers& headers, std::uint64_t body_bytes);
    /// The header goes out with the first piece.
    Task<error_code> write(std::string_view piece, bool more);

    /// Of the final answer: interim ones (100, 103) are skipped.
    Task<error_code> read_header();
    [[nodiscard]] const beast::http::response_header<>& header() const { return parser_->get().base(); }
    /// As announced by the server; none for chunked bodies, 0 after HEAD.
    [[nodiscard]] std::optional<std::uint64_t> body_bytes() const;

    struct Piece {
        error_code error;
        std::size_t bytes = 0;
        bool last = false;
    };
    /// At least one byte, unless it is the last piece.
    Task<Piece> read_body(std::span<char> into);

    /// True once the exchange is over, if the server keeps the connection open.
    [[nodiscard]] bool reusable() const;
    /// False if the server has closed it in the meantime.
    [[nodiscard]] bool still_open();

private:
    PlainStream& socket_stream();
    void expect_answer();

    std::variant<PlainStream, TlsStream> stream_;
    beast::flat_buffer buffer_;
    bool is_head_ = false;
    std::optional<beast::http::request<beast::http::buffer_body>> request_;
    std::optional<beast::http::request_serializer<beast::http::buffer_body>> serializer_;
    std::optional<beast::http::response_parser<beast::http::buffer_body>> parser_;
};

/// Idle connections of one io_context, destroyed with it.
class IdleConnections : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;
    explicit IdleConnections(asio::execution_context& context) : asio::execution_context::service(context) {}
    static IdleConnections& of(const asio::any_io_executor& executor);

    /// Null if there is none that is fit for use.
    std::unique_ptr<Connection> take(const std::string& origin);
    void put(const std::string& origin, std::unique_ptr<Connection> connection);

private:
    void shutdown() noexcept override { by_origin_.clear(); }

    struct Idle {
        std::unique_ptr<Connection> connection;
        Milliseconds since;
    };
    std::map<std::string, std::deque<Idle>> by_origin_;
};

}  // namespace emeth::http
