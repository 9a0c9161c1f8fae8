// emeth worker: trains JOBs for a master.
#include "worker/worker.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "cli/command.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/shared_settings.hpp"
#include "crypto/configured_key.hpp"
#include "crypto/key_file.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/folder_lock.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/subject_log.hpp"
#include "worker/reload.hpp"
#include "worker/settings.hpp"

namespace emeth::cli {

namespace {

constexpr std::size_t pool_threads = 2;  // one hashes files while the other writes records

constexpr const char* explanation =
    "Dials a master, trains one JOB at a time with emeth-trainer, and puts the results into the Storage API by the "
    "master's signed URLs.\n"
    "It needs no open port and no money. Without privateKey or privateKey_file it generates a key at its first start "
    "and keeps it in <data>/worker.key:\n"
    "the address it logs is what the master's worker_whitelist may name. A worker that was killed continues from its "
    "last checkpoint. SIGHUP has it read its settings again: timeouts, model_cached_size and log level take effect at "
    "once.\n\n"
    "Examples:\n"
    "  emeth worker --master_node_url ws://10.0.0.5:5000 --data ./worker\n"
    "  emeth worker --config config/worker.env --device cuda:0 --batchSize 3\n"
    "  emeth worker --config config/worker.env --data ./worker-2 --threads 4\n";

struct WorkerFlags {
    ConfigFlags config;
    std::string data = ".emeth/worker";
};

Result<crypto::PrivateKey> worker_key(const EnvConfig& config, const std::filesystem::path& data) {
    auto key = crypto::configured_key(config);
    if (key.has_error()) return key.error();
    if (*key) return std::move(**key);
    return crypto::load_or_generate_key_file(data / "worker.key", system_random());
}

/// The worker's settings as they are in force, and their texts.
struct Running {
    worker::WorkerSettings settings;
    SettingTexts texts;
};

Result<void> reload(const WorkerFlags& flags, Running& running) {
    const auto config = flags.config.load();
    if (config.has_error()) return config.error();
    const auto read = worker::read_settings(*config, flags.data);
    if (read.has_error()) return read.error();
    take_over(worker::reloaded_at_once(), running.settings, *read);
    set_log_level(running.settings.log_level);
    tell_changes(running.texts, worker::worker_setting_texts(*config), keys_of(worker::reloaded_at_once()));
    return {};
}

/// Until cancelled.
Task<Result<void>> keep_reloading(HangUp& hang_up, const WorkerFlags& flags, Running& running) {
    co_await reload_on_hang_up(hang_up, [&] { return reload(flags, running); });
    co_return Result<void>{};
}

Task<Result<void>> run_worker(const WorkerFlags& flags, Running& running, const crypto::PrivateKey& key) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    HangUp hang_up(executor);  // from now on SIGHUP ends nothing
    BlockingPool pool(pool_threads);
    worker::Worker worker(executor, running.settings, key, pool, system_clock(), system_random());
    Task<Result<void>> work = worker.run();
    Task<Result<void>> reloads = keep_reloading(hang_up, flags, running);
    co_return co_await race(std::move(work), std::move(reloads));
}

int start(const WorkerFlags& flags) {
    const auto config = flags.config.load();
    if (config.has_error()) return fail("worker", config.error(), exit_usage);
    auto settings = worker::read_settings(*config, flags.data);
    if (settings.has_error()) return fail("worker", settings.error(), exit_usage);
    init_logging("worker", settings->log_level, settings->log_format);
    tell_ignored(*config, flags.config.keys);
    if (const auto made = create_folder(settings->data, 0700); made.has_error())
        return fail("worker", made.error(), exit_unavailable);
    const auto lock = FolderLock::acquire(settings->data);
    if (lock.has_error()) return fail("worker", lock.error(), exit_unavailable);
    const auto key = worker_key(*config, settings->data);
    if (key.has_error()) return fail("worker", key.error(), exit_usage);
    set_own_worker(key->address());
    spdlog::info("this worker's address is {}", key->address().hex());
    Running running{std::move(*settings), worker::worker_setting_texts(*config)};
    return run_service("worker", [&](asio::any_io_executor) { return run_worker(flags, running, *key); });
}

}  // namespace

void register_worker(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("worker", "train JOBs for a master");
    command->footer(explanation);
    auto flags = std::make_shared<WorkerFlags>();
    flags->config.add_to(*command, worker::worker_settings());
    add_path(*command, "--data", flags->data, "folder of the worker's key and of the JOBs' files", "DIR");
    command->callback([flags, &invocation] { invocation.run = [flags] { return start(*flags); }; });
}

}  // namespace emeth::cli
