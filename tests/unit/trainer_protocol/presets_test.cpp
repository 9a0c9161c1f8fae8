// The table of presets, and what is computed from it.
#include "trainer_protocol/presets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace emeth::trainer_protocol {
namespace {

using ::testing::HasSubstr;

/// JOBs have been trained with these: whoever changes one breaks what others deliver. Counted once with libtorch.
TEST(Presets, NeverChangeTheirSize) {
    const std::map<std::string, std::uint64_t> weights{{"nano", 169'728},          {"d256", 4'240'896},
                                                       {"d512", 29'545'472},       {"gpt2", 123'886'080},
                                                       {"gpt2-1024", 124'475'904}, {"gpt2-medium", 354'871'296}};
    for (const auto& [name, count] : weights) {
        const Result<Preset> preset = find_preset(name);
        ASSERT_TRUE(preset) << name;
        EXPECT_EQ(preset->weight_count(), count) << name;
        EXPECT_EQ(preset->state_bytes(), 56 + 12 * count) << name;
    }
}

/// By hand, of nano: matrices 2 · 12 · 64² + 1,024 · 64 = 163,840 weights, and attention 12 · 2 · 64 · 64.
TEST(Presets, CountSixOperationsAMatrixWeightAndTheAttention) {
    EXPECT_EQ(find_preset("nano")->flops_per_token(), 6.0 * 163'840 + 98'304);
}

TEST(Presets, AreUsable) {
    std::set<std::string_view> names;
    for (const Preset& preset : presets()) {
        EXPECT_TRUE(is_preset_name(preset.name)) << preset.name;
        EXPECT_TRUE(names.insert(preset.name).second) << preset.name << " is in the table twice";
        EXPECT_EQ(preset.head_width() * preset.heads, preset.width) << preset.name;
        EXPECT_GT(preset.sequences_per_step, 0) << preset.name;
        EXPECT_GT(preset.validation_windows_max, 0U) << preset.name;
    }
}

TEST(Presets, AnUnknownOneIsAnErrorThatListsThem) {
    const Result<Preset> preset = find_preset("gpt9");
    ASSERT_FALSE(preset);
    EXPECT_EQ(preset.error().kind, ErrorKind::permanent);
    EXPECT_THAT(preset.error().message,
                HasSubstr("unknown model 'gpt9'; the presets are nano, d256, d512, gpt2, gpt2-1024, gpt2-medium"));
}

TEST(PresetNames, AreLowerCaseLettersDigitsAndDashes) {
    EXPECT_TRUE(is_preset_name("gpt2-medium"));
    for (const char* text : {"", "GPT2", "../x", "a b", "a\n", "gpt_2"}) EXPECT_FALSE(is_preset_name(text)) << text;
}

}  // namespace
}  // namespace emeth::trainer_protocol
