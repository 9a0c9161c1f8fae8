#include "network/devnet/free_port.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace emeth::network {

Result<std::uint16_t> free_port(const asio::any_io_executor& executor) {
    boost::system::error_code error;
    asio::ip::tcp::acceptor acceptor(executor);
    acceptor.open(asio::ip::tcp::v4(), error);
    if (!error) acceptor.bind({asio::ip::address_v4::loopback(), 0}, error);
    if (error) return transient_error("no free port on 127.0.0.1: " + error.message());
    return acceptor.local_endpoint().port();
}

}  // namespace emeth::network
