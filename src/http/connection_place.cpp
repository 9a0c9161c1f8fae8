#include "http/connection_place.hpp"

#include "runtime/clock.hpp"
#include "runtime/log.hpp"

namespace emeth::http {
namespace {

ConnectionLimitOptions limits_of(const ServerOptions& options) {
    ConnectionLimitOptions limits;
    limits.strangers_max = options.connections_max;
    limits.per_address_max = options.connections_per_address_max;
    limits.kept_max = options.kept_connections_max;
    limits.own = options.own_addresses;
    limits.proxies = options.trusted_proxies;
    return limits;
}

}  // namespace

Server::Impl::Impl(asio::any_io_executor io_executor, ServerOptions server_options)
    : executor(std::move(io_executor)),
      options(std::move(server_options)),
      acceptor(executor),
      limits(limits_of(options)) {}

void Server::Impl::note_refusal(std::string_view cause, const std::string& address, std::string_view detail) {
    refusals.note(cause, address, detail);
    tell_refusals();
}

void Server::Impl::tell_refusals() {
    for (const std::string& line : refusals.due(system_clock().monotonic()))
        spdlog::warn("{}:{}: {}", options.host, options.port, line);
}

ConnectionPlace::ConnectionPlace(std::shared_ptr<Server::Impl> server, ConnectionLimits::Id id,
                                 const asio::ip::address& peer)
    : server_(std::move(server)), id_(id), peer_(unmapped(peer)), displaced_(server_->executor) {
    server_->places[id_] = this;
}

ConnectionPlace::~ConnectionPlace() {
    server_->places.erase(id_);
    server_->limits.leave(id_);
}

std::function<bool()> ConnectionPlace::keeper() const {
    return [server = std::weak_ptr(server_), id = id_] {
        const auto alive = server.lock();
        return alive && alive->limits.keep(id);
    };
}

}  // namespace emeth::http
