// Options that name a file or folder.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>

namespace emeth::cli {

/// Adds an option of type `type`: "DIR" or "FILE". The path is absolute from here on, given or default, because
/// children of the program run in folders of their own; the help shows the default as it is written here.
inline CLI::Option* add_path(CLI::App& command, const std::string& name, std::string& path, const std::string& help,
                             const std::string& type) {
    const auto absolute = [](const std::string& text) {
        return text.empty() ? text : std::filesystem::absolute(text).lexically_normal().string();
    };
    CLI::Option* option = command.add_option(name, path, help)->type_name(type);
    option->transform(absolute, "");
    path = absolute(path);
    if (!path.empty()) option->default_str(std::filesystem::proximate(path).string());
    return option;
}

}  // namespace emeth::cli
