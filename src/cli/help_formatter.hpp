// How `--help` looks: what the command is for, its usage, its own flags, examples. Settings are many, and the same for
// many commands: `--help-settings` explains them.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace emeth::cli {

/// The group of the options that override settings.
inline constexpr const char* settings_group = "Settings";
/// A flag of each command that has settings.
inline constexpr const char* settings_help_flag = "--help-settings";

/// A footer's paragraphs before its "Examples:" are printed under the description. Lines that begin with a blank stay
/// as they are, others are laid out anew: for 80 columns, or fewer if the terminal has fewer.
class HelpFormatter final : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
    std::string make_option(const CLI::Option* option, bool is_positional) const override;
    std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace emeth::cli
