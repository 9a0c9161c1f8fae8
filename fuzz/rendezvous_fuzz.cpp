// Messages of a leader and its helpers: any text is refused by either side, or is a message that is written as a text
// which gives the same one again.
#include <cstdint>
#include <string_view>

#include "fuzz/message_round_trip.hpp"
#include "trainer/formats/rendezvous_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace emeth::trainer::rendezvous;
    using emeth::fuzz::require_round_trip;
    const std::string_view text = emeth::fuzz::text_of(data, size);
    require_round_trip(text, parse_from_helper, "a helper's message is the same after it was written again");
    require_round_trip(text, parse_from_leader, "a leader's message is the same after it was written again");
    return 0;
}
