#include "runtime/redaction.hpp"

#include <gtest/gtest.h>

#include "runtime/setting.hpp"

namespace emeth {
namespace {

const std::string key = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
const std::string digits = key.substr(2);

TEST(Redaction, ShowsWhatIsNoSecret) {
    for (const std::string text : {"two", "", "10000000000000000000", "gopher://h:70/", "cuda:0,cpu", "/a/path",
                                   "0xF55e6FB0948B37a197DA974E0A84727022F2D048"})
        EXPECT_EQ(redacted(text), text);
}

TEST(Redaction, LeavesOutAPrivateKeyWhereverItStands) {
    EXPECT_EQ(redacted(key), "0x(64 digits, not shown)");
    for (const std::string& text : {digits, "http://" + digits + ".com/x", "a," + key + ",b", digits.substr(3),
                                    digits + digits, "https://node/v3/" + digits, "privateKey=" + key})
        EXPECT_EQ(redacted(text).find(digits.substr(10, 30)), std::string::npos) << redacted(text);
}

TEST(Redaction, LeavesOutNameAndPasswordOfAUrl) {
    EXPECT_EQ(redacted("https://alice:sesame@host:1/x"), "https://…@host:1/…");
    for (const std::string text : {"alice:sesame@host", "https://alice:se/sa@me@host", "ftp://sesame@h", "://x:sesame@",
                                   "https://sesame:@h http://sesame@h"}) {
        EXPECT_EQ(redacted(text).find("alice"), std::string::npos) << redacted(text);
        EXPECT_EQ(redacted(text).find("sesame"), std::string::npos) << redacted(text);
    }
}

TEST(Redaction, LeavesOutThePathOfAUrl) {
    EXPECT_EQ(redacted("https://host:1/v3/sesame"), "https://host:1/…");
    EXPECT_EQ(redacted("https://host"), "https://host");
    EXPECT_EQ(redacted("'https://host/sesame', \"wss://h/ws/sesame\" and http://h/ are"),
              "'https://host/…', \"wss://h/…\" and http://h/ are");
}

TEST(Redaction, LeavesOutAQuery) {
    EXPECT_EQ(redacted("https://host/x?token=sesame"), "https://host/…");
    EXPECT_EQ(redacted("https://host?token=sesame"), "https://host…");
    EXPECT_EQ(redacted("https://host/x?sig=a@b&token=sesame"), "https://…");
}

TEST(Redaction, IsFitForATerminalAndShort) {
    EXPECT_EQ(redacted("a\x1b[2J\n"), "a\\x1b[2J\\x0a");
    EXPECT_LE(redacted(std::string(10'000, 'z')).size(), 200U);
}

TEST(Redaction, HoldsForEverySettingThatIsRefused) {
    const EnvConfig config = EnvConfig::parse("a=" + key + "\nb=https://alice:sesame@host\n", "master.env").value();
    const SettingDeclaration a{"a", "", ""}, b{"b", "", ""};
    EXPECT_EQ(SettingValue(config, a).whole_number(1, 9).error().message,
              "master.env:1: a is '0x(64 digits, not shown)'; expected a whole number from 1 to 9");
    EXPECT_EQ(SettingValue(config, b).one_of({"x"}).error().message, "master.env:2: b is 'https://…@host'; expected x");
    const EnvConfig unknown = EnvConfig::parse("e" + digits + "=1\n", "master.env").value();
    EXPECT_EQ(unknown.check_known({"a"}).error().message.find(digits), std::string::npos);
}

TEST(Redaction, ASecretThatOthersCanSeeIsRefused) {
    EnvConfig config = EnvConfig::parse("a=x\n", "master.env").value();
    const SettingDeclaration a{"a", "", ""};
    EXPECT_TRUE(SettingValue(config, a).check_secret("a_file").has_value()) << "nobody says who can read it";
    config.set_flag("a", "sesame");
    const std::string message = SettingValue(config, a).check_secret("a_file").error().message;
    EXPECT_EQ(message, "--a holds a password, and every user of this machine can read the command line; use a_file");
}

}  // namespace
}  // namespace emeth
