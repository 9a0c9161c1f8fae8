#include "runtime/ip_address.hpp"

#include <boost/asio/ip/address.hpp>

namespace emeth {

bool is_loopback(const std::string& ip) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(ip, error);
    return !error && address.is_loopback();
}

}  // namespace emeth
