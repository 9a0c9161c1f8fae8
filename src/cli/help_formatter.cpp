#include "cli/help_formatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/terminal.hpp"

namespace emeth::cli {

namespace {

constexpr std::size_t left_columns = 26, setting_columns = 6;

std::size_t columns_of_help() {
    return std::min(terminal_columns(), columns_default);
}

/// A name and what it means, in two columns; of a name that is too long for the first, in two lines.
std::string entry(std::string_view name, std::string_view meaning, std::size_t left) {
    std::string text, begin = fmt::format("  {}", name);
    if (columns_of(begin) + 2 > left || meaning.empty()) {
        text = begin + "\n";
        begin.clear();
    }
    if (meaning.empty()) return text;
    for (const std::string& line : wrapped(padded(begin, left), meaning, columns_of_help())) text += line + "\n";
    return text;
}

std::string flowed(std::string_view text) {
    std::string out, paragraph;
    const auto end_paragraph = [&] {
        if (paragraph.empty()) return;
        for (const std::string& line : wrapped("", paragraph, columns_of_help())) out += line + "\n";
        paragraph.clear();
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == ' ') {
            end_paragraph();
            out += fmt::format("{}\n", line);
        } else {
            paragraph += fmt::format("{}{}", paragraph.empty() ? "" : " ", line);
        }
    }
    end_paragraph();
    return out;
}

struct Footer {
    std::string explanation, examples;
};

Footer parts_of(std::string footer) {
    const std::size_t found = footer.starts_with("Example") ? 0 : footer.find("\nExample");
    const std::size_t examples = std::min(found, footer.size());
    Footer parts{footer.substr(0, examples), footer.substr(examples)};
    parts.explanation.erase(parts.explanation.find_last_not_of('\n') + 1);
    parts.examples.erase(0, std::min(parts.examples.find_first_not_of('\n'), parts.examples.size()));
    return parts;
}

std::vector<const CLI::Option*> flags_in(const CLI::App* app, const std::string& group) {
    return app->get_options(
        [&group](const CLI::Option* option) { return option->get_group() == group && option->nonpositional(); });
}

std::string help_with_settings(const CLI::App* app, const std::string& name, const CLI::Formatter& formatter) {
    std::string text = flowed(fmt::format(
        "Settings of {}: lines KEY=value of the file of --config. An environment variable of the same name overrides "
        "the file, a flag overrides both.\n\n",
        name));
    for (const CLI::Option* option : flags_in(app, settings_group)) text += formatter.make_option(option, false);
    return text;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
    if (mode == CLI::AppFormatMode::All) return help_with_settings(app, name, *this);
    const Footer footer = parts_of(app->get_footer());
    std::string text = flowed(app->get_description());
    if (!footer.explanation.empty()) text += "\n" + flowed(footer.explanation);
    text += "\n" + make_usage(app, name) + make_positionals(app);
    for (const std::string& group : app->get_groups())
        if (const auto flags = flags_in(app, group); !group.empty() && group != settings_group && !flags.empty())
            text += make_group(group, false, flags);
    text += make_subcommands(app, mode);
    if (const auto settings = flags_in(app, settings_group).size(); settings > 0)
        text += fmt::format("\n{} settings can be overridden: {} {}\n", settings, name, settings_help_flag);
    if (!footer.examples.empty()) text += "\n" + flowed(footer.examples);
    return text;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
    const std::string name = make_option_name(option, is_positional) + make_option_opts(option);
    const bool is_setting = option->get_group() == settings_group;
    return entry(name, make_option_desc(option), is_setting ? setting_columns : left_columns);
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
    return entry(command->get_display_name(true), command->get_description(), left_columns);
}

}  // namespace emeth::cli
