#include "node/core/reload.hpp"

#include "crypto/configured_key.hpp"

namespace emeth::node {
namespace {

template <auto Member>
constexpr auto copy = copy_setting<NodeConfig, Member>;
template <auto Member>
constexpr auto copy_policy = copy_setting<NodeConfig, &NodeConfig::selection, Member>;

}  // namespace

SettingTexts node_setting_texts(const EnvConfig& config) {
    return setting_texts(config, node_settings(), keys_of(declared(crypto::key_settings())));
}

const ReloadTable<NodeConfig>& reloaded_at_once() {
    using Policy = SelectionPolicy;
    static const ReloadTable<NodeConfig> table{
        {"min_fee", copy_policy<&Policy::min_fee>},
        {"max_fee", copy_policy<&Policy::max_fee>},
        {"program_ids", copy_policy<&Policy::program_ids>},
        {"priority", copy_policy<&Policy::priority>},
        {"languages", copy_policy<&Policy::languages>},
        {"models", copy_policy<&Policy::models>},
        {"dataset_bytes_min", copy_policy<&Policy::dataset_bytes_min>},
        {"dataset_bytes_max", copy_policy<&Policy::dataset_bytes_max>},
        {"requesters_preferred", copy_policy<&Policy::requesters_preferred>},
        {"requesters_avoided", copy_policy<&Policy::requesters_avoided>},
        {"hours", copy_policy<&Policy::hours>},
        {"disk_reserve_bytes", copy_policy<&Policy::disk_reserve_bytes>},
        {"reserve_emt", copy_policy<&Policy::reserve_emt>},
        {"reserve_alt", copy_policy<&Policy::reserve_alt>},
        {"emt_per_alt", copy_policy<&Policy::emt_per_alt>},
        {"emt_per_kwh", copy_policy<&Policy::emt_per_kwh>},
        {"watts", copy_policy<&Policy::watts>},
        {"miss_rate", copy_policy<&Policy::miss_rate>},
        {"reject_rate", copy_policy<&Policy::reject_rate>},
        {"worker_whitelist", copy<&NodeConfig::worker_whitelist>},
        {"jsonrpc_whitelist", copy<&NodeConfig::jsonrpc_whitelist>},
        {"log_level", copy<&NodeConfig::log_level>},
    };
    return table;
}

}  // namespace emeth::node
