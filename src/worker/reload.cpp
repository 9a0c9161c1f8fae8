#include "worker/reload.hpp"

#include "crypto/configured_key.hpp"

namespace emeth::worker {
namespace {

template <auto... Path>
constexpr auto copy = copy_setting<WorkerSettings, Path...>;
template <auto Member>
constexpr auto copy_limit = copy_setting<WorkerSettings, &WorkerSettings::limits, Member>;

}  // namespace

SettingTexts worker_setting_texts(const EnvConfig& config) {
    return setting_texts(config, worker_settings(), keys_of(declared(crypto::key_settings())));
}

const ReloadTable<WorkerSettings>& reloaded_at_once() {
    using Settings = WorkerSettings;
    static const ReloadTable<Settings> table{
        {"log_level", copy<&Settings::log_level>},
        {"model_cached_size", copy<&Settings::states_bytes_max>},
        {"timeout_wait_data", copy_limit<&StallLimits::wait_data>},
        {"timeout_idle", copy_limit<&StallLimits::idle>},
        {"timeout_learning", copy_limit<&StallLimits::learning>},
        {"timeout_checkpoint", copy_limit<&StallLimits::checkpoint>},
        {"timeout_cooperation", copy<&Settings::cooperation, &trainer_protocol::CooperationOptions::timeout_ms>},
    };
    return table;
}

}  // namespace emeth::worker
