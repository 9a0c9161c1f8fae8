#include "runtime/setting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth {
namespace {

using testing::ElementsAre;

EnvConfig parsed(std::string_view text) {
    return EnvConfig::parse(text, "master.env").value();
}

SettingValue value(const EnvConfig& config, const std::string& key) {
    static SettingDeclaration declaration;
    declaration = {key, "", ""};
    return {config, declaration};
}

struct Part {
    std::uint32_t threads = 2;
    Milliseconds patience{5'000};
};
struct Base {
    std::string name = "nano";
};
struct Options : Base {
    Part part;
    std::vector<std::string> hosts;
};

SettingsTable<Options> table() {
    const SettingsTable<Base> base{text("name", &Base::name, "Its name.")};
    const SettingsTable<Part> part{whole_number("threads", &Part::threads, 1, 9, "Threads."),
                                   whole_number("patience_ms", &Part::patience, 1, 10'000, "Patience (ms).")};
    const SettingsTable<Options> own{text_list("hosts", &Options::hosts, "a,b", "Hosts.")};
    return joined<Options>(base, rows_of(&Options::part, part), own);
}

Result<Options> read(std::string_view text) {
    Options options;
    const EnvConfig config = parsed(text);
    if (auto done = read_settings(config, table(), options); done.has_error()) return done.error();
    return options;
}

TEST(Setting, WholeNumbersAreCheckedWithPlaceValueAndRange) {
    const EnvConfig config = parsed("a=7\nb=two\nc=1001\nd=-1\ne=18446744073709551616\nf=1.5");
    EXPECT_EQ(value(config, "a").whole_number(1, 1000).value(), 7u);
    EXPECT_EQ(SettingValue(config, {"absent", "5", ""}).whole_number(1, 1000).value(), 5u);
    EXPECT_EQ(value(config, "b").whole_number(1, 1000).error().message,
              "master.env:2: b is 'two'; expected a whole number from 1 to 1000");
    for (const char* key : {"c", "d", "e", "f"})
        EXPECT_TRUE(value(config, key).whole_number(1, 1000).has_error()) << key;
}

TEST(Setting, ListsAreTrimmed) {
    const EnvConfig config = parsed("hosts= 127.0.0.1 , ::1,, 10.0.0.0/8");
    EXPECT_THAT(value(config, "hosts").list(), ElementsAre("127.0.0.1", "::1", "10.0.0.0/8"));
    EXPECT_THAT(SettingValue(config, {"absent", "a,b", ""}).list(), ElementsAre("a", "b"));
    EXPECT_TRUE(value(config, "absent").list().empty());
}

TEST(Setting, AChoiceThatIsNoneIsRefusedByListingThem) {
    const EnvConfig config = parsed("a=x");
    EXPECT_EQ(value(config, "a").one_of({"x", "y"}).value(), "x");
    EXPECT_EQ(value(config, "a").one_of({"u", "v", "w"}).error().message, "master.env:1: a is 'x'; expected u, v or w");
}

TEST(Setting, ATableReadsItsPartsAndItsBase) {
    const auto options = read("threads=3\nname=gpt2\n").value();
    EXPECT_EQ(options.part.threads, 3u);
    EXPECT_EQ(options.name, "gpt2");
    EXPECT_EQ(options.part.patience, Milliseconds(5'000));
    EXPECT_THAT(options.hosts, ElementsAre("a", "b"));
    EXPECT_EQ(read("threads=0\npatience_ms=0").error().message,
              "master.env:1: threads is '0'; expected a whole number from 1 to 9");
}

TEST(Setting, WhatIsDeclaredShowsTheDefaults) {
    const auto declarations = declared(table(), table());
    ASSERT_EQ(declarations.size(), 4u) << "each key once";
    EXPECT_THAT(keys_of(declarations), ElementsAre("hosts", "name", "patience_ms", "threads"));
    EXPECT_EQ(declarations[1].key, "threads");
    EXPECT_EQ(declarations[1].default_text, "2");
    EXPECT_EQ(declarations[2].default_text, "5000");
    EXPECT_EQ(declarations[3].default_text, "a,b");
}

}  // namespace
}  // namespace emeth
