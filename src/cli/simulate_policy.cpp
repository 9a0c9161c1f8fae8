// emeth simulate-policy: what each priority would earn on a stream of JOBs.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <variant>

#include "chain/amount.hpp"
#include "cli/command.hpp"
#include "cli/master_settings.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/recorded_stream.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/progress_bar.hpp"
#include "simulation/policy/report.hpp"

namespace emeth::cli {

namespace {

namespace sim = simulation;

constexpr const char* explanation =
    "Nodes choose among the JOBs of a stream in virtual time, on a master's own code and with its settings. With one "
    "node each priority gets the same stream, in turn; with more they compete, the priorities dealt out in turn.\n\n"
    "Examples:\n"
    "  emeth simulate-policy --days 30 --workers 27300,13650\n"
    "  emeth simulate-policy --nodes 50 --days 10 --jobs-per-day 1000\n"
    "  emeth simulate-policy --config master.env --from-chain --html plot.html\n";

/// Of each node: more than all deposits that its workers can have under way.
constexpr std::string_view emt_at_first = "1000000";

struct SimulateFlags {
    ConfigFlags config;
    std::string stream, write_stream, html;
    sim::StreamShape shape;
    std::vector<std::uint64_t> workers{27'300, 27'300, 13'650, 13'650};
    std::vector<std::string> priorities;
    std::uint64_t nodes = 1;
    std::optional<double> others;
    bool from_chain = false, blind = false, json = false;
    std::uint64_t blocks = 50'000;
};

std::vector<const node::Priority*> chosen_priorities(const SimulateFlags& flags) {
    std::vector<const node::Priority*> chosen;
    for (const auto& priority : node::priorities())
        if (flags.priorities.empty() || std::ranges::find(flags.priorities, priority.name) != flags.priorities.end())
            chosen.push_back(&priority);
    return chosen;
}

sim::MarketNode market_node(const SimulateFlags& flags, const node::SelectionPolicy& policy,
                            const node::Priority& priority) {
    sim::MarketNode made{std::string(priority.name), policy, flags.workers, chain::parse_coins(emt_at_first).value()};
    made.policy.priority = {priority};
    made.policy.cooperative = false;  // the market knows no teams
    return made;
}

Task<Result<void>> record_into(std::shared_ptr<sim::JobStream> recorded, node::NodeConfig settings,
                               std::uint64_t blocks) {
    Result<sim::JobStream> stream = co_await record_stream(std::move(settings), blocks);
    if (stream.has_error()) co_return stream.error();
    *recorded = *std::move(stream);
    co_return Result<void>{};
}

/// The exit code if there is none; it has been told why.
std::variant<sim::JobStream, int> stream_of(const SimulateFlags& flags, const node::NodeConfig& settings) {
    if (!flags.stream.empty()) {
        Result<sim::JobStream> read = sim::read_stream(flags.stream);
        if (read.has_error()) return fail("simulate-policy", read.error(), exit_usage);
        return *std::move(read);
    }
    if (!flags.from_chain) return sim::generate_stream(flags.shape);
    const auto recorded = std::make_shared<sim::JobStream>();
    init_logging("simulate-policy", "warn");
    const auto record = [&](asio::any_io_executor) { return record_into(recorded, settings, flags.blocks); };
    const int code = run_task("simulate-policy", record, exit_unavailable);
    if (code != exit_ok) return code;
    return std::move(*recorded);
}

/// In a market that begins with the stream nothing is under way: of a stream that is long enough, its first day is left
/// out.
std::int64_t warm_up_days(const sim::JobStream& stream) {
    constexpr std::int64_t long_enough_s = 5 * 86'400 / 2;  // from the first JOB of three days to the last one
    if (stream.empty()) return 0;
    return stream.back().requested_at_unix_s - stream.front().requested_at_unix_s > long_enough_s ? 1 : 0;
}

struct Played {
    std::vector<sim::MarketOutcome> priorities;
    std::optional<sim::Standstill> standstill;  ///< of a market; none: each node was by itself
};

/// Each by itself on the same stream, or all of them in one market.
Played play(const SimulateFlags& flags, const node::SelectionPolicy& policy, const sim::JobStream& stream) {
    constexpr double others_usual_s = 300;
    sim::MarketRules rules = sim::published_market();
    rules.seed = flags.shape.seed;
    const auto priorities = chosen_priorities(flags);
    const std::uint64_t rounds = flags.nodes == 1 ? priorities.size() : 1;
    rules.others_take_after_s = flags.others.value_or(flags.nodes == 1 ? others_usual_s : 0);
    rules.warm_up_days = warm_up_days(stream);
    if (flags.blind) rules.pool_seen_after_ms.reset();
    rules.equals_are_spread = !flags.blind;
    ProgressBar bar("JOBs", stream.size() * rounds, ProgressUnit::count, system_clock());
    Played played;
    std::vector<sim::MarketOutcome> outcomes;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        std::vector<sim::MarketNode> nodes;
        for (std::uint64_t i = 0; i < flags.nodes; ++i)
            nodes.push_back(market_node(flags, policy, *priorities[(round + i) % priorities.size()]));
        const auto passed = [&](std::uint64_t jobs) { bar.update(round * stream.size() + jobs); };
        sim::MarketReport report = sim::run_market(stream, nodes, rules, passed);
        std::ranges::move(report.nodes, std::back_inserter(outcomes));
        if (flags.nodes > 1) played.standstill = std::move(report.standstill);
    }
    played.priorities = sim::summed_by_name(outcomes);
    return played;
}

boost::json::object json_of(const SimulateFlags& flags, std::size_t jobs, double jobs_per_s, const Played& played) {
    boost::json::object object{{"jobs", jobs},
                               {"nodes", flags.nodes},
                               {"jobsPerSecond", jobs_per_s},
                               {"priorities", sim::json_of(played.priorities)}};
    if (played.standstill) object["standstill"] = sim::json_of(*played.standstill);
    return object;
}

int simulate(const SimulateFlags& flags) {
    const auto config = flags.config.load();
    if (config.has_error()) return fail("simulate-policy", config.error(), exit_usage);
    const auto settings = read_master_settings(*config);
    if (settings.has_error()) return fail("simulate-policy", settings.error(), exit_usage);
    const auto found = stream_of(flags, *settings);
    if (const int* code = std::get_if<int>(&found)) return *code;
    const auto* stream = std::get_if<sim::JobStream>(&found);
    if (!flags.write_stream.empty()) {
        std::string lines;
        for (const auto& job : *stream) lines += sim::to_json_line(job) + "\n";
        if (const auto written = write_file_durably(flags.write_stream, lines); written.has_error())
            return fail("simulate-policy", written.error(), exit_failed);
    }
    const Milliseconds began = system_clock().monotonic();
    const Played played = play(flags, settings->selection, *stream);
    const double seconds = static_cast<double>((system_clock().monotonic() - began).count() + 1) / 1'000;
    const std::uint64_t rounds = flags.nodes == 1 ? played.priorities.size() : 1;
    const double jobs_per_s = static_cast<double>(stream->size() * rounds) / seconds;
    const std::string subtitle =
        fmt::format("{} JOBs, {} nodes with {} workers each", stream->size(), flags.nodes, flags.workers.size());
    if (flags.json)
        fmt::print("{}\n", json_text(json_of(flags, stream->size(), jobs_per_s, played)));
    else
        fmt::print("{}, {:.0f} JOBs/s; amounts in EMT\n{}{}", subtitle, jobs_per_s, sim::table_of(played.priorities),
                   played.standstill ? sim::text_of(*played.standstill) : "");
    if (flags.html.empty()) return exit_ok;
    const bool is_plot = std::filesystem::path(flags.html).extension() == ".svg";
    const auto written =
        write_file_durably(flags.html, is_plot ? sim::svg_of(played.priorities)
                                               : sim::html_of(played.priorities, subtitle, played.standstill));
    return written.has_error() ? fail("simulate-policy", written.error(), exit_failed) : static_cast<int>(exit_ok);
}

void add_stream_options(CLI::App& command, SimulateFlags& flags) {
    constexpr std::uint64_t days_max = 3'650, jobs_per_day_max = 1'000'000;
    auto* stream = add_path(command, "--stream", flags.stream, "JOBs to replay, one JSON object a line", "FILE");
    command.add_option("--seed", flags.shape.seed, "of everything that is left to chance")->capture_default_str();
    command.add_option("--days", flags.shape.days, "that the generated stream lasts")
        ->check(CLI::Range(std::uint64_t{1}, days_max))
        ->capture_default_str()
        ->excludes(stream);
    command.add_option("--jobs-per-day", flags.shape.jobs_per_day, "of the generated stream")
        ->check(CLI::Range(std::uint64_t{1}, jobs_per_day_max))
        ->capture_default_str()
        ->excludes(stream);
    constexpr std::uint64_t blocks_max = 100'000'000;
    command.add_flag("--from-chain", flags.from_chain, "those that were requested from the contract lately")
        ->excludes(stream);
    command.add_option("--blocks", flags.blocks, "how many of the newest are read for --from-chain")
        ->check(CLI::Range(std::uint64_t{1}, blocks_max))
        ->capture_default_str();
    add_path(command, "--write-stream", flags.write_stream, "write the stream that is used", "FILE");
}

}  // namespace

void register_simulate_policy(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("simulate-policy", "what each priority would earn on a stream of JOBs");
    command->footer(explanation);
    auto flags = std::make_shared<SimulateFlags>();
    flags->config.add_to(*command, master_settings());
    constexpr std::uint64_t nodes_max = 10'000, capacity_max = 1'000'000'000;
    constexpr double others_max_s = 1e9;
    add_stream_options(*command, *flags);
    std::vector<std::string> names;
    for (const auto& priority : node::priorities()) names.emplace_back(priority.name);
    command->add_option("--priorities", flags->priorities, "which to try, comma-separated; by default every one")
        ->delimiter(',')
        ->check(CLI::IsMember(names));
    command->add_option("--nodes", flags->nodes, "that compete in one market")
        ->check(CLI::Range(std::uint64_t{1}, nodes_max))
        ->capture_default_str();
    command->add_option("--workers", flags->workers, "powerCapacity of each worker of a node, comma-separated")
        ->delimiter(',')
        ->check(CLI::Range(std::uint64_t{1}, capacity_max))
        ->capture_default_str();
    command->add_option("--others", flags->others, "seconds until others take an open JOB, on average; 0: never")
        ->check(CLI::Range(0.0, others_max_s));
    command->add_flag("--blind", flags->blind, "nodes do nothing to avoid one another");
    command->add_flag("--json", flags->json, "print one JSON object");
    add_path(*command, "--html", flags->html, "write a page with a plot; FILE.svg: the plot alone", "FILE");
    command->callback([flags, &invocation] { invocation.run = [flags] { return simulate(*flags); }; });
}

}  // namespace emeth::cli
