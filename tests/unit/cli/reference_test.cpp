// The manual page and the completions name every command and flag; bash completes with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "cli/emeth_app.hpp"
#include "cli/reference/commands.hpp"
#include "cli/reference/completion.hpp"
#include "cli/reference/manual_page.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class ReferenceTest : public ::testing::Test {
protected:
    /// What bash offers after `line`, whose last word is the one to be completed.
    std::vector<std::string> completed(const std::vector<std::string>& line) {
        test::write_text(folder_ / "emeth", bash_completion(*app_));
        std::string words;
        for (const std::string& word : line) words += " '" + word + "'";
        test::write_text(folder_ / "asked", ". " + (folder_ / "emeth").string() + "\nCOMP_WORDS=(emeth" + words +
                                                ")\nCOMP_CWORD=" + std::to_string(line.size()) +
                                                "\n_emeth\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
        FILE* bash = ::popen(("bash -eu " + (folder_ / "asked").string()).c_str(), "r");
        if (bash == nullptr) throw std::runtime_error("cannot start bash");
        std::vector<std::string> offered;
        std::array<char, 1'000> buffer{};
        while (std::fgets(buffer.data(), buffer.size(), bash) != nullptr) {
            std::string word(buffer.data());
            word.pop_back();
            if (!word.empty()) offered.push_back(word);
        }
        EXPECT_EQ(::pclose(bash), 0);
        return offered;
    }

    const test::TemporaryFolder folder_;
    Invocation invocation_;
    std::unique_ptr<CLI::App> app_ = emeth_app(invocation_);
};

TEST_F(ReferenceTest, NamesEveryCommandAndFlag) {
    const std::string page = manual_page(*app_), fish = fish_completion(*app_), zsh = zsh_completion(*app_);
    for (const NamedCommand& command : all_commands(*app_)) {
        EXPECT_THAT(zsh, HasSubstr("('" + command.name + "')"));
        if (command.app == app_.get()) continue;
        EXPECT_THAT(page, HasSubstr(".SS " + std::regex_replace(command.name, std::regex("-"), "\\-") + "\n"));
        EXPECT_THAT(fish, HasSubstr(" -a " + command.app->get_name() + " -d "));
        for (const CLI::Option* flag : shown_flags(*command.app))
            for (const std::string& name : flag->get_lnames()) {
                EXPECT_THAT(fish, HasSubstr(" -l " + name + " "));
                EXPECT_THAT(zsh, HasSubstr("'--" + name + ":"));
            }
    }
    EXPECT_THAT(page, HasSubstr(".B \\-\\-local\\-workers"));
}

/// A line that begins with a dot is a request to man; a backslash begins an escape.
TEST_F(ReferenceTest, ThePageHasNoRequestsOfTheText) {
    CLI::App app("What it is for.\n.so /etc/passwd\n'sp\n  a\\b", "emeth");
    const std::string page = manual_page(app);
    EXPECT_THAT(page, Not(HasSubstr("\n.so")));
    EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd\n\\&'sp\n"));
    EXPECT_THAT(page, HasSubstr(".EX\n  a\\eb\n.EE\n"));
}

TEST_F(ReferenceTest, BashCompletesCommands) {
    EXPECT_THAT(completed({"dem"}), ElementsAre("demo"));
    EXPECT_THAT(completed({"state", "sh"}), ElementsAre("show"));
    EXPECT_THAT(completed({""}), IsSupersetOf({"master", "worker", "state"}));
    EXPECT_THAT(completed({"unknown", "state", "his"}), ElementsAre("history"));
}

TEST_F(ReferenceTest, BashCompletesFlagsOfTheCommandAlone) {
    EXPECT_THAT(completed({"master", "--loc"}), ElementsAre("--local-workers"));
    EXPECT_THAT(completed({"master", "--config", "x", "--da"}), ElementsAre("--data"));
    EXPECT_THAT(completed({"top", "--loc"}), IsEmpty());
    EXPECT_THAT(completed({"master", "--min_fee"}), IsEmpty()) << "settings are not flags";
    EXPECT_THAT(completed({"master", "boo"}), IsEmpty()) << "files";
}

}  // namespace
}  // namespace emeth::cli
