#include "runtime/ip_address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <memory>

namespace emeth {
namespace {

/// Empty for an address of another family.
std::string text_of(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address->sa_family == AF_INET)
        bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (bytes == nullptr || inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr) return {};
    return text.data();
}

}  // namespace

bool is_loopback(const std::string& ip) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(ip, error);
    return !error && address.is_loopback();
}

bool is_this_machine(const std::string& host) {
    return host == "localhost" || is_loopback(host);
}

bool is_every_address(std::string_view host) {
    return host == "0.0.0.0" || host == "::";
}

std::set<std::string> own_ip_addresses() {
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, freeifaddrs);
    std::set<std::string> addresses;
    for (const ifaddrs* interface = all.get(); interface != nullptr; interface = interface->ifa_next) {
        std::string text = interface->ifa_addr == nullptr ? std::string() : text_of(interface->ifa_addr);
        if (!text.empty()) addresses.insert(std::move(text));
    }
    return addresses;
}

}  // namespace emeth
