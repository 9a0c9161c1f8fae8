// The rules of the tree that a compiler does not hold: who may include whom, and who may ask the system for time,
// chance and threads.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

fs::path source_root() {
    const char* root = std::getenv("EMETH_SOURCE_DIR");
    return root != nullptr ? fs::path(root) : fs::current_path();
}

struct SourceFile {
    std::string folder;  ///< "runtime", "statemachine", "network", …
    fs::path path;
    std::vector<std::string> lines;
};

void read_folder(const fs::path& folder, const std::string& name, std::vector<SourceFile>& files) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
        SourceFile file{name, entry.path(), {}};
        std::ifstream stream(entry.path());
        for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
        files.push_back(std::move(file));
    }
}

std::vector<SourceFile> sources() {
    std::vector<SourceFile> files;
    read_folder(source_root() / "statemachine", "statemachine", files);
    read_folder(source_root() / "storage", "storage", files);
    for (const auto& entry : fs::directory_iterator(source_root() / "src"))
        if (entry.is_directory()) read_folder(entry.path(), entry.path().filename().string(), files);
    return files;
}

/// What each folder may include of ours, beside itself.
const std::map<std::string, std::set<std::string>> allowed_includes{
    {"statemachine", {}},
    {"runtime", {"statemachine"}},
    {"storage", {"statemachine", "runtime"}},
    {"crypto", {"statemachine", "runtime"}},
    {"http", {"statemachine", "runtime", "crypto"}},
    {"chain", {"statemachine", "storage", "runtime", "crypto", "http"}},
    {"api_client", {"statemachine", "runtime", "crypto", "http"}},
    {"trainer_protocol", {"statemachine", "runtime", "crypto"}},
    {"worker_protocol", {"statemachine", "runtime", "crypto", "trainer_protocol"}},
    {"worker", {"statemachine", "runtime", "crypto", "http", "trainer_protocol", "worker_protocol"}},
    {"trainer", {"statemachine", "runtime", "crypto", "http", "trainer_protocol"}},
    {"node",
     {"statemachine", "storage", "runtime", "crypto", "chain", "http", "api_client", "trainer_protocol",
      "worker_protocol"}},
    {"network",
     {"statemachine", "storage", "runtime", "crypto", "chain", "http", "api_client", "trainer_protocol", "contracts"}},
    {"harness", {"statemachine", "storage", "runtime", "crypto", "chain", "http"}},
};

TEST(Architecture, DependenciesPointDownwardsOnly) {
    const std::regex include(R"re(^\s*#include "([a-z_]+)/)re");
    for (const auto& file : sources()) {
        const auto rule = allowed_includes.find(file.folder);
        if (file.folder == "cli" || file.folder == "soak" || file.folder == "bench")
            continue;  // the top: may use everything
        ASSERT_NE(rule, allowed_includes.end()) << "folder " << file.folder << " has no rule here";
        for (const auto& line : file.lines) {
            std::smatch match;
            if (!std::regex_search(line, match, include) || match[1] == file.folder) continue;
            EXPECT_TRUE(rule->second.contains(match[1])) << file.path << ": " << line;
        }
    }
}

TEST(Architecture, TorchIsIncludedByTheTrainerAlone) {
    const std::regex torch(R"re(^\s*#include <(torch|ATen|c10)/)re");
    for (const auto& file : sources())
        for (const auto& line : file.lines)
            EXPECT_TRUE(file.folder == "trainer" || !std::regex_search(line, torch)) << file.path << ": " << line;
}

TEST(Architecture, TimeChanceAndThreadsComeFromRuntime) {
    const std::regex forbidden(R"re(steady_timer|system_timer|clock::now|random_device|std::thread|std::jthread)re");
    for (const auto& file : sources()) {
        // The trainer is a program of its own, outside every simulation; bench measures with the real clock.
        if (file.folder == "runtime" || file.folder == "trainer" || file.folder == "bench") continue;
        for (const auto& line : file.lines)
            EXPECT_FALSE(std::regex_search(line, forbidden)) << file.path << ": " << line;
    }
}

TEST(Architecture, NoDetachedCoroutines) {
    for (const auto& file : sources())
        for (const auto& line : file.lines)
            EXPECT_EQ(line.find("asio::detached"), std::string::npos) << file.path << ": " << line;
}

TEST(Architecture, FilesAreOneThing) {
    constexpr std::size_t lines_max = 450;
    for (const auto& file : sources()) EXPECT_LE(file.lines.size(), lines_max) << file.path << " is perhaps two things";
}

}  // namespace
