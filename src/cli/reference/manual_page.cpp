#include "cli/reference/manual_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/help_formatter.hpp"
#include "cli/reference/commands.hpp"

namespace emeth::cli {
namespace {

constexpr std::string_view exit_status =
    ".TP\n.B 0\nIt succeeded, or was ended in an orderly way.\n"
    ".TP\n.B 1\nThe work was tried and failed.\n"
    ".TP\n.B 2\nFlags, settings or input are wrong; nothing was done.\n"
    ".TP\n.B 3\nSomething outside is not there: the endpoint, a running master, a data folder that is in use.\n";

constexpr std::string_view files =
    ".TP\n.I /etc/emeth/*.env\nSettings, as lines KEY=value, with every key explained.\n"
    ".TP\n.I /var/lib/emeth\nWhere the services of systemd keep what is durable.\n";

/// As plain text: nothing in it is a request or an escape.
std::string roff(std::string_view text) {
    std::string out;
    bool begins_line = true;
    for (const char c : text) {
        if (begins_line && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
        begins_line = c == '\n';
    }
    return out;
}

/// Paragraphs, and lines that begin with a blank as they are.
std::string body(std::string_view text) {
    std::string out;
    bool as_is = false, after_blank = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) {
            after_blank = true;
            continue;
        }
        const bool is_indented = line.front() == ' ';
        if (is_indented != as_is) out += is_indented ? ".PP\n.EX\n" : ".EE\n";
        if (after_blank && !out.empty() && !is_indented) out += ".PP\n";
        as_is = is_indented;
        after_blank = false;
        out += roff(line) + "\n";
    }
    return out + (as_is ? ".EE\n" : "");
}

std::string flag(const CLI::Option* option) {
    const CLI::Formatter plain;
    return fmt::format(".TP\n.B {}\n{}\n", roff(plain.make_option_name(option, false) + plain.make_option_opts(option)),
                       roff(plain.make_option_desc(option)));
}

std::string section(const NamedCommand& command) {
    std::string text = fmt::format(".SS {}\n{}\n", roff(command.name), roff(command.app->get_description()));
    for (const CLI::Option* option : shown_flags(*command.app))
        if (option->get_name() != "--help") text += flag(option);
    if (const std::string footer = command.app->get_footer(); !footer.empty()) text += ".PP\n" + body(footer);
    return text;
}

}  // namespace

std::string manual_page(const CLI::App& program) {
    std::string text = fmt::format(
        ".\\\" Made by emeth-reference from the commands of the program.\n"
        ".TH EMETH 1 \"\" \"emeth {0}\" \"User Commands\"\n"
        ".SH NAME\nemeth \\- a node of the Emeth network, and the network itself\n"
        ".SH SYNOPSIS\n.B emeth\n.I command\n[\\,\\fIoptions\\/\\fR]\n"
        ".SH DESCRIPTION\n{1}.PP\nEach command explains itself with\n.BR \\-\\-help ,\nand its settings with\n"
        ".BR \\-\\-help\\-settings .\n",
        EMETH_VERSION, body(program.get_description()));
    text += ".SH COMMANDS\n";
    for (const NamedCommand& command : all_commands(program))
        if (command.app != &program) text += section(command);
    text += fmt::format(".SH \"EXIT STATUS\"\n{}.SH FILES\n{}.SH EXAMPLES\n{}", exit_status, files,
                        body(program.get_footer()));
    return text;
}

}  // namespace emeth::cli
