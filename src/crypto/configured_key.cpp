#include "crypto/configured_key.hpp"

#include <fmt/format.h>

#include <utility>

#include "crypto/key_file.hpp"

namespace emeth::crypto {

const std::vector<SettingDeclaration>& key_settings() {
    static const std::vector<SettingDeclaration> keys{
        {"privateKey_file", "", "A file of mode 0600 that holds the key of this program: 32 bytes of hex."},
        {"privateKey", "",
         "The key itself, instead of a file; the file of settings must then have mode 0600. It is never given as a "
         "flag."}};
    return keys;
}

Result<std::optional<PrivateKey>> configured_key(const EnvConfig& config) {
    const ConfigValue* value = config.find("privateKey");
    const ConfigValue* file = config.find("privateKey_file");
    if (value != nullptr && file != nullptr)
        return permanent_error(fmt::format("both privateKey ({}) and privateKey_file ({}) are set; keep one of them",
                                           value->place, file->place));
    if (value == nullptr && file == nullptr) return std::optional<PrivateKey>{};
    if (value != nullptr && config.others_can_read("privateKey"))
        return permanent_error(fmt::format("{} holds privateKey and can be read by others; run: chmod 600 {}",
                                           config.file_place(), config.file_place()));
    Result<PrivateKey> key = file != nullptr ? load_key_file(file->text) : PrivateKey::parse(value->text);
    if (key.has_error()) return file != nullptr ? key.error() : in_context(value->place + ": privateKey", key.error());
    return std::optional<PrivateKey>(std::move(*key));
}

}  // namespace emeth::crypto
