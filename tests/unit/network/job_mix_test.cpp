// What a requester's mix draws, its settings, and the texts that it cuts.
#include "network/requester/job_mix.hpp"

#include <gmock/gmock.h>

#include <map>

#include "chain/amount.hpp"
#include "network/requester/mix_settings.hpp"
#include "network/requester/texts.hpp"
#include "runtime/utf8.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

/// A linear congruential sequence: the same in every run.
class SequenceRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        for (std::uint8_t& byte : out) {
            state_ = state_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
            byte = static_cast<std::uint8_t>(state_ >> 56U);
        }
    }

private:
    std::uint64_t state_ = 1;
};

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

TEST(JobMix, DrawsWithinItsBoundsAndByItsWeights) {
    JobMix mix;
    mix.languages = {{"en", 3}, {"ja", 1}};
    mix.models = {{"nano", 1}, {"d256", 1}};
    mix.dataset_bytes = {5'000, 6'000};
    mix.emt_per_gas = {coins("2"), coins("4")};
    mix.deadline_s = {3'600, 7'200};
    SequenceRandom random;
    std::map<std::string, int> languages, params;
    for (int i = 0; i < 1'000; ++i) {
        const JobDraft draft = draw(mix, random);
        EXPECT_EQ(draft.trap, Trap::none);
        EXPECT_EQ(draft.program_id, 0U);
        EXPECT_TRUE(draft.dataset_bytes >= 5'000 && draft.dataset_bytes <= 6'000) << draft.dataset_bytes;
        EXPECT_TRUE(draft.gas_price >= coins("2") && draft.gas_price <= coins("4"));
        EXPECT_TRUE(draft.deadline_in_s >= 3'600 && draft.deadline_in_s <= 7'200);
        ++languages[draft.language];
        ++params[draft.param];
    }
    EXPECT_NEAR(languages["ja"], 250, 60);
    EXPECT_EQ(languages["en"] + languages["ja"], 1'000);
    EXPECT_THAT(params, UnorderedElementsAre(Key(R"({"language":"en","epoch":2,"model":"nano"})"),
                                             Key(R"({"language":"en","epoch":2,"model":"d256"})"),
                                             Key(R"({"language":"ja","epoch":2,"model":"nano"})"),
                                             Key(R"({"language":"ja","epoch":2,"model":"d256"})")));
}

TEST(JobMix, EachTrapIsWrongInItsWay) {
    JobMix mix;
    mix.trap_percent = 100;
    SequenceRandom random;
    for (const std::string_view name : trap_names()) {
        const Trap trap = find_trap(name).value();
        EXPECT_EQ(trap_name(trap), name);
        mix.traps = {trap};
        const JobDraft draft = draw(mix, random);
        EXPECT_EQ(draft.trap, trap);
        EXPECT_EQ(draft.program_id != 0, trap == Trap::unknown_program) << name;
        EXPECT_EQ(draft.dataset_bytes < 4'096, trap == Trap::tiny_dataset) << name;
        EXPECT_EQ(draft.deadline_in_s <= 60, trap == Trap::short_deadline) << name;
        EXPECT_EQ(draft.param.back() != '}', trap == Trap::broken_param) << name;
    }
    EXPECT_EQ(find_trap("none"), std::nullopt);
}

TEST(JobMix, ItsFeeIsNeverBelowTheVerifiersPart) {
    JobMix mix;
    mix.fee_min = coins("20");
    JobDraft draft;
    draft.gas_price = coins("2");
    EXPECT_EQ(fee_of(draft, mix, 5, coins("10")), coins("20"));
    EXPECT_EQ(fee_of(draft, mix, 100, coins("10")), coins("200"));
    EXPECT_EQ(fee_of(draft, mix, 5, coins("30")), coins("30"));
    draft.trap = Trap::low_fee;
    EXPECT_EQ(fee_of(draft, mix, 100, coins("10")), coins("10"));
}

std::string error_of(const std::string& line) {
    const std::string budget = line.starts_with("mix_budget") ? "" : "mix_budget=10\n";
    const EnvConfig config = EnvConfig::parse("mix_texts=t\n" + budget + line, "requester.env").value();
    MixedRequestsOptions options;
    const auto read = read_settings(config, mix_settings(), options);
    return read.has_error() ? read.error().message : "";
}

TEST(MixSettings, AreReadAndRefusedWithTheirKeys) {
    const EnvConfig config = EnvConfig::parse(
                                 "mix_texts=t\nmix_budget=12.5\nmix_languages=en:3,ja\nmix_dataset_bytes=5000 - "
                                 "6000\nmix_emt_per_gas=2-4\nmix_traps=low_fee\nmix_epochs=3\n",
                                 "requester.env")
                                 .value();
    MixedRequestsOptions options;
    ASSERT_EQ(error_of(""), "");
    ASSERT_TRUE(read_settings(config, mix_settings(), options).has_value());
    EXPECT_EQ(options.budget, coins("12.5"));
    EXPECT_EQ(options.mix.languages, (std::vector<Choice>{{"en", 3}, {"ja", 1}}));
    EXPECT_EQ(options.mix.dataset_bytes, (Span<std::uint64_t>{5'000, 6'000}));
    EXPECT_EQ(options.mix.emt_per_gas, (Span<Wei>{coins("2"), coins("4")}));
    EXPECT_EQ(options.mix.epochs, (Span<std::uint64_t>{3, 3}));
    EXPECT_EQ(options.mix.traps, std::vector<Trap>{Trap::low_fee});
    EXPECT_EQ(options.mix.fee_min, coins("20"));
    for (const char* wrong :
         {"mix_budget=all", "mix_languages=de", "mix_languages=en:0", "mix_models=huge", "mix_dataset_bytes=100",
          "mix_dataset_bytes=9000-5000", "mix_emt_per_gas=4-2", "mix_epochs=0", "mix_deadline_s=1", "mix_traps=none",
          "mix_trap_percent=101", "mix_open_jobs_max=0"}) {
        const std::string line(wrong);
        EXPECT_THAT(error_of(line + "\n"), HasSubstr(line.substr(0, line.find('=')))) << wrong;
    }
}

TEST(CutText, CutsNoCharacterAndGoesOnInTheNextText) {
    const test::TemporaryFolder folder;
    test::write_text(folder / "a", "日本語のテキスト");
    test::write_text(folder / "b", "plain");
    test::write_text(folder / "c", "");
    SequenceRandom random;
    for (std::uint64_t bytes = 1; bytes < 200; ++bytes) {
        const auto cut = cut_text(texts_in(folder.path()), bytes, random);
        ASSERT_TRUE(cut.has_value()) << cut.error().message;
        EXPECT_TRUE(is_utf8(*cut)) << *cut;
        EXPECT_LE(cut->size(), bytes);
        EXPECT_GE(cut->size() + 6, bytes);
    }
}

TEST(CutText, EmptyTextsAreAnError) {
    const test::TemporaryFolder folder;
    SequenceRandom random;
    EXPECT_TRUE(cut_text(texts_in(folder.path()), 10, random).has_error());
    test::write_text(folder / "c", "");
    EXPECT_THAT(cut_text(texts_in(folder.path()), 10, random).error().message, HasSubstr("empty"));
}

}  // namespace
}  // namespace emeth::network
