#include "cli/reference/completion.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "cli/reference/commands.hpp"

namespace emeth::cli {
namespace {

/// A command or a flag that may come next.
struct Word {
    std::string text, meaning;
};

std::vector<Word> commands_below(const CLI::App& command) {
    std::vector<Word> words;
    for (const CLI::App* below : command.get_subcommands({}))
        words.push_back({below->get_name(), below->get_description()});
    return words;
}

std::vector<Word> flags_of(const CLI::App& command) {
    std::vector<Word> words;
    for (const CLI::Option* option : shown_flags(command)) {
        for (const std::string& name : option->get_lnames()) words.push_back({"--" + name, option->get_description()});
        for (const std::string& name : option->get_snames()) words.push_back({"-" + name, option->get_description()});
    }
    return words;
}

/// For all three shells.
std::string in_quotes(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out + "'";
}

std::string joined(const std::vector<Word>& words) {
    std::string text;
    for (const Word& word : words) text += (text.empty() ? "" : " ") + word.text;
    return text;
}

/// 'emeth state'|'emeth state list'|…: what a `case` of bash and zsh matches; commands alone, not the program.
std::string names_of_commands(const CLI::App& program, std::string_view between) {
    std::string names;
    for (const NamedCommand& command : all_commands(program))
        if (command.app != &program)
            names += fmt::format("{}{}", names.empty() ? "" : between, in_quotes(command.name));
    return names;
}

/// name:meaning, as _describe of zsh takes it.
std::string described(const std::vector<Word>& words) {
    std::string text;
    for (const Word& word : words) text += " " + in_quotes(word.text + ":" + word.meaning);
    return text;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
    std::string text = fmt::format(
        "# bash completion of emeth; made by emeth-reference\n_emeth() {{\n"
        "  local at=emeth word commands= flags=\n"
        "  for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
        "    case \"$at $word\" in\n      {}) at=\"$at $word\" ;;\n    esac\n  done\n  case $at in\n",
        names_of_commands(program, "|"));
    for (const NamedCommand& command : all_commands(program))
        text += fmt::format("    {}) commands={} flags={} ;;\n", in_quotes(command.name),
                            in_quotes(joined(commands_below(*command.app))), in_quotes(joined(flags_of(*command.app))));
    return text +
           "  esac\n  word=${COMP_WORDS[COMP_CWORD]}\n"
           "  case $word in -*) commands=$flags ;; esac\n"
           "  mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$word\")\n}\n"
           "complete -o default -F _emeth emeth\n";
}

std::string zsh_completion(const CLI::App& program) {
    std::string text = fmt::format(
        "#compdef emeth\n# Made by emeth-reference.\nlocal at=emeth word\nlocal -a below flags\n"
        "for word in ${{words[2,CURRENT-1]}}; do\n  case \"$at $word\" in\n"
        "    ({}) at=\"$at $word\" ;;\n  esac\ndone\ncase $at in\n",
        names_of_commands(program, "|"));
    for (const NamedCommand& command : all_commands(program))
        text += fmt::format("  ({}) below=({} ) flags=({} ) ;;\n", in_quotes(command.name),
                            described(commands_below(*command.app)), described(flags_of(*command.app)));
    return text +
           "esac\nif [[ $words[CURRENT] == -* ]]; then\n  _describe -o option flags\n"
           "elif (( $#below )); then\n  _describe command below\nelse\n  _files\nfi\n";
}

std::string fish_completion(const CLI::App& program) {
    std::string text = fmt::format(
        "# fish completion of emeth; made by emeth-reference\nfunction __emeth_at\n  set -l at emeth\n"
        "  for word in (commandline -opc)[2..-1]\n    if contains -- \"$at $word\" {}\n"
        "      set at \"$at $word\"\n    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n",
        names_of_commands(program, " "));
    for (const NamedCommand& command : all_commands(program)) {
        const std::string here = in_quotes("__emeth_at " + in_quotes(command.name));
        const auto commands = commands_below(*command.app);
        for (const Word& below : commands)
            text += fmt::format("complete -c emeth -f -n {} -a {} -d {}\n", here, below.text, in_quotes(below.meaning));
        for (const CLI::Option* option : shown_flags(*command.app)) {
            std::string names;
            for (const std::string& name : option->get_lnames()) names += " -l " + name;
            for (const std::string& name : option->get_snames()) names += " -s " + name;
            const bool takes_value = option->get_items_expected_max() > 0;
            text += fmt::format("complete -c emeth -n {}{}{} -d {}\n", here, names, takes_value ? " -r" : "",
                                in_quotes(option->get_description()));
        }
    }
    return text;
}

}  // namespace emeth::cli
