#include "cli/reference/commands.hpp"

#include "cli/help_formatter.hpp"

namespace emeth::cli {
namespace {

void add(const CLI::App& app, const std::string& name, std::vector<NamedCommand>& commands) {
    commands.push_back({name, &app});
    for (const CLI::App* command : app.get_subcommands({})) add(*command, name + " " + command->get_name(), commands);
}

}  // namespace

std::vector<NamedCommand> all_commands(const CLI::App& program) {
    std::vector<NamedCommand> commands;
    add(program, program.get_name(), commands);
    return commands;
}

std::vector<const CLI::Option*> shown_flags(const CLI::App& command) {
    return command.get_options([](const CLI::Option* option) {
        return option->nonpositional() && !option->get_group().empty() && option->get_group() != settings_group;
    });
}

}  // namespace emeth::cli
