#include "node/workers/local_workers.hpp"

#include <fmt/format.h>

#include <utility>

#include "crypto/key_file.hpp"
#include "node/data_folder.hpp"
#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::node {
namespace {

constexpr RetryPolicy restart_policy{Milliseconds(1'000), 2, Milliseconds(60'000), 0.25};
/// A worker that ran for this long had started properly, so its next exit counts as a first failure again.
constexpr Milliseconds healthy_run{60'000};

}  // namespace

Result<std::vector<Address>> LocalWorkers::prepare() {
    std::string text = fmt::format("# Written by the master at each start.\nmaster_node_url={}\nmaster_address={}\n",
                                   options_.master_url, options_.master.hex());
    for (const auto& [key, value] : options_.settings) text += fmt::format("{}=\"{}\"\n", key, value);
    std::vector<Address> addresses;
    for (unsigned number = 1; number <= options_.count; ++number) {
        const auto folder = local_worker_folder(options_.data, number);
        if (auto made = create_folder(folder, 0700); made.has_error()) return made.error();
        if (auto written = write_file_durably(folder / "worker.env", text, 0600); written.has_error())
            return written.error();
        const auto key = crypto::load_or_generate_key_file(folder / "worker.key", ports_.random);
        if (key.has_error())
            spdlog::error("local worker {} cannot work: {}", number, key.error().message);
        else
            addresses.push_back(key->address());
        addresses_.push_back(key.has_value() ? std::optional(key->address()) : std::nullopt);
    }
    return addresses;
}

Task<> LocalWorkers::run() {
    TaskGroup group(ports_.executor, count_max);
    for (unsigned number = 1; number <= options_.count; ++number) group.start(keep_running(number));
    co_await group.join();
}

Task<> LocalWorkers::keep_running(unsigned number) {
    const auto folder = local_worker_folder(options_.data, number);
    ChildOptions child_options;
    child_options.program = own_program_path();
    child_options.arguments = {"worker", "--config", (folder / "worker.env").string(), "--data", folder.string()};
    child_options.output = folder / "worker.log";
    const SubjectLog log({std::nullopt, addresses_.at(number - 1)});
    std::uint32_t failures = 0;
    for (;;) {
        const auto started = ports_.clock.monotonic();
        auto child = ChildProcess::start(ports_.executor, child_options);
        if (child.has_value()) {
            log.info("local worker {} started (process {}, log {})", number, child->pid(),
                     child_options.output.string());
            const ChildEnd end = co_await child->wait();
            log.warn("local worker {} ended: {}; starting it again", number, end.describe());
        } else {
            log.error("local worker {} cannot be started: {}; will retry", number, child.error().message);
        }
        failures = ports_.clock.monotonic() - started >= healthy_run ? 1 : failures + 1;
        const auto wait = backoff(failures, restart_policy, ports_.random.unit());
        co_await ports_.clock.sleep(wait);
    }
}

}  // namespace emeth::node
