// `--help` fits a terminal and says what a command is for; settings are explained by `--help-settings`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "cli/emeth_app.hpp"
#include "cli/help_formatter.hpp"
#include "cli/master_settings.hpp"
#include "cli/network_settings.hpp"
#include "cli/reference/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/verifier_settings.hpp"
#include "worker/settings.hpp"

namespace emeth::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t lines_max = 45;

class HelpTest : public ::testing::Test {
protected:
    [[nodiscard]] std::vector<NamedCommand> commands() const { return all_commands(*app_); }
    /// What the program prints.
    [[nodiscard]] std::string printed(std::vector<std::string> arguments) {
        std::ranges::reverse(arguments);  // as CLI11 wants them
        std::ostringstream out;
        try {
            app_->parse(std::move(arguments));
        } catch (const CLI::ParseError& error) {
            EXPECT_EQ(app_->exit(error, out, out), 0) << out.str();
        }
        return out.str();
    }

    Invocation invocation_;
    std::unique_ptr<CLI::App> app_ = emeth_app(invocation_);
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Without line breaks and indents.
std::string in_one_line(const std::string& text) {
    return std::regex_replace(text, std::regex("\\s+"), " ");
}

std::string help_of(const NamedCommand& command, CLI::AppFormatMode mode = CLI::AppFormatMode::Normal) {
    return HelpFormatter().make_help(command.app, command.name, mode);
}

TEST_F(HelpTest, OfEachCommandFitsATerminal) {
    for (const NamedCommand& command : commands()) {
        const std::string help = help_of(command);
        const auto lines = lines_of(help);
        EXPECT_LE(lines.size(), lines_max) << help;
        for (const std::string& line : lines)
            EXPECT_LE(columns_of(line), columns_default) << command.name << ": " << line;
        for (const std::string& line : lines_of(help_of(command, CLI::AppFormatMode::All)))
            EXPECT_LE(columns_of(line), columns_default) << command.name << ": " << line;
    }
}

TEST_F(HelpTest, OfEachCommandSaysWhatItIsForAndEndsWithExamples) {
    for (const NamedCommand& command : commands()) {
        const std::string help = help_of(command);
        EXPECT_THAT(in_one_line(help), StartsWith(in_one_line(command.app->get_description()))) << command.name;
        const auto usage = help.find("\nUsage: " + command.name), options = help.find("\nOptions:\n"),
                   examples = help.find("\nExample");
        EXPECT_NE(usage, std::string::npos) << help;
        EXPECT_LT(usage, options) << help;
        EXPECT_LT(options, examples) << help;
        EXPECT_NE(examples, std::string::npos) << help;
    }
}

TEST_F(HelpTest, NamesTheSettingsOnlyWhereTheyAreAskedFor) {
    for (const NamedCommand& command : commands()) {
        const std::string help = help_of(command);
        EXPECT_THAT(help, Not(HasSubstr("--endpoint VALUE"))) << command.name;
        EXPECT_THAT(help, Not(HasSubstr("--privateKey "))) << command.name;
        const bool has_settings = command.app->get_option_no_throw("--config") != nullptr;
        EXPECT_EQ(help.find(" settings can be overridden: " + command.name + " --help-settings") != std::string::npos,
                  has_settings)
            << help;
    }
}

TEST_F(HelpTest, LosesNoSetting) {
    const std::map<std::string, std::vector<SettingDeclaration>> roles{
        {"emeth master", master_settings()},         {"emeth status", master_settings()},
        {"emeth worker", worker::worker_settings()}, {"emeth verifier", verifier_settings()},
        {"emeth request", actor_settings()},         {"emeth request follow", actor_settings()}};
    std::size_t seen = 0;
    for (const NamedCommand& command : commands()) {
        const auto role = roles.find(command.name);
        if (role == roles.end()) continue;
        ++seen;
        const std::string help = in_one_line(help_of(command, CLI::AppFormatMode::All));
        std::size_t shown = 0;
        for (const SettingDeclaration& setting : role->second) {
            if (setting.key == "privateKey") continue;
            ++shown;
            const std::string fallback = setting.default_text.empty() ? "" : " Default: " + setting.default_text;
            EXPECT_THAT(help, HasSubstr("--" + setting.key + " VALUE " + setting.help + fallback)) << command.name;
        }
        EXPECT_THAT(help_of(command), HasSubstr(std::to_string(shown) + " settings can be overridden"));
        EXPECT_THAT(help, Not(HasSubstr("--privateKey ")));
    }
    EXPECT_EQ(seen, roles.size());
}

TEST_F(HelpTest, IsPrintedByTheProgram) {
    EXPECT_THAT(printed({"master", "--help"}), StartsWith("run the node\n\nFinds JOBs"));
}

TEST_F(HelpTest, OfTheSettingsIsPrintedByTheProgram) {
    EXPECT_THAT(printed({"request", "follow", "--help-settings"}), StartsWith("Settings of emeth request follow: "));
}

}  // namespace
}  // namespace emeth::cli
