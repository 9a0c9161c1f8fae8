// Messages to and from a trainer: any JSON is refused, or is a request or a report that is written as JSON which gives
// the same one again.
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"
#include "trainer_protocol/machine_description.hpp"
#include "trainer_protocol/messages.hpp"

namespace {

using namespace emeth::trainer_protocol;
using emeth::fuzz::require;

boost::json::value parsed(std::string_view text) {
    auto json = emeth::parse_json(text, message_bytes_max, "a message");
    return json.has_value() ? std::move(*json) : boost::json::value();
}

template <class Message>
void round_trip(const boost::json::value& json, emeth::Result<Message> (*parse)(const boost::json::value&),
                const char* property) {
    const auto message = parse(json);
    if (message.has_error()) return;
    const std::string written = emeth::json_text(to_json(*message));
    const auto again = parse(parsed(written));
    require(again.has_value() && again->index() == message->index(), property);
    require(emeth::json_text(to_json(*again)) == written, property);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = emeth::fuzz::text_of(data, size);
    if (const auto description = read_machine_description(text)) {
        const auto again = read_machine_description(emeth::json_text(to_json(*description)));
        require(again.has_value() && again->machine == description->machine && again->blas == description->blas &&
                    again->precision == description->precision,
                "a machine's description is the same after it was written again");
    }
    const boost::json::value json = parsed(text);
    if (json.is_null()) return 0;
    round_trip(json, parse_request, "a request is the same after it was written again");
    round_trip(json, parse_report, "a report is the same after it was written again");
    return 0;
}
