// The parts of a status as text, for status and top: both read the same snapshot, and say the same.
#pragma once

#include <string>

#include "cli/answer_text.hpp"

namespace emeth::cli {

/// "training 43%, 1234 tokens/s"; empty: its worker has not said anything.
std::string progress_of(const Answer& job);
/// Time left less the finish estimate; "-" if that is not known.
std::string margin_of(const Answer& job);
/// To be finished in time: "97%", ">99%"; "-" if that is not known.
std::string chance_of(const Answer& job);
/// "works on JOB 0x12ab34cd…".
std::string doing_of(const Answer& worker);
/// "2 training, 1 submitted".
std::string counts_by_state(const Answer& answer);
/// "3 connected, 2 fit, 1 at work".
std::string counts_of_workers(const Answer& answer);
/// "up, 3 ms", or why it is away.
std::string standing_of(const Answer& server);
/// What each day of the week brought: "11-29 30, 11-28 0 (-10) EMT"; penalties in brackets.
std::string week_text(const Answer& answer);

}  // namespace emeth::cli
