// emeth verifier: checks submitted JOBs of a network.
#include <memory>

#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/verifier_settings.hpp"
#include "http/health_routes.hpp"
#include "http/server.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/log.hpp"
#include "runtime/task_group.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::cli {

namespace {

struct VerifierFlags {
    ConfigFlags config;
    std::string data = ".emeth/verifier";
    http::ServerOptions health;  ///< for /healthz and /readyz; port 0: nobody is listened to
};

Task<Result<void>> run_verifier(std::shared_ptr<VerifierFlags> flags) {
    auto config = flags->config.load();
    if (config.has_error()) co_return config.error();
    network::VerifierOptions options;
    if (auto read = read_settings(*config, verifier_table(), options); read.has_error()) co_return read.error();
    auto actor = co_await NetworkActor::open(*config, flags->data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    if (self.constants.verifier != self.sender().address())
        co_return permanent_error("the contract's verifier is " + self.constants.verifier.hex() + ", this key is " +
                                  self.sender().address().hex() +
                                  ": use the verifier's key, or have the contract's owner call setVerifier");
    options.core = self.settings.core;
    options.folder = std::filesystem::path(flags->data) / "jobs";
    options.trainer_program = trainer_protocol::default_trainer_program();
    options.budget = network::budget_of_machine(options.threads);
    options.rules = self.settings.rules;
    options.confirmations = self.settings.confirmations;
    const network::VerifierPorts ports{self.chain(), self.sender(), self.storage(), system_clock(), self.pool()};
    network::Verifier verifier(ports, std::move(options));
    const auto executor = co_await asio::this_coro::executor;
    http::Server health(executor, flags->health);
    http::add_health_routes(health, [&verifier] { return verifier.why_not_ready(); });
    TaskGroup group(executor, 3);
    if (flags->health.port != 0) {
        if (auto listening = health.listen(); listening.has_error()) co_return listening;
        group.start(health.run());
    }
    end_telling_of_waiting();
    group.start(self.sender().run());
    group.start(verifier.run());
    co_await group.join();
    co_return Result<void>{};
}

}  // namespace

void register_verifier(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("verifier", "check submitted JOBs: verify, rejectResult, timeout");
    command->footer("Example:\n  emeth verifier --config config/verifier.env --data ./verifier\n");
    auto flags = std::make_shared<VerifierFlags>();
    flags->config.add_to(*command, verifier_settings());
    command->add_option("--host", flags->health.host, "address to listen on for /healthz and /readyz")
        ->capture_default_str();
    command->add_option("--port", flags->health.port, "port for them; 0: none")->capture_default_str();
    add_path(*command, "--data", flags->data, "folder of key, outbox and scratch files", "DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("verifier", "info");
            return run_service("verifier", [flags](asio::any_io_executor) { return run_verifier(flags); });
        };
    });
}

}  // namespace emeth::cli
