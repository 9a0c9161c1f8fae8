#include "trainer_protocol/rendezvous.hpp"

#include <boost/asio/ip/address.hpp>

namespace emeth::trainer_protocol {
namespace {

constexpr std::size_t address_characters_max = 64;
constexpr std::uint64_t port_max = 65'535;
constexpr std::size_t precision_bytes_max = 16;

}  // namespace

boost::json::object to_json(const Rendezvous& rendezvous) {
    boost::json::object object{{"host", rendezvous.host}, {"port", rendezvous.port}, {"token", rendezvous.token.hex()}};
    if (!rendezvous.precision.empty()) object["precision"] = rendezvous.precision;
    return object;
}

Rendezvous read_rendezvous(JsonObject object) {
    Rendezvous rendezvous;
    rendezvous.host = read_ip_address(object, "host");
    rendezvous.port = static_cast<std::uint16_t>(object.u64("port", 1, port_max));
    rendezvous.token = object.fixed<Hash256>("token");
    rendezvous.precision = object.optional_string("precision", precision_bytes_max).value_or("");
    if (!rendezvous.precision.empty() && rendezvous.precision != "float32" && rendezvous.precision != "bf16")
        object.reject("precision", "\"float32\" or \"bf16\"");
    return rendezvous;
}

std::string read_ip_address(JsonObject& object, std::string_view key) {
    std::string text = object.string(key, address_characters_max);
    boost::system::error_code error;
    boost::asio::ip::make_address(text, error);
    if (error) object.reject(key, "an IP address");
    return text;
}

}  // namespace emeth::trainer_protocol
