// Settings read again: what changed, what takes effect, and what is said of it.
#include "runtime/reload.hpp"

#include <gmock/gmock.h>

namespace emeth::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Limits {
    int threads = 1;
};
struct Settings {
    Limits limits;
    int port = 0;
    std::string level = "info";
};

const ReloadTable<Settings> at_once{{"threads", copy_setting<Settings, &Settings::limits, &Limits::threads>},
                                    {"level", copy_setting<Settings, &Settings::level>}};

SettingTexts texts(const std::string& text) {
    const std::vector<SettingDeclaration> settings{{"level", "info", ""}, {"port", "0", ""}, {"secret", "", ""}};
    return setting_texts(EnvConfig::parse(text, "some.env").value(), settings, {"secret"});
}

TEST(Reload, FindsWhatChangedAlsoAgainstADefault) {
    EXPECT_THAT(changes(texts("port=9\n"), texts("port=9\n")), IsEmpty());
    EXPECT_THAT(changes(texts("port=9\n"), texts("level=warn\n")),
                ElementsAre(Field(&SettingsChange::key, "level"), Field(&SettingsChange::key, "port")));
    EXPECT_THAT(changes(texts("level=info\n"), texts("")), IsEmpty()) << "it was the default";
}

TEST(Reload, ASecretHasNoText) {
    EXPECT_FALSE(texts("secret=0x12\n").contains("secret"));
}

TEST(Reload, SaysWhatWaitsForTheNextStart) {
    EXPECT_THAT(change_sentence({"max_fee", "9", "8"}, true), HasSubstr("max_fee is now '8' (was '9')"));
    EXPECT_THAT(change_sentence({"worker_port", "5000", "5001"}, false), HasSubstr("next start"));
}

TEST(Reload, TakesOverWhatIsInTheTableAndNothingElse) {
    Settings running;
    take_over(at_once, running, Settings{{4}, 80, "debug"});
    EXPECT_EQ(running.limits.threads, 4);
    EXPECT_EQ(running.level, "debug");
    EXPECT_EQ(running.port, 0);
    EXPECT_THAT(keys_of(at_once), ElementsAre("level", "threads"));
}

TEST(Reload, WhatWaitsIsToldAgainAtTheNextReload) {
    SettingTexts running = texts("");
    tell_changes(running, texts("level=warn\nport=80\n"), keys_of(at_once));
    EXPECT_EQ(running.at("level"), "warn");
    EXPECT_EQ(running.at("port"), "0") << "it is not in force";
}

}  // namespace
}  // namespace emeth::test
