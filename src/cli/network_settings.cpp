#include "cli/network_settings.hpp"

#include "crypto/configured_key.hpp"
#include "trainer_protocol/rule_settings.hpp"

namespace emeth::cli {

const SettingsTable<NetworkSettings>& network_table() {
    static const SettingsTable<NetworkSettings> table = joined<NetworkSettings>(
        chain::network_settings(), rows_of(&NetworkSettings::rules, trainer_protocol::rule_settings()));
    return table;
}

const SettingsTable<ServerSettings>& server_table() {
    static const SettingsTable<ServerSettings> table =
        joined<ServerSettings>(network_table(), http::listener_settings());
    return table;
}

const SettingsTable<ActorSettings>& actor_table() {
    static const SettingsTable<ActorSettings> table = joined<ActorSettings>(network_table(), chain::payment_settings());
    return table;
}

std::vector<SettingDeclaration> actor_settings() {
    return declared(actor_table(), crypto::key_settings());
}

}  // namespace emeth::cli
