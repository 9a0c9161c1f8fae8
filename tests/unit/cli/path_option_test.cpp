#include "cli/path_option.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.hpp"

namespace emeth::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct ParsedPath {
    std::string path = ".emeth/node";
    std::string help;

    explicit ParsedPath(const std::string& arguments) {
        CLI::App app;
        add_path(app, "--data", path, "where it is", "DIR");
        help = app.help();
        app.parse(arguments);
    }
};

/// `emeth devnet --data ./net` never verified a JOB: the trainer, which runs in a folder of its own, got a relative
/// path.
TEST(PathOption, IsAbsoluteFromTheCommandLineOn) {
    EXPECT_EQ(ParsedPath("--data ./net").path, (fs::current_path() / "net").string());
    EXPECT_EQ(ParsedPath("--data ../net/.").path, (fs::current_path().parent_path() / "net" / "").string());
    EXPECT_EQ(ParsedPath("--data /var/lib/emeth").path, "/var/lib/emeth");
    EXPECT_EQ(ParsedPath("").path, (fs::current_path() / ".emeth/node").string()) << "the default, too";
}

TEST(PathOption, ShowsItsDefaultAsItIsWritten) {
    EXPECT_THAT(ParsedPath("").help, HasSubstr(".emeth/node"));
    EXPECT_THAT(ParsedPath("").help, Not(HasSubstr(fs::current_path().string())));
}

/// Every option of every command that names a folder or file is one of these, or is read before anything runs.
TEST(PathOption, IsWhatAllCommandsUse) {
    CLI::App app;
    Invocation invocation;
    for (const Register add :
         {register_devnet, register_demo, register_master, register_worker, register_info_server, register_storage_api,
          register_verifier, register_requester, register_request, register_joblist, register_status, register_decline,
          register_withdraw, register_wallet, register_generate, register_state})
        add(app, invocation);
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
        for (CLI::Option* option : command->get_options([](CLI::Option*) { return true; })) {
            const std::string& type = option->get_type_name();
            if ((type.rfind("DIR", 0) != 0 && type.rfind("FILE", 0) != 0) || option->check_lname("config") ||
                option->check_lname("anvil"))
                continue;
            option->clear();
            option->add_result("relative");
            option->run_callback();
            EXPECT_EQ(option->as<std::string>(), (fs::current_path() / "relative").string())
                << command->get_name() << " " << option->get_name();
        }
}

}  // namespace
}  // namespace emeth::cli
