// What `emeth request` refuses without asking anybody. No network is reached: the settings name none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Ended {
    int exit_code = -1;
    std::string errors;
};

Ended request(const std::string& arguments) {
    CLI::App app;
    Invocation invocation;
    register_request(app, invocation);
    app.parse("request " + arguments);
    ::testing::internal::CaptureStderr();
    const int exit_code = invocation.run();
    return {exit_code, ::testing::internal::GetCapturedStderr()};
}

class RequestCommand : public ::testing::Test {
protected:
    [[nodiscard]] std::string file(std::size_t bytes) const {
        test::write_text(folder_ / "text", std::string(bytes, 'a'));
        return (folder_ / "text").string();
    }

    test::TemporaryFolder folder_;
    std::string data_ = " --data " + (folder_ / "data").string();
};

TEST_F(RequestCommand, RefusesADatasetThatNobodyTakes) {
    for (const std::size_t bytes : {0U, 4'095U}) {
        const Ended ended = request(file(bytes) + data_);
        EXPECT_EQ(ended.exit_code, exit_usage);
        EXPECT_THAT(ended.errors, AllOf(HasSubstr(std::to_string(bytes) + " bytes"), HasSubstr("4096")));
    }
    const Ended absent = request("--dataset " + (folder_ / "absent").string() + data_);
    EXPECT_EQ(absent.exit_code, exit_usage);
    EXPECT_THAT(absent.errors, HasSubstr("absent"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "data")) << "no key was made";
}

TEST_F(RequestCommand, RefusesAnUnknownModel) {
    const Ended ended = request(file(5'000) + " --model gpt9" + data_);
    EXPECT_EQ(ended.exit_code, exit_usage);
    EXPECT_THAT(ended.errors, AllOf(HasSubstr("--model"), HasSubstr("gpt9"), HasSubstr("nano")));
}

}  // namespace
}  // namespace emeth::cli
