// The transition function under any sequence of events: it never throws, leaves an end state only by a reorganisation,
// and every record has a next command and a sentence.
#include <cstdint>
#include <variant>

#include "fuzz/events.hpp"
#include "fuzz/property.hpp"
#include "statemachine/transition.hpp"

namespace {

using namespace emeth::statemachine;
using emeth::fuzz::require;

void step(Job& job, const EventBody& body) {
    const auto outcome = transition(job, {1, body});
    const auto* accepted = std::get_if<Transition>(&outcome);
    if (accepted == nullptr) return;
    require(!is_end(job.state) || std::holds_alternative<ReorgedOut>(body), "only a reorganisation leaves an end");
    require(
        !holds_deposit(job.state) || (accepted->next.state != State::skipped && accepted->next.state != State::lost &&
                                      accepted->next.state != State::canceled),
        "a JOB with a deposit ends by the chain alone");
    job = accepted->next;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    emeth::fuzz::Input input(data, size);
    Job job = discover({}, 1).next;
    for (int events = 0; events < 256 && !input.empty(); ++events) {
        step(job, emeth::fuzz::event(input));
        (void)next_command(job);
        require(!why(job, 1'000).empty(), "every record has a sentence");
    }
    return 0;
}
