// The rules of the tree that the compiler does not enforce: who may include whom, and who may ask the system for time,
// randomness and threads.
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
    std::string room;    ///< "node/market"; a file at the top of a folder is in the room of the folder's name
    std::string name;    ///< as others include it: "node/market/selection.hpp"
    fs::path path;
    std::vector<std::string> lines;
};

/// "node/market" of "node/market/selection.hpp".
std::string room_of(const std::string& name) {
    return name.substr(0, name.find_last_of('/'));
}

void read_folder(const fs::path& folder, std::vector<SourceFile>& files) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
        const std::string name = entry.path().lexically_relative(folder.parent_path()).generic_string();
        SourceFile file{folder.filename().string(), room_of(name), name, entry.path(), {}};
        std::ifstream stream(entry.path());
        for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
        files.push_back(std::move(file));
    }
}

std::vector<SourceFile> sources() {
    std::vector<SourceFile> files;
    read_folder(source_root() / "statemachine", files);
    read_folder(source_root() / "storage", files);
    for (const auto& entry : fs::directory_iterator(source_root() / "src"))
        if (entry.is_directory()) read_folder(entry.path(), files);
    return files;
}

/// Files of ours that `file` includes: "node/market/selection.hpp".
std::vector<std::string> included_by(const SourceFile& file) {
    static const std::regex include(R"re(^\s*#include "([a-z_/0-9.]+)")re");
    std::vector<std::string> names;
    for (const auto& line : file.lines)
        if (std::smatch match; std::regex_search(line, match, include)) names.push_back(match[1]);
    return names;
}

/// Rooms whose files may be included, and single files of rooms that are closed otherwise.
using Rule = std::set<std::string>;

Rule operator+(Rule rule, const Rule& more) {
    rule.insert(more.begin(), more.end());
    return rule;
}

const Rule below_node{"statemachine", "storage", "runtime",    "crypto",           "chain",          "chain/encoding",
                      "chain/sender", "http",    "api_client", "trainer_protocol", "worker_protocol"};
const Rule below_network{"statemachine", "storage",      "runtime", "crypto",     "chain",           "chain/encoding",
                         "chain/rpc",    "chain/sender", "http",    "api_client", "trainer_protocol"};
const Rule below_trainer{"statemachine", "runtime", "crypto", "http", "trainer_protocol"};

/// What each room may include of ours, besides itself. A new room needs a line here.
const std::map<std::string, Rule> rules{
    {"statemachine", {}},
    {"runtime", {"statemachine"}},
    {"storage", {"statemachine", "runtime"}},
    {"crypto", {"statemachine", "runtime"}},
    {"http", {"statemachine", "runtime", "crypto"}},
    {"api_client", {"statemachine", "runtime", "crypto", "http"}},
    {"web", {"statemachine", "runtime", "http"}},

    // What a chain is, what is written to it, how it is asked, how transactions of ours get into it.
    {"chain", {"statemachine", "runtime"}},
    {"chain/encoding", {"statemachine", "runtime", "crypto", "chain"}},
    {"chain/rpc", {"statemachine", "runtime", "crypto", "http", "chain", "chain/encoding"}},
    {"chain/sender", {"statemachine", "storage", "runtime", "crypto", "chain", "chain/encoding"}},

    {"trainer_protocol", {"statemachine", "runtime", "crypto"}},
    {"worker_protocol", {"statemachine", "runtime", "crypto", "trainer_protocol"}},
    {"worker", {"statemachine", "runtime", "crypto", "http", "trainer_protocol", "worker_protocol"}},

    {"trainer/data", below_trainer + Rule{"trainer/reporter.hpp"}},
    {"trainer/formats", below_trainer + Rule{"trainer/data"}},
    {"trainer/model", below_trainer + Rule{"trainer/data", "trainer/formats"}},
    {"trainer/checkpoints",
     below_trainer + Rule{"trainer/data", "trainer/formats", "trainer/model", "trainer/reporter.hpp"}},
    {"trainer/artifact", below_trainer + Rule{"trainer/data", "trainer/formats", "trainer/model"}},
    {"trainer/team", below_trainer + Rule{"trainer/formats", "trainer/model"}},
    {"trainer/verification",
     below_trainer + Rule{"trainer/data", "trainer/formats", "trainer/model", "trainer/checkpoints", "trainer/artifact",
                          "trainer/reporter.hpp", "trainer/training_loop.hpp"}},
    {"trainer", below_trainer + Rule{"trainer/data", "trainer/formats", "trainer/model", "trainer/checkpoints",
                                     "trainer/artifact", "trainer/team", "trainer/verification"}},

    {"node/workers", below_node + Rule{"node/data_folder.hpp"}},
    {"node/market", below_node + Rule{"node/workers"}},
    {"node/money", below_node},
    {"node/pipeline", below_node + Rule{"node/workers", "node/market"}},
    // The wiring: it knows all rooms but the one that gives orders to it.
    {"node/core", below_node + Rule{"chain/rpc", "node/workers", "node/market", "node/money", "node/pipeline",
                                    "node/data_folder.hpp"}},
    {"node/snapshot", below_node + Rule{"node/core", "node/market", "node/money", "node/pipeline", "node/workers"}},
    {"node/admin",
     below_node + Rule{"node/core", "node/market", "node/money", "node/snapshot", "node/data_folder.hpp"}},
    // A view over the operator's commands: it knows no other room of the node.
    {"node/dashboard", {"statemachine", "storage", "runtime", "crypto", "http", "web"}},
    {"node/metrics", below_node + Rule{"chain/rpc", "node/money", "node/snapshot"}},
    {"node/doctor", below_node + Rule{"chain/rpc", "node/core", "node/market", "node/admin/admin_socket.hpp",
                                      "node/workers/local_workers.hpp", "node/data_folder.hpp"}},
    {"node", below_node + Rule{"node/workers", "node/market", "node/money", "node/pipeline", "node/core",
                               "node/snapshot", "node/admin", "node/dashboard", "node/metrics"}},

    // The root of network/: what its servers share.
    {"network", below_network + Rule{"web"}},
    {"network/storage_api", below_network + Rule{"network", "network/storage_api/s3"}},
    // A client of object stores: it knows neither JOBs nor the Storage API.
    {"network/storage_api/s3", {"statemachine", "runtime", "crypto", "http"}},
    {"network/info_server", below_network + Rule{"network"}},
    {"network/requester", below_network + Rule{"network"}},
    {"network/verifier", below_network + Rule{"network", "network/requester"}},
    {"network/devnet", below_network + Rule{"network", "contracts", "network/storage_api", "network/info_server",
                                            "network/requester", "network/verifier", "web"}},

    {"harness", {"statemachine", "storage", "runtime", "crypto", "chain", "chain/encoding", "http"}},
    // Part of the program, unlike the simulator beside it, of which it uses no more than the dice.
    {"simulation/policy", below_node + Rule{"node/workers", "node/market", "simulation/dice.hpp"}},
    // The node in a simulated world: it uses the node's rooms, but neither servers nor a real chain.
    {"simulation", below_node + Rule{"cli", "node/workers", "node/market", "node/money", "node/pipeline", "node/core"}},
};

/// The top: they may use everything.
const std::set<std::string> top_folders{"cli", "soak", "bench"};

bool allows(const Rule& rule, const std::string& included) {
    return rule.contains(room_of(included)) || rule.contains(included);
}

TEST(Architecture, DependenciesPointDownwardsOnly) {
    for (const auto& file : sources()) {
        if (top_folders.contains(file.folder)) continue;
        const auto rule = rules.find(file.room);
        ASSERT_NE(rule, rules.end()) << "the room " << file.room << " has no rule here";
        for (const auto& included : included_by(file))
            EXPECT_TRUE(room_of(included) == file.room || allows(rule->second, included))
                << file.path << " includes " << included;
    }
}

TEST(Architecture, EveryRuleIsOfARoom) {
    std::set<std::string> rooms;
    for (const auto& file : sources()) rooms.insert(file.room);
    for (const auto& [room, rule] : rules) EXPECT_TRUE(rooms.contains(room)) << room << " is no room any more";
}

TEST(Architecture, TheMasterIsStartedFromTheCommandLineAlone) {
    for (const auto& file : sources())
        for (const auto& included : included_by(file))
            EXPECT_TRUE(included != "node/master.hpp" || file.folder == "cli" || file.name == "node/master.cpp")
                << file.path << " includes " << included;
}

/// Datasets and tokens are prepared, and files and messages read, without torch.
TEST(Architecture, TorchIsIncludedByTheTrainerAlone) {
    const std::regex torch(R"re(^\s*#include <(torch|ATen|c10)/)re");
    for (const auto& file : sources()) {
        if (file.folder == "trainer" && file.room != "trainer/data" && file.room != "trainer/formats") continue;
        for (const auto& line : file.lines) EXPECT_FALSE(std::regex_search(line, torch)) << file.path << ": " << line;
    }
}

TEST(Architecture, TimeChanceAndThreadsComeFromRuntime) {
    const std::regex forbidden(R"re(steady_timer|system_timer|clock::now|random_device|std::thread|std::jthread)re");
    for (const auto& file : sources()) {
        // The trainer is a program of its own, outside every simulation; bench measures with the real clock; the
        // command that runs simulations gives each life a real thread.
        if (file.folder == "runtime" || file.folder == "trainer" || file.folder == "bench") continue;
        if (file.name == "simulation/sim_command.cpp") continue;
        for (const auto& line : file.lines)
            EXPECT_FALSE(std::regex_search(line, forbidden)) << file.path << ": " << line;
    }
}

TEST(Architecture, NoDetachedCoroutines) {
    for (const auto& file : sources())
        for (const auto& line : file.lines)
            EXPECT_EQ(line.find("asio::detached"), std::string::npos) << file.path << ": " << line;
}

TEST(Architecture, LinesOfTheLogNameJobsAndWorkersInTheirFields) {
    const std::regex in_the_text(R"re(spdlog::\w+\(\s*"([^"]*\bJOB \{\}|worker \{\}))re");
    for (const auto& file : sources()) {
        if (file.folder == "trainer") continue;  // its log is one JOB's
        std::string text;
        for (const auto& line : file.lines) text += line + "\n";
        std::smatch found;
        EXPECT_FALSE(std::regex_search(text, found, in_the_text)) << file.path << ": " << found.str();
    }
}

TEST(Architecture, FilesAreOneThing) {
    constexpr std::size_t lines_max = 450;
    for (const auto& file : sources()) EXPECT_LE(file.lines.size(), lines_max) << file.path << " is perhaps two things";
}

}  // namespace
