// emeth generate: text from a trained model.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "runtime/child_process.hpp"
#include "runtime/waiting.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::cli {

namespace {

constexpr std::size_t prompt_bytes_max = 32 * 1024;

struct GenerateFlags {
    std::string model;
    std::string prompt;
    std::uint32_t tokens = 100;
    double temperature = 0.8;
    std::uint64_t seed = 1;
};

/// The child prints text and errors itself; its exit code becomes ours.
Task<Result<void>> run_generate(std::shared_ptr<GenerateFlags> flags, std::shared_ptr<int> exit_code) {
    ChildOptions options;
    options.program = trainer_protocol::default_trainer_program();
    // Joined by '=': a prompt may begin with a dash.
    options.arguments = {"generate",
                         "--model=" + flags->model,
                         "--prompt=" + flags->prompt,
                         "--tokens=" + std::to_string(flags->tokens),
                         "--temperature=" + std::to_string(flags->temperature),
                         "--seed=" + std::to_string(flags->seed)};
    auto child = ChildProcess::start(co_await asio::this_coro::executor, options);
    if (child.has_error()) co_return child.error();
    const Waiting waiting("emeth-trainer");
    const ChildEnd end = co_await child->wait();
    if (end.signal != 0) co_return transient_error("emeth-trainer was ended by " + end.describe());
    *exit_code = end.exit_code;
    co_return Result<void>{};
}

}  // namespace

void register_generate(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("generate", "text from the model of an artifact");
    command->footer(
        "The folder is an artifact, unpacked: it holds config.json, model.safetensors and tokenizer.model.\n"
        "The same seed gives the same text on the same machine.\n\n"
        "Examples:\n"
        "  mkdir model && tar -xf artifact.tar -C model\n"
        "  emeth generate --model model --prompt 'In the beginning'\n"
        "  emeth generate --model model --prompt '昔々' --tokens 200 --seed 7\n");
    auto flags = std::make_shared<GenerateFlags>();
    add_path(*command, "--model", flags->model, "folder of the model", "DIR")->required();
    command->add_option("--prompt", flags->prompt, "UTF-8 text to go on from, at most 32 KiB")
        ->required()
        ->type_name("TEXT");
    command->add_option("--tokens", flags->tokens, "how many to add")
        ->check(CLI::Range(1, 4'096))
        ->capture_default_str();
    command->add_option("--temperature", flags->temperature, "0: always the likeliest token")
        ->check(CLI::Range(0.0, 10.0))
        ->capture_default_str();
    command->add_option("--seed", flags->seed, "of the draws")->capture_default_str();
    command->callback([flags, &invocation] {
        if (flags->prompt.empty())
            throw CLI::ValidationError("--prompt", "is empty: give the model a word to go on from");
        if (flags->prompt.size() > prompt_bytes_max) throw CLI::ValidationError("--prompt", "is longer than 32 KiB");
        invocation.run = [flags] {
            auto exit_code = std::make_shared<int>(exit_ok);
            const int own = run_task("generate", [=](asio::any_io_executor) { return run_generate(flags, exit_code); });
            return own == exit_ok ? *exit_code : own;
        };
    });
}

}  // namespace emeth::cli
