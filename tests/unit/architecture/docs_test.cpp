// README.md and docs/ are consistent with the tree: links, names of files and tests, and the state diagram.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "statemachine/transition.hpp"

namespace {

namespace fs = std::filesystem;

fs::path root() {
    const char* folder = std::getenv("EMETH_SOURCE_DIR");
    return folder != nullptr ? fs::path(folder) : fs::current_path();
}

std::string text_of(const fs::path& file) {
    std::ifstream stream(file);
    EXPECT_TRUE(stream.is_open()) << file;
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> lines_of(const fs::path& file) {
    std::ifstream stream(file);
    EXPECT_TRUE(stream.is_open()) << file;
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// README.md and the pages of docs/.
std::vector<fs::path> pages() {
    std::vector<fs::path> found{root() / "README.md"};
    for (const auto& entry : fs::directory_iterator(root() / "docs"))
        if (entry.path().extension() == ".md") found.push_back(entry.path());
    return found;
}

/// The prose lines of a page, without the blocks between ```.
std::vector<std::string> prose_of(const fs::path& page) {
    std::vector<std::string> prose;
    bool fenced = false;
    for (const auto& line : lines_of(page)) {
        const bool fence = line.starts_with("```");
        if (fence) fenced = !fenced;
        if (!fence && !fenced) prose.push_back(line);
    }
    return prose;
}

/// Every match of the first group of `pattern`.
std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern); match != std::sregex_iterator(); ++match)
        found.push_back((*match)[1]);
    return found;
}

/// What GitHub makes of a heading: lower case, blanks as hyphens, letters, digits, hyphens and underscores kept.
std::string anchor_of(const std::string& heading) {
    std::string anchor;
    for (const char c : heading) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == ' ') anchor += '-';
        if (std::isalnum(byte) != 0 || c == '-' || c == '_') anchor += static_cast<char>(std::tolower(byte));
    }
    return anchor;
}

std::set<std::string> anchors_of(const fs::path& page) {
    const std::regex heading(R"re(^#{1,6} (.*)$)re");
    std::set<std::string> anchors;
    for (const auto& line : prose_of(page))
        for (const auto& text : matches(line, heading)) anchors.insert(anchor_of(text));
    return anchors;
}

TEST(Docs, EveryRelativeLinkResolves) {
    const std::regex link(R"re(\]\(([^)\s]+)\))re");
    std::size_t links = 0;
    for (const auto& page : pages())
        for (const auto& line : prose_of(page))
            for (const auto& target : matches(line, link)) {
                if (target.find("://") != std::string::npos) continue;
                ++links;
                const auto hash = target.find('#');
                const std::string file = target.substr(0, hash);
                const fs::path path = file.empty() ? page : page.parent_path() / file;
                ASSERT_TRUE(fs::exists(path)) << page << " links to " << target << ", which does not exist";
                if (hash == std::string::npos) continue;
                EXPECT_TRUE(anchors_of(path).contains(target.substr(hash + 1)))
                    << page << " links to " << target << "; there is no such heading";
            }
    EXPECT_GT(links, 10U) << "the links were not found";
}

/// Made by builds and runs, so that a clone does not have it.
bool is_generated(const std::string& name) {
    return name.starts_with("build") || name.find("node_modules") != std::string::npos;
}

/// `a/b.cpp`, or anything below a folder of the tree. Placeholders, absolute paths and patterns do not count.
bool is_path_of_the_tree(const std::string& name) {
    static const std::regex plain(R"re([A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*/?)re");
    static const std::regex file(R"re(.*/[A-Za-z0-9_-]+(\.[A-Za-z0-9_]+)+)re");
    constexpr std::array<std::string_view, 9> folders{"src/",     "tests/",     "docs/", "config/", "statemachine/",
                                                      "storage/", "contracts/", "fuzz/", "bench/"};
    if (!std::regex_match(name, plain) || is_generated(name)) return false;
    return std::regex_match(name, file) || std::any_of(folders.begin(), folders.end(), [&](std::string_view folder) {
               return name.starts_with(folder);
           });
}

TEST(Docs, EveryFileNamedInBackticksExists) {
    const std::regex quoted("`([^`]+)`");
    std::size_t names = 0;
    for (const auto& page : pages())
        for (const auto& line : prose_of(page))
            for (const auto& name : matches(line, quoted)) {
                if (!is_path_of_the_tree(name)) continue;
                ++names;
                // As in an #include, "src/" may be left out.
                EXPECT_TRUE(fs::exists(root() / name) || fs::exists(root() / "src" / name))
                    << page << " names `" << name << "`, which does not exist";
            }
    EXPECT_GT(names, 50U) << "the names were not found";
}

TEST(Docs, TheReadmeIsShort) {
    constexpr std::size_t lines_max = 150;
    EXPECT_LE(lines_of(root() / "README.md").size(), lines_max) << "move what is not for a newcomer to docs/";
}

std::vector<fs::path> texts_of_the_tree() {
    std::vector<fs::path> files = pages();
    files.push_back(root() / "emeth");
    files.push_back(root() / "CMakeLists.txt");
    for (const char* folder :
         {"src", "statemachine", "storage", "tests", "contracts", "fuzz", "config", "cmake", "bench"}) {
        fs::recursive_directory_iterator entry(root() / folder);
        for (; entry != fs::recursive_directory_iterator(); ++entry) {
            const bool corpus = entry->path().filename() == "corpus";
            if (entry->is_directory() &&
                (corpus || is_generated(entry->path().string().substr(root().string().size()))))
                entry.disable_recursion_pending();
            else if (entry->is_regular_file())
                files.push_back(entry->path());
        }
    }
    return files;
}

/// Every name that ends in ".md", with the folders before it.
std::vector<std::string> documents_named_in(const std::string& text) {
    constexpr std::string_view ending = ".md";
    const auto belongs = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
    };
    std::vector<std::string> names;
    for (auto at = text.find(ending); at != std::string::npos; at = text.find(ending, at + 1)) {
        const auto end = at + ending.size();
        auto begin = at;
        while (begin > 0 && belongs(text[begin - 1])) --begin;
        const bool goes_on = end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])) != 0;
        if (begin < at && !goes_on) names.push_back(text.substr(begin, end - begin));
    }
    return names;
}

TEST(Docs, NobodyNamesADocumentThatIsNotThere) {
    std::size_t names = 0;
    for (const auto& file : texts_of_the_tree())
        for (const auto& name : documents_named_in(text_of(file))) {
            ++names;
            const bool exists = fs::exists(root() / name) || fs::exists(root() / "docs" / name) ||
                                fs::exists(file.parent_path() / name);
            EXPECT_TRUE(exists) << file << " names " << name << ", which does not exist";
        }
    EXPECT_GT(names, 10U) << "the names were not found";
}

/// What ctest calls its tests, and the suites of the GoogleTest programs.
std::set<std::string> names_of_tests() {
    const std::regex ctest(R"re((?:emeth_test\(|add_test\(\s*NAME )([A-Za-z0-9_]+))re");
    const std::regex suite(R"re(TEST(?:_F|_P)?\(([A-Za-z0-9_]+), [A-Za-z0-9_]+\))re");
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root() / "tests")) {
        const bool is_list = entry.path().filename() == "CMakeLists.txt";
        if (!is_list && entry.path().extension() != ".cpp") continue;
        for (auto& name : matches(text_of(entry.path()), is_list ? ctest : suite)) names.insert(std::move(name));
    }
    return names;
}

TEST(Docs, EveryTestThatWhatHappensWhenNamesExists) {
    const auto known = names_of_tests();
    const std::regex quoted("`([^`]+)`");
    bool in_table = false;
    std::size_t rows = 0;
    for (const auto& line : prose_of(root() / "docs" / "OPERATIONS.md")) {
        if (line.starts_with("## ")) in_table = line.starts_with("## What happens when");
        if (!in_table || !line.starts_with("| ") || line.starts_with("| ---") || line.starts_with("| what")) continue;
        ++rows;
        const std::string tests = line.substr(line.rfind(" | ", line.size() - 3) + 3);
        const auto named = matches(tests, quoted);
        EXPECT_FALSE(named.empty()) << "no test is named: " << line;
        for (const auto& name : named) EXPECT_TRUE(known.contains(name)) << name << " is no test: " << line;
    }
    EXPECT_GT(rows, 30U) << "the table was not found";
}

TEST(Docs, ArchitectureShowsTheStateGraphOfTheProgram) {
    const std::string picture = "```mermaid\n" + emeth::statemachine::graph_mermaid() + "```\n";
    EXPECT_NE(text_of(root() / "docs" / "ARCHITECTURE.md").find(picture), std::string::npos)
        << "replace the picture in docs/ARCHITECTURE.md by the output of `emeth state graph`:\n"
        << picture;
}

/// The README's diagram leaves out reorganisations and labels, but each of its arrows is one of the program's.
TEST(Docs, TheReadmesPictureOfTheStatesIsPartOfTheProgramsOwn) {
    const std::regex arrow(R"re(^ +([a-z_\[\]*]+ --> [a-z_\[\]*]+))re");
    std::set<std::string> known;
    for (const auto& name :
         matches(emeth::statemachine::graph_mermaid(), std::regex(R"re(([a-z_\[\]*]+ --> [a-z_\[\]*]+))re")))
        known.insert(name);
    bool in_picture = false;
    std::set<std::string> shown;
    for (const auto& line : lines_of(root() / "README.md")) {
        if (line == "stateDiagram-v2") in_picture = true;
        if (line == "```") in_picture = false;
        if (in_picture)
            for (const auto& name : matches(line, arrow)) shown.insert(name);
    }
    for (const auto& name : shown) EXPECT_TRUE(known.contains(name)) << "the program has no " << name;
    for (const auto state : emeth::statemachine::all_states)
        EXPECT_TRUE(std::any_of(shown.begin(), shown.end(),
                                [&](const std::string& name) {
                                    return name.ends_with("> " + std::string(emeth::statemachine::name(state)));
                                }))
            << "README.md shows no way into " << emeth::statemachine::name(state);
}

}  // namespace
