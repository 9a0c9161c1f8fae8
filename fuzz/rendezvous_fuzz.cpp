// Messages of a leader and its helpers: any text is refused by either side, or is a message that is written as a text
// which gives the same one again.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "trainer/formats/rendezvous_messages.hpp"

namespace {

using namespace emeth::trainer::rendezvous;
using emeth::fuzz::require;

template <class Message>
void round_trip(std::string_view text, emeth::Result<Message> (*parse)(std::string_view), const char* property) {
    const auto message = parse(text);
    if (message.has_error()) return;
    const std::string written = encode(*message);
    const auto again = parse(written);
    require(again.has_value() && again->index() == message->index() && encode(*again) == written, property);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = emeth::fuzz::text_of(data, size);
    round_trip(text, parse_from_helper, "a helper's message is the same after it was written again");
    round_trip(text, parse_from_leader, "a leader's message is the same after it was written again");
    return 0;
}
