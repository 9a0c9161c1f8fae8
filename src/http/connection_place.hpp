// The place that one connection of a server has (http/connection_limits.hpp), for as long as it lives. Not for users of
// the library.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/server_impl.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::http {

class ConnectionPlace {
public:
    ConnectionPlace(std::shared_ptr<Server::Impl> server, ConnectionLimits::Id id, const asio::ip::address& peer);
    ConnectionPlace(const ConnectionPlace&) = delete;
    ConnectionPlace& operator=(const ConnectionPlace&) = delete;
    ~ConnectionPlace();

    [[nodiscard]] const asio::ip::address& peer() const { return peer_; }

    void gives_way_from(Milliseconds time) { server_->limits.may_be_displaced_from(id_, time); }
    void stays() { server_->limits.may_not_be_displaced(id_); }
    /// What ServerRequest::keep_place is; it may outlive the place.
    [[nodiscard]] std::function<bool()> keeper() const;

    /// Called by who gave the place to somebody else.
    void give_way() { displaced_.notify(); }
    /// Returns once that has happened.
    Task<> displacement() { return displaced_.wait(); }

private:
    std::shared_ptr<Server::Impl> server_;
    ConnectionLimits::Id id_;
    asio::ip::address peer_;
    Wakeup displaced_;
};

}  // namespace emeth::http
