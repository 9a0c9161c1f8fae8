// A server's connection to its peer, plain or TLS: what Beast's and Asio's composed operations take as their stream.
// Not for users of the library.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <utility>
#include <variant>

#include "http/cancellable_io.hpp"
#include "http/connection.hpp"

namespace emeth::http {

class ServerStream {
public:
    using executor_type = PlainStream::executor_type;

    /// `tls`: null for a plain one.
    ServerStream(Tcp::socket socket, std::shared_ptr<asio::ssl::context> tls);

    /// Of TLS; nothing else may be read or written before. A peer that speaks plain HTTP is answered so.
    Task<error_code> shake_hands();
    /// Tells the peer that nothing more comes, so that it can tell the end from a cut.
    Task<> say_goodbye();

    [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
    [[nodiscard]] executor_type get_executor() { return plain().get_executor(); }
    [[nodiscard]] Tcp::socket& socket() { return plain().socket(); }
    /// Below TLS.
    [[nodiscard]] PlainStream& plain();
    void expires_after(Milliseconds time) { plain().expires_after(time); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return std::visit([&](auto& stream) { return stream.async_read_some(buffers, std::forward<Token>(token)); },
                          stream_);
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        if (auto* tls = std::get_if<TlsStream>(&stream_))
            return tls->async_write_some(first_of(buffers), std::forward<Token>(token));
        return std::get<PlainStream>(stream_).async_write_some(buffers, std::forward<Token>(token));
    }

    /// To be continued as something else, a WebSocket for instance.
    [[nodiscard]] std::variant<PlainStream, TlsStream> release() && { return std::move(stream_); }

private:
    /// The first buffer that is not empty. Of a sequence that begins with an empty one, as asio::async_write hands on
    /// what is left, Beast's TLS stream writes nothing, which counts as the end.
    template <class Buffers>
    static asio::const_buffer first_of(const Buffers& buffers) {
        asio::const_buffer first;
        for (auto at = asio::buffer_sequence_begin(buffers);
             first.size() == 0 && at != asio::buffer_sequence_end(buffers); ++at)
            first = *at;
        return first;
    }
    static std::variant<PlainStream, TlsStream> make(Tcp::socket socket, asio::ssl::context* tls);

    std::shared_ptr<asio::ssl::context> tls_;
    std::variant<PlainStream, TlsStream> stream_;
};

}  // namespace emeth::http
