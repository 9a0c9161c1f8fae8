// Flags are seen by every user of the machine, and their errors go to logs: neither may hold a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/command.hpp"
#include "cli/program.hpp"

namespace emeth::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string key = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";

/// What the program prints where the flags are refused.
std::string refusal_of(std::vector<std::string> arguments) {
    CLI::App app;
    app.failure_message(refused_arguments);
    Invocation invocation;
    for (const auto add : {register_master, register_worker, register_wallet, register_verifier, register_requester,
                           register_request, register_joblist, register_status, register_generate, register_state})
        add(app, invocation);
    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        std::ostringstream out, err;
        EXPECT_NE(app.exit(error, out, err), 0);
        return out.str() + err.str();
    }
    return "taken";
}

TEST(ConfigFlagsTest, APrivateKeyIsRefusedWithoutRepeatingIt) {
    for (const char* command : {"master", "worker", "wallet", "verifier", "requester", "joblist", "status"})
        for (const auto& flags : std::vector<std::vector<std::string>>{{command, "--privateKey", key},
                                                                       {command, "--privateKey=" + key},
                                                                       {command, "--privateKey", "sesame"}}) {
            const std::string refusal = refusal_of(flags);
            EXPECT_THAT(refusal, HasSubstr("--privateKey: not taken from the command line")) << command;
            EXPECT_THAT(refusal, HasSubstr("--privateKey_file")) << command;
            EXPECT_THAT(refusal, Not(HasSubstr(key.substr(2)))) << command;
            EXPECT_THAT(refusal, Not(HasSubstr("sesame"))) << command;
        }
}

TEST(ConfigFlagsTest, SecretsBehindUnknownFlagsAreNotRepeated) {
    for (const auto& flags : std::vector<std::vector<std::string>>{{"master", "--private-key", key},
                                                                   {"wallet", key},
                                                                   {"generate", "--key", key},
                                                                   {"state", key},
                                                                   {"master", "--local-workers", key},
                                                                   {key}}) {
        const std::string refusal = refusal_of(flags);
        EXPECT_NE(refusal, "taken");
        EXPECT_THAT(refusal, Not(HasSubstr(key.substr(2)))) << flags.front();
    }
    EXPECT_THAT(refusal_of({"master", "--endpont", "https://alice:sesame@host"}), Not(HasSubstr("sesame")));
    EXPECT_THAT(refusal_of({"master", "--endpont", "https://host"}), HasSubstr("--endpont")) << "what is wrong is said";
}

TEST(ConfigFlagsTest, TheHelpShowsNoFlagForASecret) {
    CLI::App app;
    Invocation invocation;
    register_wallet(app, invocation);
    EXPECT_THAT(app.get_subcommand("wallet")->help(), Not(HasSubstr("--privateKey VALUE")));
}

}  // namespace
}  // namespace emeth::cli
