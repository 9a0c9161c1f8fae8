// The artifact is usable: its folder generates text, and its scores are those of an independent GPT-2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <regex>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"

namespace emeth::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Generated {
    int exit_code = -1;
    std::string text, errors;
};

/// The shell parses `arguments`.
Generated run(const Bench& bench, const std::string& arguments) {
    const std::string command = trainer_program().string() + " " + arguments + " > " + (bench.path() / "out").string() +
                                " 2> " + (bench.path() / "errors").string();
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(bench.path() / "out"),
            read_text(bench.path() / "errors")};
}

/// A model that is trained once, for all tests that do not change it.
struct Trained {
    explicit Trained(const std::string& text, const std::string& language) : bench(text) {
        bench.request.job.language = language;
        bench.request.compute.checkpoint_interval_ms = 60'000;
        train_to_end(bench);
        model = unpack(bench);
    }
    Bench bench;
    std::filesystem::path model;
};
const Trained& english() {
    static const Trained trained(english_text(64'000), "en");
    return trained;
}
const Trained& japanese() {
    static const Trained trained(japanese_text(64'000), "ja");
    return trained;
}

Generated generate(const Trained& trained, const std::string& more) {
    return run(trained.bench, "generate --model=" + trained.model.string() + " " + more);
}

void expect_the_scores_of_python(const Trained& trained, const std::string& text) {
    write_text(trained.bench.path() / "text", text);
    const Generated ours = run(trained.bench, "logits --model=" + trained.model.string() + " --text='" + text + "'");
    ASSERT_EQ(ours.exit_code, 0) << ours.errors;
    write_text(trained.bench.path() / "logits.json", ours.text);
    const std::string command = std::string(EMETH_PYTHON) + " " + std::getenv("EMETH_SOURCE_DIR") +
                                "/tests/integration/trainer/compare_logits.py " + trained.bench.path().string() +
                                " > " + trained.bench.log().string() + " 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_text(trained.bench.log());
}

TEST(Generation, EnglishScoresAreThoseOfPython) {
    expect_the_scores_of_python(english(), "This program is free software: you can redistribute it and/or modify it.");
}

TEST(Generation, JapaneseScoresAreThoseOfPython) {
    expect_the_scores_of_python(japanese(), "昔々、おじいさんは山へ行き、花を見つけた。龍も月を眺めた。");
}

TEST(Generation, TheSameSeedGivesTheSameText) {
    const Generated once = generate(english(), "--prompt='The license' --tokens=30 --seed=7");
    ASSERT_EQ(once.exit_code, 0) << once.errors;
    EXPECT_GT(once.text.size(), 20u);
    EXPECT_EQ(generate(english(), "--prompt='The license' --tokens=30 --seed=7").text, once.text);
    EXPECT_NE(generate(english(), "--prompt='The license' --tokens=30 --seed=8").text, once.text);
}

TEST(Generation, WithoutTemperatureTheSeedDoesNotMatter) {
    const Generated once = generate(english(), "--prompt=-you --tokens=10 --temperature=0 --seed=1");
    ASSERT_EQ(once.exit_code, 0) << once.errors;
    EXPECT_EQ(generate(english(), "--prompt=-you --tokens=10 --temperature=0 --seed=2").text, once.text);
}

/// More tokens than the context holds: the window moves on.
TEST(Generation, GoesOnBeyondTheContext) {
    const Generated outcome = generate(japanese(), "--prompt='昔々' --tokens=150 --temperature=0.5");
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_THAT(outcome.text, HasSubstr("。"));
}

TEST(Generation, APromptThatIsNoneIsRefused) {
    EXPECT_THAT(generate(english(), "--prompt=''").errors, HasSubstr("--prompt"));
    EXPECT_THAT(generate(english(), "--prompt=$(printf '\\377')").errors, HasSubstr("UTF-8"));
    EXPECT_THAT(generate(english(), "--prompt=$(head -c 40000 /dev/zero | tr '\\0' x)").errors,
                AllOf(HasSubstr("40000"), HasSubstr("32768")));
    EXPECT_NE(generate(english(), "--prompt=x --temperature=-1").exit_code, 0);
}

TEST(Generation, AFolderThatIsNoModelIsExplained) {
    Bench bench;
    const std::filesystem::path model = bench.path() / "model";
    const auto errors = [&] { return run(bench, "generate --prompt=x --model=" + model.string()).errors; };
    EXPECT_THAT(errors(), HasSubstr("is not a folder"));
    std::filesystem::copy(english().model, model);
    const auto config = read_text(model / "config.json");
    const auto expect_error = [&](const char* field, const char* value, const std::string& expected) {
        SCOPED_TRACE(field);
        const std::regex pattern(std::string("\"") + field + "\":[^,}]*");
        write_text(model / "config.json",
                   std::regex_replace(config, pattern, std::string("\"") + field + "\":" + value));
        EXPECT_THAT(errors(), HasSubstr(expected));
    };
    expect_error("model_type", "\"llama\"", "model_type");
    expect_error("n_embd", "100000000000", "n_embd");
    expect_error("n_embd", "66", "n_head");
    expect_error("n_embd", "128", "model.safetensors");
    expect_error("n_layer", "3", "model.safetensors");
    expect_error("activation_function", "\"relu\"", "activation_function");
    write_text(model / "config.json", config);
    std::filesystem::resize_file(model / "model.safetensors", 1000);
    EXPECT_THAT(errors(), HasSubstr("model.safetensors"));
    std::filesystem::remove(model / "tokenizer.model");
    EXPECT_THAT(errors(), AllOf(HasSubstr("tokenizer.model"), HasSubstr("tar -xf")));
}

}  // namespace
}  // namespace emeth::test
