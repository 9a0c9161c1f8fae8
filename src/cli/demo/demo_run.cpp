#include "cli/demo/demo_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "chain/amount.hpp"
#include "cli/demo/demo_story.hpp"
#include "harness/scratch_folder.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/race.hpp"
#include "runtime/shutdown.hpp"

namespace emeth::cli {

namespace {

constexpr std::size_t workers = 2;

void print_ending(const DemoOptions& options, const DemoStory& story, DemoDisplay& display,
                  const DemoProcesses& processes) {
    const auto& report = story.report();
    std::vector<statemachine::Job> jobs;
    for (const auto& demo_job : report.jobs) jobs.push_back(demo_job.job);
    display.table(jobs);
    if (report.ok)
        fmt::print(
            "\nThe node's EMT: {} before, {} after; {} of it is the slot's reward. Every wei is accounted for.\n",
            chain::format_coins(report.before.node_emt), chain::format_coins(report.after.node_emt),
            chain::format_coins(report.reward));
    const auto master = processes.master_folder().string();
    fmt::print("\nLook at it:\n  ./emeth state list --data {0}\n", master);
    if (!jobs.empty()) {
        fmt::print("  ./emeth state history {} --data {}\n", jobs.front().terms.id.hex(), master);
        fmt::print("  tar t -f {}/net/objects/result/*.tar   (one of them)\n", options.data.string());
    }
}

void print_keeping(const network::Devnet& devnet, const DemoProcesses& processes) {
    fmt::print(
        "\nThe network and the node go on:\n  the node's dashboard {}\n  the network's page {}\n  endpoint {}\n  "
        "./emeth joblist --config {} --data {}\n  logs: {}\nCtrl-C ends everything.\n",
        processes.dashboard(), devnet.info_server().text(), devnet.endpoint().text(),
        processes.master_settings().string(), processes.master_folder().string(),
        (processes.master_folder().parent_path() / "master.log").string());
    std::fflush(stdout);
}

constexpr std::chrono::hours keep_nap{1};

Task<Result<void>> tell_and_keep(DemoOptions options, network::Devnet& devnet, DemoProcesses& processes,
                                 DemoStory& story, DemoDisplay& display) {
    auto outcome = co_await story.tell();
    if (!options.report.empty())
        if (auto written = write_file_durably(options.report, to_json_text(story.report()));
            written.has_error() && outcome.has_value())
            outcome = written;
    print_ending(options, story, display, processes);
    const bool keep = options.keep || options.open;
    if (!keep || outcome.has_error()) co_return outcome;
    print_keeping(devnet, processes);
    for (;;) co_await system_clock().sleep(keep_nap);
}

Task<Result<void>> until_signal(Shutdown& shutdown, const DemoStory& story) {
    co_await shutdown.wait();
    if (story.report().ok) co_return Result<void>{};
    co_return permanent_error("ended by a signal before the story was over");
}

/// The devnet serves while the story runs; whichever ends first ends the others.
Task<Result<void>> tell_while_serving(DemoOptions options, network::Devnet& devnet, DemoProcesses& processes,
                                      DemoDisplay& display, Shutdown& shutdown) {
    DemoStory story(devnet, processes, display, options.data, options.open);
    Task<Result<void>> telling = tell_and_keep(options, devnet, processes, story, display);
    Task<Result<void>> serving = devnet.run();
    Task<Result<void>> signal = until_signal(shutdown, story);
    Task<Result<void>> events = race(std::move(telling), std::move(serving));
    co_return co_await race(std::move(events), std::move(signal));
}

}  // namespace

Task<Result<void>> run_demo(DemoOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    Shutdown shutdown(executor);
    options.data = std::filesystem::absolute(options.data);
    if (auto emptied = harness::empty_scratch_folder(options.data, "demo"); emptied.has_error()) co_return emptied;
    DemoDisplay display;
    network::DevnetOptions network;
    network.folder = options.data / "net";
    network.anvil = options.anvil;
    auto devnet = co_await network::Devnet::start(std::move(network));
    if (devnet.has_error()) co_return in_context("devnet", devnet.error());
    display.say(fmt::format("devnet is up: chain at {}, EmethCore {}, EMT {}", (*devnet)->endpoint().text(),
                            (*devnet)->core().hex(), (*devnet)->token().hex()));
    display.say(fmt::format("the network's page: {}", (*devnet)->info_server().text()));
    DemoProcesses processes(executor, options.data, workers);
    const auto outcome = co_await tell_while_serving(options, **devnet, processes, display, shutdown);
    co_await processes.stop_all();
    co_await (*devnet)->stop();
    co_return outcome;
}

}  // namespace emeth::cli
