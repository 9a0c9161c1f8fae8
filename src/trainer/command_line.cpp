#include "trainer/command_line.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "runtime/json_fields.hpp"
#include "runtime/processors.hpp"
#include "trainer/artifact/generation.hpp"
#include "trainer/benchmark.hpp"
#include "trainer/description.hpp"

namespace emeth::trainer {
namespace {

int print_figures(const Result<std::string>& figures) {
    fmt::print(figures ? stdout : stderr, "{}\n", figures ? *figures : figures.error().message);
    return figures ? 0 : 1;
}

/// For `emeth bench training`.
int benchmark(int argc, char** argv) {
    CLI::App options{"Measures training; prints one line of JSON.", "emeth-trainer benchmark"};
    std::string model = "nano";
    trainer_protocol::ComputeOptions compute;
    std::uint64_t steps = 10;
    std::uint32_t sequences = 0;
    std::string folder = ".";
    options.add_option("--model", model, "preset")->capture_default_str();
    options.add_option("--device", compute.device, "cpu, cuda, cuda:n or auto")->capture_default_str();
    options.add_option("--threads", compute.threads)->check(CLI::Range(1, 1024))->capture_default_str();
    options.add_option("--precision", compute.precision)->check(CLI::IsMember({"auto", "bf16", "float32"}));
    options.add_option("--micro-batch", compute.micro_batch, "sequences; 0: found")->capture_default_str();
    options.add_option("--steps", steps, "measured, after two to warm up")->check(CLI::Range(1, 1'000'000));
    options.add_option("--sequences", sequences, "of a step; 0: the preset's")->check(CLI::Range(0, 4'096));
    options.add_option("--folder", folder, "where a checkpoint is written")->capture_default_str();
    CLI11_PARSE(options, argc, argv);
    return print_figures(run_benchmark(model, compute, steps, sequences, folder));
}

/// For `emeth bench tokens`.
int benchmark_tokens(int argc, char** argv) {
    CLI::App options{"Measures tokenising; prints one line of JSON.", "emeth-trainer benchmark-tokens"};
    std::string model = "nano";
    std::string folder;
    std::uint32_t threads = 1;
    options.add_option("--model", model, "preset")->capture_default_str();
    options.add_option("--folder", folder, "holds `dataset`; gets tokens.bin and tokenizer.model")->required();
    options.add_option("--threads", threads)->check(CLI::Range(1, 1024))->capture_default_str();
    CLI11_PARSE(options, argc, argv);
    return print_figures(run_token_benchmark(model, folder, threads));
}

int failed(const char* command, const Error& error) {
    fmt::print(stderr, "emeth {}: {}\n", command, error.message);
    return 1;
}

/// For `emeth doctor`.
int describe(int argc, char** argv) {
    CLI::App options{"Says what this machine computes with; prints one line of JSON.", "emeth-trainer describe"};
    trainer_protocol::ComputeOptions compute;
    options.add_option("--device", compute.device)->capture_default_str();
    options.add_option("--threads", compute.threads)->check(CLI::Range(1, 1024))->capture_default_str();
    options.add_option("--precision", compute.precision)->check(CLI::IsMember({"auto", "bf16", "float32"}));
    CLI11_PARSE(options, argc, argv);
    const Result<trainer_protocol::MachineDescription> found = describe_machine(compute);
    if (found.has_error()) return print_figures(found.error());
    return print_figures(json_text(trainer_protocol::to_json(*found)));
}

/// For `emeth generate`.
int generate(int argc, char** argv) {
    CLI::App options{"Text from a model.", "emeth-trainer generate"};
    std::string folder;
    std::string prompt;
    Sampling sampling;
    options.add_option("--model", folder)->required();
    options.add_option("--prompt", prompt)->required();
    options.add_option("--tokens", sampling.tokens)->check(CLI::Range(1, 4'096));
    options.add_option("--temperature", sampling.temperature)->check(CLI::Range(0.0, 10.0));
    options.add_option("--seed", sampling.seed);
    CLI11_PARSE(options, argc, argv);
    at::set_num_threads(static_cast<int>(processors()));
    Result<LanguageModel> model = LanguageModel::open(folder);
    if (model.has_error()) return failed("generate", model.error());
    const auto print = [](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
    };
    const Result<void> generated = trainer::generate(*model, prompt, sampling, print);
    if (generated.has_error()) return failed("generate", generated.error());
    print("\n");
    return 0;
}

/// For comparisons with other programs: a JSON object {"tokens": [..], "logits": [[..], ..]} of the first `context`
/// tokens of a text.
int print_logits(int argc, char** argv) {
    CLI::App options{"A model's tokens and scores of a text, as JSON.", "emeth-trainer logits"};
    std::string folder;
    std::string text;
    options.add_option("--model", folder)->required();
    options.add_option("--text", text)->required();
    CLI11_PARSE(options, argc, argv);
    Result<LanguageModel> model = LanguageModel::open(folder);
    if (model.has_error()) return failed("logits", model.error());
    Result<std::vector<int>> tokens = model->encode(text);
    if (tokens.has_error()) return failed("logits", tokens.error());
    tokens->resize(std::min<std::size_t>(tokens->size(), static_cast<std::size_t>(model->context())));
    const at::Tensor scores = model->logits(*tokens);
    fmt::print("{{\"tokens\": [{}], \"logits\": [", fmt::join(*tokens, ", "));
    for (std::int64_t row = 0; row < scores.size(0); ++row) {
        const float* line = scores.data_ptr<float>() + row * scores.size(1);
        fmt::print("{}[{:.9g}]", row == 0 ? "" : ", ", fmt::join(line, line + scores.size(1), ", "));
    }
    fmt::print("]}}\n");
    return 0;
}

template <int (*command)(int, char**)>
int guarded(int argc, char** argv) {
    try {
        return command(argc, argv);
    } catch (const std::exception& exception) {
        fmt::print(stderr, "{}: {}\n", argv[0], exception.what());
        return 1;
    }
}

}  // namespace

Command find_command(std::string_view name) {
    if (name == "benchmark") return guarded<benchmark>;
    if (name == "benchmark-tokens") return guarded<benchmark_tokens>;
    if (name == "describe") return guarded<describe>;
    if (name == "generate") return guarded<generate>;
    if (name == "logits") return guarded<print_logits>;
    return nullptr;
}

}  // namespace emeth::trainer
