#include "cli/verifier_settings.hpp"

#include "cli/network_settings.hpp"

namespace emeth::cli {

const SettingsTable<network::VerifierOptions>& verifier_table() {
    using Options = network::VerifierOptions;
    constexpr std::uint64_t week_ms = 7 * 86'400'000;
    static const SettingsTable<Options> table{
        whole_number(
            "threads", &Options::threads, 1, 256,
            "Threads of each check. As many checks run side by side as the machine has processors and memory for."),
        whole_number(
            "patience_ms", &Options::patience, 1'000, week_ms,
            "How long what was submitted, or the evidence for it, may be missing before the result is rejected "
            "(ms).")};
    return table;
}

std::vector<SettingDeclaration> verifier_settings() {
    return declared(actor_settings(), verifier_table());
}

}  // namespace emeth::cli
