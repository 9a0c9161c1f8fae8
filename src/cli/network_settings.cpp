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

const SettingsTable<StorageSettings>& storage_table() {
    using Limits = network::StorageLimits;
    constexpr std::uint64_t bytes_max = std::uint64_t{1} << 60;
    constexpr std::uint64_t days_max = 36'500;
    static const SettingsTable<StorageSettings> table = joined<StorageSettings>(
        server_table(),
        SettingsTable<Limits>{
            whole_number("storage_bytes_max", &Limits::total_bytes_max, 0, bytes_max,
                         "The most that datasets, results and open uploads may take together (bytes)."),
            whole_number("storage_disk_free_bytes_min", &Limits::disk_free_bytes_min, 0, bytes_max,
                         "What uploads must leave free on the disk (bytes)."),
            whole_number("storage_dataset_bytes_max", &Limits::dataset_bytes_max, 1, bytes_max,
                         "The largest dataset that is taken (bytes)."),
            whole_number("storage_address_bytes_max", &Limits::address_bytes_max, 1, bytes_max,
                         "The most that one address may have here in datasets and in the parts of its open uploads "
                         "(bytes)."),
            whole_number("storage_job_bytes_max", &Limits::job_bytes_max, 1, bytes_max,
                         "The most that one JOB may have here in the parts of open uploads, results and evidence "
                         "(bytes)."),
            whole_number("unclaimed_dataset_days", &Limits::unclaimed_dataset_days, 1, days_max,
                         "Days after which a dataset is removed whose JOB was not requested."),
            whole_number("abandoned_upload_days", &Limits::abandoned_upload_days, 1, days_max,
                         "Days after which an upload is removed that nobody came back to."),
            whole_number("ended_job_days", &Limits::ended_job_days, 1, days_max,
                         "Days after which the dataset and the results of a JOB that has ended are removed.")});
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
