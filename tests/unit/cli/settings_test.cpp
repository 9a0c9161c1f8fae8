// What each program declares as its settings, and what the example files under config/ say of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "cli/master_settings.hpp"
#include "cli/network_settings.hpp"
#include "cli/program.hpp"
#include "cli/storage_settings.hpp"
#include "cli/verifier_settings.hpp"
#include "network/requester/mix_settings.hpp"
#include "runtime/ip_block.hpp"
#include "support/temporary_folder.hpp"
#include "worker/settings.hpp"

namespace emeth::test {
namespace {

using ::testing::HasSubstr;

/// A setting as an example file shows it.
struct Shown {
    std::string text;
    std::string comment;  ///< the lines above it, in one
    bool is_set = false;  ///< not commented out
};

/// "key=value" or "# key=value"; a key has no blank in it.
std::optional<std::pair<std::string, Shown>> shown_in(const std::string& line) {
    Shown shown;
    shown.is_set = !line.starts_with("# ");
    const std::string text = shown.is_set ? line : line.substr(2);
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    for (const char c : text.substr(0, equals))
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return std::nullopt;
    shown.text = text.substr(equals + 1);
    return std::pair{text.substr(0, equals), shown};
}

std::map<std::string, Shown> example(const std::string& name) {
    std::ifstream file(std::filesystem::path(std::getenv("EMETH_SOURCE_DIR")) / "config" / name);
    EXPECT_TRUE(file.is_open()) << name;
    std::map<std::string, Shown> settings;
    std::string comment;
    for (std::string line; std::getline(file, line);) {
        if (auto found = shown_in(line)) {
            found->second.comment = comment;
            EXPECT_TRUE(settings.insert(*found).second) << name << " shows " << found->first << " twice";
            comment.clear();
        } else if (line.starts_with("# ")) {
            comment += (comment.empty() ? "" : " ") + line.substr(2);
        } else {
            comment.clear();
        }
    }
    return settings;
}

/// How the file should show it.
std::string expected_lines(const SettingDeclaration& setting) {
    std::string lines, line = "#";
    for (std::size_t begin = 0; begin < setting.help.size();) {
        const auto end = std::min(setting.help.find(' ', begin), setting.help.size());
        if (line.size() + 1 + end - begin > 120) {
            lines += line + "\n";
            line = "#";
        }
        line += " " + setting.help.substr(begin, end - begin);
        begin = end + 1;
    }
    return lines + line + "\n# " + setting.key + "=" + setting.default_text + "\n";
}

struct Role {
    std::string file;
    std::vector<SettingDeclaration> all;   ///< what the program knows
    std::vector<SettingDeclaration> show;  ///< what its example file shows
};

std::vector<Role> roles() {
    return {{"master.env", cli::master_settings(), node::node_settings()},
            {"worker.env", worker::worker_settings(), worker::worker_settings()},
            {"verifier.env", cli::verifier_settings(), cli::verifier_settings()},
            {"requester.env", declared(cli::actor_settings(), network::mix_settings()),
             declared(cli::actor_settings(), network::mix_settings())},
            {"server.env", declared(cli::storage_table()), declared(cli::storage_table())}};
}

TEST(ExampleFiles, ShowEveryDeclaredSettingWithItsHelpAndItsDefault) {
    for (const auto& role : roles()) {
        const auto shown = example(role.file);
        for (const auto& setting : role.show) {
            const auto found = shown.find(setting.key);
            if (found == shown.end()) {
                ADD_FAILURE() << "config/" << role.file << " lacks\n" << expected_lines(setting);
                continue;
            }
            EXPECT_EQ(found->second.comment, setting.help) << role.file << ": " << setting.key << "; expected\n"
                                                           << expected_lines(setting);
            if (!setting.default_text.empty()) {
                EXPECT_EQ(found->second.text, setting.default_text) << role.file << ": " << setting.key;
            }
        }
    }
}

TEST(ExampleFiles, ShowNothingThatIsNotDeclared) {
    for (const auto& role : roles()) {
        const auto keys = keys_of(role.all);
        for (const auto& [key, shown] : example(role.file)) EXPECT_TRUE(keys.contains(key)) << role.file << ": " << key;
    }
}

TEST(ExampleFiles, AreReadAsTheyAre) {
    const auto load = [](const std::string& name) {
        return EnvConfig::load(std::filesystem::path(std::getenv("EMETH_SOURCE_DIR")) / "config" / name).value();
    };
    const auto master = cli::read_master_settings(load("master.env"));
    ASSERT_TRUE(master.has_value()) << master.error().message;
    const auto worker = worker::read_settings(load("worker.env"), "/data");
    ASSERT_TRUE(worker.has_value()) << worker.error().message;
    cli::ActorSettings actor;
    EXPECT_TRUE(read_settings(load("verifier.env"), cli::actor_table(), actor).has_value());
    cli::VerifierSettings verifier;
    EXPECT_TRUE(read_settings(load("verifier.env"), cli::verifier_table(), verifier).has_value());
    EXPECT_TRUE(read_settings(load("requester.env"), cli::actor_table(), actor).has_value());
    cli::ServerSettings server;
    EXPECT_TRUE(read_settings(load("server.env"), cli::server_table(), server).has_value());
    cli::StorageSettings storage;
    EXPECT_TRUE(read_settings(load("server.env"), cli::storage_table(), storage).has_value());
}

TEST(Settings, WhatAVerifierReloadsIsASetting) {
    const auto all = keys_of(cli::verifier_settings());
    for (const std::string& key : keys_of(cli::verifier_reloads())) EXPECT_TRUE(all.contains(key)) << key;
}

/// The same in each, and read by each.
TEST(Settings, EveryServerIsToldOfTheProxiesBeforeIt) {
    const std::string key = "trusted_proxies";
    for (const auto& declarations : {cli::master_settings(), declared(cli::server_table()), cli::verifier_settings()})
        EXPECT_TRUE(keys_of(declarations).contains(key));
    const auto values = EnvConfig::parse("trusted_proxies=127.0.0.1, 10.0.0.0/8\n", "net.env").value();
    cli::ServerSettings server;
    ASSERT_TRUE(
        read_settings(values, http::listener_settings(), static_cast<http::ListenerSettings&>(server)).has_value());
    ASSERT_EQ(server.trusted_proxies.size(), 2U);
    EXPECT_TRUE(holds(server.trusted_proxies, *parse_ip("10.1.2.3")));
    const auto wrong = EnvConfig::parse("trusted_proxies=localhost\n", "net.env").value();
    const auto refused = read_settings(wrong, http::listener_settings(), static_cast<http::ListenerSettings&>(server));
    ASSERT_TRUE(refused.has_error());
    EXPECT_THAT(refused.error().message, HasSubstr("net.env:1: trusted_proxies is 'localhost'"));
}

TEST(Settings, EveryOneHasAWholeSentenceOfHelp) {
    for (const auto& role : roles())
        for (const auto& setting : role.all) EXPECT_TRUE(setting.help.ends_with('.')) << setting.key;
}

TEST(MasterSettings, TakeAPublishedFileWithTheWorkersKeys) {
    const auto values = EnvConfig::parse(
                            "endpoint=http://127.0.0.1:8545\nbatchSize=3\ndevice=cuda:0\nmy_url=http://"
                            "10.0.0.5:6001\npowerCapacity=27300\ntimeout_learning=600000\n"
                            "model_cached_size=500\nmin_fee=1\nmax_fee=2\nprogram_ids=0,112\n"
                            "master_node_url=http://127.0.0.1:5000\nmaster_address=0x1\n",
                            "master.env")
                            .value();
    ASSERT_TRUE(values.check_known(keys_of(cli::master_settings())).has_value());
    const auto config = cli::read_master_settings(values).value();
    EXPECT_EQ(config.worker_port, 6001);
    EXPECT_EQ(config.worker_settings.at("device"), "cuda:0");
    EXPECT_EQ(config.worker_settings.at("timeout_learning"), "600000");
    EXPECT_EQ(config.selection.program_ids, (std::set<std::uint64_t>{0, 112}));
    EXPECT_FALSE(config.worker_settings.contains("privateKey"));
    EXPECT_FALSE(config.worker_settings.contains("master_node_url"));
}

TEST(MasterSettings, CheckWhatLocalWorkersAreTold) {
    const auto error_of = [](const std::string& line) {
        const EnvConfig config = EnvConfig::parse(line, "master.env").value();
        EXPECT_TRUE(cli::read_master_settings(config)) << "without local workers they are nobody's";
        return worker::read_training_settings(config).error().message;
    };
    EXPECT_EQ(error_of("threads=0\n"), "master.env:1: threads is '0'; expected a whole number from 1 to 1024");
    EXPECT_EQ(error_of("batchSize=5000\n"),
              "master.env:1: batchSize is '5000'; expected a whole number from 0 to 4096");
    EXPECT_EQ(error_of("device=gpu\n"), "master.env:1: device is 'gpu'; expected cpu, cuda, cuda:n or auto");
}

TEST(SharedSettings, WhatAnotherCommandKnowsIsIgnoredAndATypingErrorIsNot) {
    const TemporaryFolder folder;
    const auto load = [&folder](const std::string& text) {
        write_text(folder / "network.env", text);
        CLI::App command;
        cli::ConfigFlags requester;
        requester.add_to(command, cli::actor_settings());
        requester.file = folder / "network.env";
        return requester.load();
    };
    for (const auto& role : roles())
        for (const auto& setting : role.all) {
            const auto loaded = load(setting.key + "=1\n");
            EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
        }
    EXPECT_THAT(load("min_fees=1\n").error().message, testing::HasSubstr("network.env:1: min_fees is not a known"));
    EXPECT_THAT(load("min_fees=1\n").error().message, testing::HasSubstr("did you mean min_fee?"));
    EXPECT_TRUE(load("rewards_interval_ms=300000\n").has_value()) << "a setting of earlier versions";
}

}  // namespace
}  // namespace emeth::test
