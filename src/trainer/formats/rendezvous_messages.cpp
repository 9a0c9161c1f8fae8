#include "trainer/formats/rendezvous_messages.hpp"

#include <boost/json/object.hpp>
#include <cstdint>
#include <span>

#include "runtime/json_fields.hpp"

namespace emeth::trainer::rendezvous {
namespace {

namespace json = boost::json;

constexpr std::size_t type_bytes_max = 16;
constexpr std::size_t reason_bytes_max = 1'000;
constexpr std::size_t message_bytes_max = 4 * value_bytes_max;

/// Values are addresses in Gloo's own format: any bytes.
std::string hex_of(const std::string& bytes) {
    return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string read_bytes(JsonObject& object, std::string_view key) {
    const std::string text = object.string(key, 2 + 2 * value_bytes_max);
    std::string bytes(text.size() < 2 ? 0 : text.size() / 2 - 1, '\0');
    if (!from_hex(text, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}))
        object.reject(key, "bytes as hex with 0x");
    return bytes;
}

struct Writer {
    json::object operator()(const Hello& message) const {
        return {{"type", "hello"},
                {"token", message.token.hex()},
                {"run", message.run.hex()},
                {"compute", to_json(message.compute)}};
    }
    json::object operator()(const Ready&) const { return {{"type", "ready"}}; }
    json::object operator()(const Put& message) const {
        return {{"type", "put"}, {"key", message.key}, {"value", hex_of(message.value)}};
    }
    json::object operator()(const Get& message) const { return {{"type", "get"}, {"key", message.key}}; }
    json::object operator()(const HelperRefused& message) const {
        return {{"type", "refused"}, {"reason", message.reason.substr(0, reason_bytes_max)}};
    }
    json::object operator()(const Ask&) const { return {{"type", "ask"}}; }
    json::object operator()(const Form& message) const {
        return {{"type", "form"}, {"generation", message.generation}, {"rank", message.rank}, {"size", message.size}};
    }
    json::object operator()(const Value& message) const {
        return {{"type", "value"}, {"key", message.key}, {"value", hex_of(message.value)}};
    }
};

Form read_form(JsonObject& object) {
    Form form;
    form.generation = object.u64("generation");
    form.rank = static_cast<int>(object.u64("rank", 1, workers_max - 1));
    form.size = static_cast<int>(object.u64("size", 2, workers_max));
    if (form.rank >= form.size) object.reject("rank", "a number below size");
    return form;
}

FromHelper read_from_helper(JsonObject& object) {
    const std::string type = object.string("type", type_bytes_max);
    if (type == "hello")
        return Hello{object.fixed<Hash256>("token"), object.fixed<Hash256>("run"),
                     read_compute_record(object.object("compute"))};
    if (type == "put") return Put{object.string("key", key_bytes_max), read_bytes(object, "value")};
    if (type == "get") return Get{object.string("key", key_bytes_max)};
    if (type != "ready") object.reject("type", "a message of a helper");
    return Ready{};
}

FromLeader read_from_leader(JsonObject& object) {
    const std::string type = object.string("type", type_bytes_max);
    if (type == "refused") return HelperRefused{object.string("reason", reason_bytes_max)};
    if (type == "form") return read_form(object);
    if (type == "value") return Value{object.string("key", key_bytes_max), read_bytes(object, "value")};
    if (type != "ask") object.reject("type", "a message of a leader");
    return Ask{};
}

template <class Message>
Result<Message> parse(std::string_view text, std::string_view what, Message (*read)(JsonObject&)) {
    const Result<json::value> value = parse_json(text, message_bytes_max, what);
    if (value.has_error()) return value.error();
    JsonObject object(*value, what);
    Message message = read(object);
    if (Result<void> check = object.check(); check.has_error()) return check.error();
    return message;
}

}  // namespace

std::string encode(const FromHelper& message) {
    return json_text(std::visit(Writer{}, message));
}

std::string encode(const FromLeader& message) {
    return json_text(std::visit(Writer{}, message));
}

Result<FromHelper> parse_from_helper(std::string_view text) {
    return parse<FromHelper>(text, "the helper's message", &read_from_helper);
}

Result<FromLeader> parse_from_leader(std::string_view text) {
    return parse<FromLeader>(text, "the leader's message", &read_from_leader);
}

}  // namespace emeth::trainer::rendezvous
