#include "node/workers/local_workers.hpp"

#include <fmt/format.h>

#include <utility>

#include "node/data_folder.hpp"
#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/task_group.hpp"

namespace emeth::node {
namespace {

constexpr RetryPolicy restart_policy{Milliseconds(1'000), 2, Milliseconds(60'000), 0.25};
/// A worker that ran this long was well: its next end is a first failure again.
constexpr Milliseconds healthy_run{60'000};

}  // namespace

LocalWorkers::LocalWorkers(asio::any_io_executor executor, unsigned count, std::filesystem::path data,
                           std::string master_url, Address master, std::map<std::string, std::string> settings,
                           Clock& clock, Random& random)
    : executor_(std::move(executor)),
      count_(count),
      data_(std::move(data)),
      master_url_(std::move(master_url)),
      master_(master),
      settings_(std::move(settings)),
      clock_(clock),
      random_(random) {}

Result<void> LocalWorkers::prepare() {
    std::string text = fmt::format("# Written by the master at each start.\nmaster_node_url={}\nmaster_address={}\n",
                                   master_url_, master_.hex());
    for (const auto& [key, value] : settings_) text += fmt::format("{}=\"{}\"\n", key, value);
    for (unsigned number = 1; number <= count_; ++number) {
        const auto folder = local_worker_folder(data_, number);
        if (auto made = create_folder(folder, 0700); made.has_error()) return made;
        if (auto written = write_file_durably(folder / "worker.env", text, 0600); written.has_error()) return written;
    }
    return {};
}

Task<> LocalWorkers::run() {
    TaskGroup group(executor_, count_max);
    for (unsigned number = 1; number <= count_; ++number) group.start(keep_running(number));
    co_await group.join();
}

Task<> LocalWorkers::keep_running(unsigned number) {
    const auto folder = local_worker_folder(data_, number);
    ChildOptions options;
    options.program = own_program_path();
    options.arguments = {"worker", "--config", (folder / "worker.env").string(), "--data", folder.string()};
    options.output = folder / "worker.log";
    std::uint32_t failures = 0;
    for (;;) {
        const auto started = clock_.monotonic();
        auto child = ChildProcess::start(executor_, options);
        if (child.has_value()) {
            spdlog::info("local worker {} started (process {}, log {})", number, child->pid(), options.output.string());
            const ChildEnd end = co_await child->wait();
            spdlog::warn("local worker {} ended: {}; starting it again", number, end.describe());
        } else {
            spdlog::error("local worker {} cannot be started: {}; trying on", number, child.error().message);
        }
        failures = clock_.monotonic() - started >= healthy_run ? 1 : failures + 1;
        const auto wait = backoff(failures, restart_policy, random_.unit());
        co_await clock_.sleep(wait);
    }
}

}  // namespace emeth::node
