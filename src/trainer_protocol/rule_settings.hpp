// The rows of the settings behind NetworkRules. A program that holds one takes them by rows_of(&Out::rules, …).
#pragma once

#include "runtime/setting.hpp"
#include "trainer_protocol/network_rules.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {

/// What must be the same for every node and verifier of a network.
inline SettingsTable<NetworkRules> rule_settings() {
    const auto read_preset = [](const SettingValue& value) -> Result<std::string> {
        if (!find_preset(value.text())) return value.refused(preset_choice());
        return value.text();
    };
    return {{{"default_model", NetworkRules{}.default_model,
              "The preset of a JOB whose param names none; the same for every node and verifier of a network."},
             into<NetworkRules>(&NetworkRules::default_model, read_preset)},
            whole_number("verification_draws", &NetworkRules::draws, 1, draws_max,
                         "Segments of the training that a submit's block draws besides the first one, to be shown and "
                         "trained again; the same for every node and verifier of a network.")};
}

/// A node may train more epochs than the network asks for, but neither fewer nor more than a verifier takes.
inline SettingsTable<NetworkRules> epochs_settings() {
    return {whole_number("n_epoch", &NetworkRules::epochs_min, NetworkRules{}.epochs_min, epochs_accepted,
                         "Epochs that are trained at least: a JOB trains max(param.epoch, n_epoch).")};
}

}  // namespace emeth::trainer_protocol
