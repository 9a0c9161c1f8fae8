// The README's picture of the states is the program's own table.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "statemachine/transition.hpp"

namespace {

TEST(Readme, ShowsTheStateGraphOfTheProgram) {
    const char* root = std::getenv("EMETH_SOURCE_DIR");
    ASSERT_NE(root, nullptr);
    std::ifstream file(std::filesystem::path(root) / "README.md");
    const std::string readme(std::istreambuf_iterator<char>(file), {});
    const std::string picture = "```mermaid\n" + emeth::statemachine::graph_mermaid() + "```\n";
    EXPECT_NE(readme.find(picture), std::string::npos)
        << "replace the picture in README.md by the output of `emeth state graph`:\n"
        << picture;
}

}  // namespace
