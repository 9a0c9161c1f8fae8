#include "bench/bench_tokenising.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "bench/measured_program.hpp"
#include "runtime/processors.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::bench {

namespace {

constexpr const char* model = "d256";
constexpr int books = 8;   // copies of the King James Bible: 34 MB
constexpr int rounds = 3;  // the two programs take turns, and the best round of each counts

/// spm_encode writes one line of ids per line of text; the end of a line is a token of ours, too.
std::uint64_t tokens_of_peer(const std::filesystem::path& ids) {
    std::ifstream file(ids);
    std::uint64_t count = 0;
    for (std::string line; std::getline(file, line); ++count)
        count += line.empty() ? 0 : static_cast<std::uint64_t>(std::count(line.begin(), line.end(), ' ')) + 1;
    return count;
}

Figure measure(const Workshop& workshop) {
    const std::string ours =
        fmt::format("{} benchmark-tokens --model {} --threads {} --folder {}",
                    quoted(trainer_protocol::default_trainer_program()), model, processors(), quoted(workshop.path()));
    const std::string peer =
        fmt::format("spm_encode --model {} --input {} --output {} --output_format=id",
                    quoted(workshop / "tokenizer.model"), quoted(workshop / "dataset"), quoted(workshop / "ids"));
    double ours_best = 0, peer_best = 0;
    for (int round = 0; round < rounds; ++round) {
        const auto answer = output_of(ours);
        ours_best = std::max(ours_best, number(answer, "mb_per_s"));
        peer_best = std::max(peer_best, number(answer, "dataset_bytes") / 1e6 / seconds_of(peer));
        if (const auto tokens = tokens_of_peer(workshop / "ids");
            static_cast<double>(tokens) != number(answer, "tokens"))
            throw std::runtime_error(
                fmt::format("spm_encode makes {} tokens, emeth-trainer {}", tokens, number(answer, "tokens")));
    }
    return {"tokenising_vs_spm", ours_best, fmt::format("MB/s, {} threads", processors()), "spm_encode", peer_best};
}

int run_tokenising(bool json) {
    const Workshop workshop;
    for (int i = 0; i < books; ++i)
        seconds_of(fmt::format("bible gen1:1-rev22:21 >> {}", quoted(workshop / "dataset")));
    print({measure(workshop)}, json);
    return 0;
}

}  // namespace

void add_tokenising(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand(
        "tokenising", "tokenising MB/s on all processors against SentencePiece's spm_encode, same model and text");
    command->footer("Example:\n  emeth bench tokenising --json\n");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "figures as JSON");
    command->callback([json, &invocation] { invocation.run = [json] { return run_tokenising(*json); }; });
}

}  // namespace emeth::bench
