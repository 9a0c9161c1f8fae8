// The rows of the settings that must be the same for every node and verifier of a network.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/setting.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer_protocol {

template <class Out>
SettingsTable<Out> rule_settings(std::string Out::*default_model, std::uint32_t Out::*draws) {
    return {text("default_model", default_model,
                 "The preset of a JOB whose param names none; the same for every node and verifier of a network."),
            whole_number("verification_draws", draws, 1, draws_max,
                         "Segments of the training that a submit's block draws besides the first one, to be shown and "
                         "trained again; the same for every node and verifier of a network.")};
}

}  // namespace emeth::trainer_protocol
