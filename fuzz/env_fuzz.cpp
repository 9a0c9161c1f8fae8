// .env files: any text is either parsed or refused with an error that names the place.
#include <cstdlib>
#include <string_view>

#include "runtime/setting.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const emeth::SettingDeclaration number{"n_epoch", "2", ""}, list{"worker_whitelist", "*", ""};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = emeth::EnvConfig::parse(text, "fuzz.env");
    if (config.has_error()) {
        if (config.error().message.find("fuzz.env") == std::string::npos) std::abort();
        return 0;
    }
    (void)config->check_known({"endpoint", "privateKey", "n_epoch"});
    (void)emeth::SettingValue(*config, number).whole_number(1, 1000);
    (void)emeth::SettingValue(*config, list).list();
    return 0;
}
