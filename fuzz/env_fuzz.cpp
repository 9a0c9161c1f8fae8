// .env files: any text is refused with an error that names the place, or gives values that a file with the same values
// gives again.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "runtime/setting.hpp"

namespace {

using emeth::EnvConfig;
using emeth::fuzz::require;

constexpr const char* keys[] = {"endpoint", "privateKey", "n_epoch", "worker_whitelist", "timeout.learning"};

/// As a person would write it; none for a value with both kinds of quotes.
std::optional<std::string> quoted(const std::string& value) {
    for (const char* quote : {"\"", "'"})
        if (value.find(quote) == std::string::npos) return quote + value + quote;
    return std::nullopt;
}

void require_round_trip(const EnvConfig& config) {
    for (const char* key : keys) {
        const std::string value = config.text(key, "");
        const auto right = quoted(value);
        if (!right) continue;
        const auto again = EnvConfig::parse(std::string("export ") + key + " = " + *right + " # said again", "again");
        require(again.has_value() && again->text(key, "") == value, "a value is the same after it was written again");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const emeth::SettingDeclaration number{"n_epoch", "2", ""}, list{"worker_whitelist", "*", ""};
    const auto config = EnvConfig::parse(emeth::fuzz::text_of(data, size), "fuzz.env");
    if (config.has_error()) {
        require(config.error().message.find("fuzz.env") != std::string::npos, "an error names the file");
        return 0;
    }
    require_round_trip(*config);
    (void)config->check_known({"endpoint", "privateKey", "n_epoch"});
    (void)emeth::SettingValue(*config, number).whole_number(1, 1000);
    for (const std::string& item : emeth::SettingValue(*config, list).list())
        require(!item.empty() && item.find(',') == std::string::npos, "a list's items are parts of it");
    return 0;
}
