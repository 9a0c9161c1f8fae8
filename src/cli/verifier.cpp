// emeth verifier: checks submitted JOBs of a network.
#include <filesystem>
#include <memory>
#include <utility>

#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/verifier_settings.hpp"
#include "crypto/configured_key.hpp"
#include "http/health_routes.hpp"
#include "http/server.hpp"
#include "network/server_page.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/log.hpp"
#include "runtime/reload.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/task_group.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::cli {

namespace {

struct VerifierFlags {
    ConfigFlags config;
    std::string data = ".emeth/verifier";
    http::ServerOptions health;  ///< for /, /healthz and /readyz; port 0: nobody is listened to
};

SettingTexts texts_of(const EnvConfig& config) {
    return setting_texts(config, verifier_settings(), keys_of(declared(crypto::key_settings())));
}

/// All of them, checked.
Result<VerifierSettings> read_all(const EnvConfig& config) {
    VerifierSettings settings;
    if (auto read = read_settings(config, verifier_table(), settings); read.has_error()) return read.error();
    ActorSettings checked;
    if (auto read = read_settings(config, actor_table(), checked); read.has_error()) return read.error();
    return settings;
}

/// The verifier's settings as they are in force.
struct Running {
    VerifierSettings settings;
    SettingTexts texts;
    std::shared_ptr<http::ServerCertificate> certificate;  ///< of the page; null: plain HTTP
};

Result<void> reload(const ConfigFlags& flags, Running& running, network::Verifier& verifier) {
    const auto config = flags.load();
    if (config.has_error()) return config.error();
    const auto read = read_all(*config);
    if (read.has_error()) return read.error();
    if (running.certificate)
        if (auto certified = running.certificate->reload(); certified.has_error()) return certified;
    VerifierSettings& settings = running.settings;
    take_over(verifier_reloads(), settings, *read);
    verifier.set_limits(settings.threads, network::budget_of_machine(settings.threads), settings.patience);
    set_log_level(settings.log_level);
    tell_changes(running.texts, texts_of(*config), keys_of(verifier_reloads()));
    return {};
}

Task<Result<void>> run_verifier(const VerifierFlags& flags, EnvConfig config, VerifierSettings settings) {
    const auto executor = co_await asio::this_coro::executor;
    HangUp hang_up(executor);  // from now on SIGHUP ends nothing
    auto actor = co_await NetworkActor::open(config, flags.data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    if (self.constants.verifier != self.sender().address())
        co_return permanent_error("the contract's verifier is " + self.constants.verifier.hex() + ", this key is " +
                                  self.sender().address().hex() +
                                  ": use the verifier's key, or have the contract's owner call setVerifier");
    settings.core = self.settings.core;
    settings.folder = std::filesystem::path(flags.data) / "jobs";
    settings.trainer_program = trainer_protocol::default_trainer_program();
    settings.budget = network::budget_of_machine(settings.threads);
    settings.rules = self.settings.rules;
    settings.confirmations = self.settings.confirmations;
    const network::VerifierPorts ports{self.chain(),   self.sender(),  self.outbox(),
                                       self.storage(), system_clock(), self.pool()};
    network::Verifier verifier(ports, settings);
    http::ServerOptions listen = flags.health;
    if (auto applied = http::apply(settings, listen); applied.has_error()) co_return applied;
    Running running{std::move(settings), texts_of(config), listen.certificate};
    http::Server health(executor, std::move(listen));
    const http::WhyNotReady why_not_ready = [&verifier] { return verifier.why_not_ready(); };
    http::add_health_routes(health, why_not_ready);
    network::ServerPage page(executor, "verifier", why_not_ready, system_clock());
    page.add_routes(health);
    TaskGroup group(executor, 5);
    if (flags.health.port != 0) {
        if (auto listening = health.listen(); listening.has_error()) co_return listening;
        group.start(health.run());
    }
    end_telling_of_waiting();
    group.start(keep_service_manager_informed(system_clock()));
    group.start(self.sender().run());
    group.start(verifier.run());
    group.start(reload_on_hang_up(hang_up, [&] { return reload(flags.config, running, verifier); }));
    co_await group.join();
    co_return Result<void>{};
}

int start(const VerifierFlags& flags) {
    const auto config = flags.config.load();
    if (config.has_error()) return fail("verifier", config.error(), exit_usage);
    const auto settings = read_all(*config);
    if (settings.has_error()) return fail("verifier", settings.error(), exit_usage);
    init_logging("verifier", settings->log_level, settings->log_format);
    return run_service("verifier", [&](asio::any_io_executor) { return run_verifier(flags, *config, *settings); });
}

}  // namespace

void register_verifier(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("verifier", "check submitted JOBs: verify, rejectResult, timeout");
    command->footer(
        "SIGHUP has it read its settings again: threads, patience_ms and log_level take effect at once.\n\n"
        "Examples:\n"
        "  emeth verifier --config config/verifier.env --data ./verifier\n"
        "  emeth verifier --config config/verifier.env --data ./verifier --port 3100\n"
        "                              says at http://127.0.0.1:3100/ whether it is ready\n");
    auto flags = std::make_shared<VerifierFlags>();
    flags->config.add_to(*command, verifier_settings());
    command->add_option("--host", flags->health.host, "address to listen on for its page (/), /healthz and /readyz")
        ->capture_default_str();
    command->add_option("--port", flags->health.port, "port for them; 0: none")->capture_default_str();
    add_path(*command, "--data", flags->data, "folder of key, outbox and scratch files", "DIR");
    command->callback([flags, &invocation] { invocation.run = [flags] { return start(*flags); }; });
}

}  // namespace emeth::cli
