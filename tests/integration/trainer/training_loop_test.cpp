// The loop and its team: a step spoilt by others is retried from the same state, and begins only once.
#include "trainer/training_loop.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "support/temporary_folder.hpp"
#include "trainer/data/streamed_file.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::find_preset;

struct Silent final : Reporter {
    void report(trainer_protocol::TrainerReport) override {}
};

struct Remembers final : StateKeeper {
    Result<void> step_begins(const TrainingState& state) override {
        begun.push_back(state.step);
        return {};
    }
    Result<void> step_computed(std::uint64_t step, std::span<const ComputeRecord> others) override {
        computed[step] = others.size();
        return {};
    }
    Result<void> checkpoint_due(const TrainingState&) override { return {}; }
    [[nodiscard]] Milliseconds checkpoint_interval() const override { return checkpoint_interval_max; }
    std::vector<std::uint64_t> begun;
    std::map<std::uint64_t, std::size_t> computed;  ///< how many others computed each step
};

/// A team of two until the step that the other one spoils.
class Spoilt : public Team {
public:
    enum class How { no_number, lost };
    Spoilt(std::uint64_t step, How how) : step_(step), how_(how) {}
    Result<bool> step_begins(TrainingState& state) override {
        at_ = state.step;
        return false;
    }
    [[nodiscard]] Share share(std::size_t sequences) const override { return {0, sequences}; }
    void gradients_ready(at::Tensor& gradients, std::int64_t first, Milliseconds computing) override {
        EXPECT_GE(computing.count(), 0);
        announced_.push_back(gradients.narrow(0, first, gradients.numel() - first).clone());
    }
    Result<bool> sum(at::Tensor& gradients, double& loss_sum) override {
        EXPECT_FALSE(announced_.empty()) << "the sum cannot begin before all is computed";
        for (const at::Tensor& part : std::exchange(announced_, {}))
            EXPECT_TRUE(at::equal(part, gradients.narrow(0, gradients.numel() - part.numel(), part.numel())));
        if (alone || at_ != step_) return true;
        gradients.fill_(7);
        if (how_ == How::no_number) {
            loss_sum = std::numeric_limits<double>::quiet_NaN();
            return true;
        }
        alone = true;
        return false;
    }
    bool leave_the_others() override { return !std::exchange(alone, true); }
    [[nodiscard]] std::uint32_t workers() const override { return alone ? 1 : 2; }
    bool alone = false;

private:
    std::uint64_t step_, at_ = 0;
    How how_;
    std::vector<at::Tensor> announced_;
};

class TrainingLoopTest : public testing::Test {
protected:
    static constexpr std::uint64_t steps = 6;

    TrainingLoopTest() {
        StreamedWriter writer = StreamedWriter::create(folder / "tokens.bin").value();
        // As token_file.cpp writes it: a header, then tokens of two bytes.
        const std::string header("EMTOKEN1\x02\0\0\0\0\0\0\0", 16);
        writer.write(bytes_of(header.data(), header.size())).value();
        for (int digests = 0; digests < 2; ++digests) writer.write(Hash256{}.bytes).value();
        std::vector<std::uint16_t> text(20'000);
        for (std::size_t i = 0; i < text.size(); ++i)
            text[i] = static_cast<std::uint16_t>(i * i % 331 % static_cast<std::size_t>(preset.vocabulary));
        writer.write(bytes_of(text.data(), text.size())).value();
        writer.finish().value();
        tokens.emplace(TokenFile::open(folder / "tokens.bin", Hash256{}, Hash256{}, preset).value());
    }
    Result<std::vector<float>> losses(Team& team) {
        const Plan plan = Plan::make(preset, {.bytes = 50'000, .tokens = tokens->count()}, 2).value();
        TrainingState state = TrainingState::initial(layout, job);
        const TrainingSetup setup{job, preset, plan, Compute{.micro_batch = 4}, 0, steps};
        Result<void> trained = train(setup, layout, *tokens, state, keeper, team, reporter);
        if (trained.has_error()) return trained.error();
        return state.losses;
    }

    const JobId job = *JobId::parse("0x00000000000000000000000000000001");
    const Preset preset = find_preset("nano").value();
    const ParameterLayout layout{preset};
    test::TemporaryFolder folder;
    Silent reporter;
    Remembers keeper;
    std::optional<TokenFile> tokens;
};

TEST_F(TrainingLoopTest, AStepThatOthersSpoiltIsTriedAgainFromTheSameState) {
    Alone alone;
    const std::vector<float> expected = losses(alone).value();
    for (const auto how : {Spoilt::How::no_number, Spoilt::How::lost}) {
        keeper.begun.clear();
        keeper.computed.clear();
        Spoilt team(3, how);
        EXPECT_EQ(losses(team).value(), expected);
        EXPECT_TRUE(team.alone);
        EXPECT_EQ(keeper.begun, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5})) << "its state is saved once";
        EXPECT_EQ(keeper.computed,
                  (std::map<std::uint64_t, std::size_t>{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}}));
    }
}

TEST_F(TrainingLoopTest, WhatIsNoNumberAloneEndsTheTraining) {
    struct Diverged final : Spoilt {
        Diverged() : Spoilt(3, How::no_number) {}
        bool leave_the_others() override { return false; }
    } team;
    const auto trained = losses(team);
    ASSERT_FALSE(trained);
    EXPECT_EQ(trained.error().kind, ErrorKind::permanent);
    EXPECT_NE(trained.error().message.find("diverged at step 4"), std::string::npos) << trained.error().message;
}

}  // namespace
}  // namespace emeth::trainer
