// emeth doctor: whether a node or a worker can start and earn, and what to do where it cannot.
#include "node/doctor/doctor.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/master_settings.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/terminal.hpp"
#include "crypto/configured_key.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/utf8.hpp"
#include "worker/settings.hpp"

namespace emeth::cli {

namespace {

using node::Finding;
using node::Findings;
using node::Verdict;

constexpr const char* explanation =
    "Looks at everything that a node needs, says in a line each what was found, and what to do where something is\n"
    "missing: settings, endpoint, contract, money, servers, clock, workers, trainer, store, memory, disk, systemd.\n"
    "It changes nothing, sends nothing to the chain, and runs before the first start as well as beside a master.\n"
    "Exit code 0: no problem, if perhaps warnings; 1: a problem.\n\n"
    "Examples:\n"
    "  emeth doctor --config ./net/master.env --data ./node\n"
    "  emeth doctor --config config/master.env --json\n"
    "  emeth doctor --role worker --config config/worker.env --thorough\n";

struct DoctorFlags {
    ConfigFlags config;
    std::string data, role = "master";
    std::uint32_t patience_s = 8;
    bool thorough = false, json = false;
};

/// What the settings say, as far as they can be read.
struct Settings {
    std::optional<node::NodeConfig> node;
    std::optional<worker::WorkerSettings> worker;  ///< also of the workers that a master starts itself
    std::optional<Address> wallet;
};

std::string place_of(const DoctorFlags& flags) {
    return flags.config.file.empty() ? "no file: defaults and the environment" : flags.config.file;
}

Finding wrong_settings(const Error& error) {
    return node::problem_of("settings", error, "correct them; the files in config/ explain each setting");
}

/// A worker makes a key of its own.
Finding look_at_key(const EnvConfig& values, bool of_worker, Settings& settings) {
    const std::string name = of_worker ? "key" : "wallet";
    const auto key = crypto::configured_key(values);
    if (key.has_error()) return node::problem_of(name, key.error());
    if (!*key && of_worker) return {name, Verdict::ok, "none is set: the worker makes its own at its first start"};
    if (!*key) {
        const auto missing = node::read_private_key(values);
        return node::problem_of(name, missing.error());
    }
    settings.wallet = (*key)->address();
    return {name, Verdict::ok, crypto::checksum_address(*settings.wallet)};
}

void read_node(const EnvConfig& values, Settings& settings, Findings& findings) {
    auto config = read_master_settings(values);
    if (config.has_error()) return findings.push_back(wrong_settings(config.error()));
    auto training = worker::read_training_settings(values);
    if (training.has_error()) findings.push_back(wrong_settings(training.error()));
    if (training.has_value()) settings.worker = std::move(*training);
    for (const std::string& doubt : node::doubts(*config))
        findings.push_back({"settings", Verdict::warning, doubt, "correct it, unless it is meant"});
    settings.node = std::move(*config);
}

void read_worker(const EnvConfig& values, const std::string& data, Settings& settings, Findings& findings) {
    auto read = worker::read_settings(values, data);
    if (read.has_error()) return findings.push_back(wrong_settings(read.error()));
    settings.worker = std::move(*read);
}

Settings read_all(const DoctorFlags& flags, Findings& findings) {
    Settings settings;
    const auto values = flags.config.load();
    if (values.has_error()) {
        findings.push_back(wrong_settings(values.error()));
        return settings;
    }
    const bool of_worker = flags.role == "worker";
    if (of_worker)
        read_worker(*values, flags.data, settings, findings);
    else
        read_node(*values, settings, findings);
    if (findings.empty()) findings.push_back({"settings", Verdict::ok, place_of(flags)});
    findings.push_back(look_at_key(*values, of_worker, settings));
    return settings;
}

void print(const Findings& findings) {
    std::size_t warnings = 0, problems = 0;
    for (const Finding& finding : findings) {
        warnings += finding.verdict == Verdict::warning ? 1 : 0;
        problems += finding.verdict == Verdict::problem ? 1 : 0;
        const std::string begin = fmt::format("{:<8} {:<14} ", node::name(finding.verdict), finding.name);
        print_wrapped(begin, one_line(finding.text));
        print_wrapped(std::string(begin.size() - 4, ' ') + "do: ", one_line(finding.remedy));
    }
    fmt::print("{} problems, {} warnings\n", problems, warnings);
}

void print_json(const DoctorFlags& flags, const Findings& findings) {
    boost::json::object answer{{"version", EMETH_VERSION}, {"role", flags.role}};
    for (auto& [key, value] : node::to_json(findings)) answer[key] = std::move(value);
    fmt::print("{}\n", json_text(answer));
}

Task<Findings> examine(asio::any_io_executor executor, const DoctorFlags& flags, const Settings& settings) {
    const Milliseconds patience{std::int64_t{flags.patience_s} * 1'000};
    const auto compute = settings.worker ? settings.worker->compute : trainer_protocol::ComputeOptions{};
    if (flags.role == "worker") {
        const auto master = settings.worker ? std::optional(settings.worker->master) : std::nullopt;
        node::WorkerToExamine worker{master, flags.data, compute, flags.thorough, patience};
        co_return co_await node::examine_worker(std::move(executor), std::move(worker));
    }
    node::NodeToExamine node{settings.node, settings.wallet, flags.data, compute, flags.thorough, patience};
    co_return co_await node::examine_node(std::move(executor), std::move(node));
}

/// Ends the process: a host name that is still being looked up cannot be interrupted, and is not waited for.
Task<Result<void>> run(asio::any_io_executor executor, DoctorFlags flags) {
    Findings findings;
    const Settings settings = read_all(flags, findings);
    auto examining = examine(std::move(executor), flags, settings);
    for (Finding& finding : co_await std::move(examining)) findings.push_back(std::move(finding));
    flags.json ? print_json(flags, findings) : print(findings);
    if (std::fflush(stdout) != 0) co_return transient_error("cannot write the output");
    ::_exit(node::worst_of(findings) == Verdict::problem ? exit_failed : exit_ok);
}

int doctor(DoctorFlags flags) {
    if (flags.data.empty())
        flags.data = std::filesystem::absolute(flags.role == "worker" ? ".emeth/worker" : ".emeth/node").string();
    init_logging("doctor", "error");
    return run_task("doctor", [&](asio::any_io_executor executor) { return run(std::move(executor), flags); });
}

}  // namespace

void register_doctor(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("doctor", "what a node or a worker lacks, and what to do");
    command->footer(explanation);
    auto flags = std::make_shared<DoctorFlags>();
    flags->config.add_to(*command, master_settings());
    add_path(*command, "--data", flags->data, "the data folder; default: .emeth/node, of a worker .emeth/worker",
             "DIR");
    command->add_option("--role", flags->role, "what is to run here: master or worker")
        ->capture_default_str()
        ->check(CLI::IsMember({"master", "worker"}));
    command->add_option("--patience", flags->patience_s, "how long to wait for a server, or the trainer's start (s)")
        ->capture_default_str()
        ->check(CLI::Range(1, 600));
    command->add_flag("--thorough", flags->thorough, "have the trainer train some steps, which takes 10 s and more");
    command->add_flag("--json", flags->json, "print the findings as one JSON object");
    command->callback([flags, &invocation] { invocation.run = [flags] { return doctor(*flags); }; });
}

}  // namespace emeth::cli
