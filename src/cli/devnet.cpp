// emeth devnet: the whole network on loopback.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "chain/amount.hpp"
#include "cli/anvil_program.hpp"
#include "cli/command.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "crypto/key_file.hpp"
#include "network/devnet/devnet.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/random.hpp"
#include "runtime/shutdown.hpp"

namespace emeth::cli {

namespace {

struct DevnetFlags {
    std::string data = ".emeth/devnet";
    network::DevnetOptions options;
    std::string anvil;
};

constexpr const char* examples =
    "Starts anvil, deploys the contracts, and serves the Storage API, the JOB info server and the verifier, all on "
    "127.0.0.1.\n"
    "Its page, at the JOB info server's address, shows JOBs, verdicts, storage and chain in a browser.\n"
    "The folder keeps everything: a later start with the same --data continues where this one ended.\n\n"
    "Examples:\n"
    "  emeth devnet --data ./net --requests-every 60   a JOB a minute, of the texts\n"
    "                                                  in ./net/texts\n"
    "  emeth devnet --data ./net --info-port 3000    page: http://127.0.0.1:3000/\n"
    "  emeth master --config ./net/master.env --data ./node --local-workers 2\n"
    "  emeth worker --config ./net/worker.env --data ./worker\n"
    "  emeth request --config ./net/requester.env --data ./requester book.txt\n";

/// The key in `file`; a new one is made and given ALT for gas and EMT.
Task<Result<Address>> funded_key(network::Devnet& devnet, std::filesystem::path file) {
    const bool is_new = !std::filesystem::exists(file);
    const auto key = crypto::load_or_generate_key_file(file, system_random());
    if (key.has_error()) co_return key.error();
    const Address address = key->address();
    if (is_new) {
        const auto funded = co_await devnet.fund(address, *chain::parse_coins("100"), *chain::parse_coins("10000"));
        if (funded.has_error()) co_return funded.error();
    }
    co_return address;
}

/// A key for a node and one for a requester, and settings with which a master, a worker of it and a requester join as
/// they are: <folder>/master.env, worker.env and requester.env.
Task<Result<void>> prepare_settings(network::Devnet& devnet, std::filesystem::path folder) {
    const auto node = co_await funded_key(devnet, folder / "node.key");
    if (node.has_error()) co_return node.error();
    const auto requester = co_await funded_key(devnet, folder / "requester.key");
    if (requester.has_error()) co_return requester.error();
    const auto key_line = [&folder](const char* name) {
        return fmt::format("privateKey_file={}\n", (folder / name).string());
    };
    const std::string network = devnet.node_settings();
    const std::pair<const char*, std::string> files[] = {
        {"master.env", network + key_line("node.key") + "max_fee=100000000000000000000\nworker_whitelist=127.0.0.1\n"},
        {"worker.env", fmt::format("master_node_url=http://127.0.0.1:5000\nmaster_address={}\n", node->hex())},
        {"requester.env", network + key_line("requester.key")}};
    for (const auto& [name, text] : files)
        if (auto written = write_file_durably(folder / name, text, 0600); written.has_error()) co_return written;
    co_return Result<void>{};
}

Task<Result<void>> until_signal(Shutdown& shutdown) {
    co_await shutdown.wait();
    co_return Result<void>{};
}

Task<Result<void>> run_devnet(DevnetFlags flags) {
    Shutdown shutdown(co_await asio::this_coro::executor);
    auto anvil = find_anvil(flags.anvil);
    if (anvil.has_error()) co_return anvil.error();
    flags.options.anvil = *anvil;
    flags.options.folder = flags.data;
    if (auto made = create_folder(std::filesystem::path(flags.data) / "texts"); made.has_error()) co_return made;
    auto devnet = co_await network::Devnet::start(flags.options);
    if (devnet.has_error()) co_return devnet.error();
    network::Devnet& network = **devnet;
    Result<void> outcome = co_await prepare_settings(network, flags.data);
    if (outcome.has_value()) {
        end_telling_of_waiting();
        fmt::print(
            "endpoint        {}\nEmethCore       {}\nEMT             {}\nStorage API     {}\nJOB info server "
            "{}\nnetwork page    {}\nsettings        {}\n",
            network.endpoint().text(), network.core().hex(), network.token().hex(), network.storage_api().text(),
            network.info_server().text(), network.info_server().text(),
            (std::filesystem::path(flags.data) / "{master,worker,requester}.env").string());
        fmt::print(
            "join it: emeth master --config {}/master.env --data ./node --local-workers 1\nCtrl-C ends everything.\n",
            flags.data);
        std::fflush(stdout);
        Task<Result<void>> serving = network.run();
        Task<Result<void>> signal = until_signal(shutdown);
        outcome = co_await race(std::move(serving), std::move(signal));
    }
    co_await network.stop();
    co_return outcome;
}

}  // namespace

void register_devnet(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("devnet", "the whole network on this machine");
    command->footer(examples);
    auto flags = std::make_shared<DevnetFlags>();
    add_path(*command, "--data", flags->data, "folder of the network's state", "DIR");
    command
        ->add_option("--rpc-port", flags->options.rpc_port,
                     "port of the chain's endpoint; 0: the last one, else a free one")
        ->capture_default_str();
    command->add_option("--storage-port", flags->options.storage_port, "port of the Storage API")
        ->capture_default_str();
    command
        ->add_option("--info-port", flags->options.info_port, "port of the JOB info server and of the network's page")
        ->capture_default_str();
    command->add_option("--block-interval", flags->options.block_interval_s, "seconds between blocks")
        ->capture_default_str()
        ->check(CLI::Range(1, 60));
    command
        ->add_option("--verifier-patience", flags->options.verifier_patience_s,
                     "seconds that a submitted artifact, or the evidence for it, may be missing before it is rejected")
        ->capture_default_str()
        ->check(CLI::Range(1, 7 * 86'400));
    command
        ->add_option("--requests-every", flags->options.requester_interval_s,
                     "seconds between JOBs of the requester bot; 0: none. Texts: <data>/texts")
        ->capture_default_str();
    command->add_option("--anvil", flags->anvil, "anvil program; else contracts/node_modules/.bin/anvil, else PATH")
        ->type_name("FILE");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("devnet", "info");
            return run_to_end("devnet", [flags](asio::any_io_executor) { return run_devnet(*flags); });
        };
    });
}

}  // namespace emeth::cli
