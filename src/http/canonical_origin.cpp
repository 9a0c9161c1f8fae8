#include "http/canonical_origin.hpp"

#include <boost/asio/ip/address.hpp>

namespace emeth::http {

std::string canonical_origin(const Url& url) {
    Url canonical = url;
    if (url.scheme == "ws") canonical.scheme = "http";
    if (url.scheme == "wss") canonical.scheme = "https";
    for (char& c : canonical.host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (canonical.host.ends_with('.')) canonical.host.pop_back();
    boost::system::error_code is_name;
    const auto address = boost::asio::ip::make_address(canonical.host, is_name);
    if (!is_name) canonical.host = address.to_string();
    return canonical.origin();
}

}  // namespace emeth::http
