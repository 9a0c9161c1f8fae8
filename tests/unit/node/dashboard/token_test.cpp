#include "node/dashboard/token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace emeth::node {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class DashboardToken : public ::testing::Test {
protected:
    void write(const std::string& text, fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) {
        std::ofstream(file) << text;
        fs::permissions(file, mode);
    }

    test::TemporaryFolder folder;
    fs::path file = folder / "dashboard.token";
};

TEST_F(DashboardToken, IsMadeOnceForItsOwnerAlone) {
    const std::string made = load_or_make_token(file, system_random()).value();
    EXPECT_THAT(made, MatchesRegex("[0-9a-f]+"));
    EXPECT_EQ(made.size(), 64u);
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(load_or_make_token(file, system_random()).value(), made);
    fs::remove(file);
    EXPECT_NE(load_or_make_token(file, system_random()).value(), made);
}

TEST_F(DashboardToken, OneThatIsCutIsRefusedAndNotRepeated) {
    write(std::string(63, 'd'));
    const auto token = load_or_make_token(file, system_random());
    ASSERT_TRUE(token.has_error());
    EXPECT_THAT(token.error().message, AllOf(HasSubstr("dashboard.token"), HasSubstr("remove"), Not(HasSubstr("ddd"))));
    EXPECT_TRUE(fs::exists(file)) << "it is the operator's to remove";
}

TEST_F(DashboardToken, OneThatOthersCanReadIsRefused) {
    write(std::string(64, 'd') + "\n", fs::perms::owner_read | fs::perms::group_read);
    EXPECT_TRUE(load_or_make_token(file, system_random()).has_error());
}

TEST_F(DashboardToken, OnlyTheWholeTokenIsTheToken) {
    const std::string token(64, 'a');
    EXPECT_TRUE(is_token(token, token));
    EXPECT_FALSE(is_token(token.substr(1), token));
    EXPECT_FALSE(is_token(token + "a", token));
    EXPECT_FALSE(is_token(std::string(63, 'a') + "b", token));
    EXPECT_FALSE(is_token("", token));
}

}  // namespace
}  // namespace emeth::node
