// emeth storageapi and emeth infoserver: the network's two HTTP servers by themselves.

#include <memory>

#include "chain/rpc/rpc_chain.hpp"
#include "cli/command.hpp"
#include "cli/network_settings.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/storage_settings.hpp"
#include "crypto/private_key.hpp"
#include "network/info_server/info_server.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/folder_lock.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"
#include "runtime/reload.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/shutdown.hpp"
#include "runtime/task_group.hpp"

namespace emeth::cli {

namespace {

constexpr Milliseconds rpc_timeout{10'000};

struct ServerFlags {
    ConfigFlags config;
    http::ServerOptions listen;
    std::string data;
    std::uint64_t start_block = 0;  ///< of the info server alone

    void add_to(CLI::App& command, std::vector<SettingDeclaration> settings) {
        config.add_to(command, std::move(settings));
        command.add_option("--host", listen.host, "address to listen on")->capture_default_str();
        command.add_option("--port", listen.port, "port to listen on")->capture_default_str();
    }
};

/// The chain that a server reads.
struct ChainReader {
    chain::RpcClient rpc;
    chain::RpcChain chain;
    explicit ChainReader(const NetworkSettings& settings)
        : rpc(settings.endpoint, rpc_timeout), chain(rpc, settings.core, settings.token) {}
};

/// A server's settings, all checked, and its data folder, locked.
template <class Settings>
struct Prepared {
    Settings settings;
    http::ServerOptions listen;
    FolderLock lock;
};

template <class Settings>
Result<Prepared<Settings>> prepare(const ServerFlags& flags, const SettingsTable<Settings>& table) {
    const auto config = flags.config.load();
    if (config.has_error()) return config.error();
    Settings settings;
    if (auto read = read_settings(*config, table, settings); read.has_error()) return read.error();
    http::ServerOptions listen = flags.listen;
    if (auto applied = http::apply(settings, listen); applied.has_error()) return applied.error();
    if (auto made = create_folder(flags.data, 0700); made.has_error()) return made.error();
    auto lock = FolderLock::acquire(flags.data);
    if (lock.has_error()) return lock.error();
    return Prepared<Settings>{std::move(settings), std::move(listen), std::move(*lock)};
}

/// Runs `serving`, and reads the certificate again at SIGHUP: the only thing that a server takes over while it runs.
Task<> serve(Task<> serving, HangUp& hang_up, std::shared_ptr<http::ServerCertificate> certificate) {
    TaskGroup group(co_await asio::this_coro::executor, 3);
    group.start(keep_service_manager_informed(system_clock()));
    group.start(std::move(serving));
    group.start(reload_on_hang_up(hang_up, [certificate]() -> Result<void> {
        if (!certificate) return {};
        auto reloaded = certificate->reload();
        if (reloaded.has_value()) spdlog::info("the TLS certificate was read again");
        return reloaded;
    }));
    co_await group.join();
}

Task<Result<void>> run_storage_api(std::shared_ptr<ServerFlags> flags) {
    const auto executor = co_await asio::this_coro::executor;
    HangUp hang_up(executor);  // from now on SIGHUP ends nothing
    const auto prepared = prepare(*flags, storage_table());
    if (prepared.has_error()) co_return prepared.error();
    const auto& [settings, listen, lock] = *prepared;
    auto object_store = object_store_of(settings);
    if (object_store.has_error()) co_return object_store.error();
    ChainReader reader(settings);
    BlockingPool pool(2);
    network::StorageApiOptions options;
    options.listen = listen;
    options.folder = std::filesystem::path(flags->data) / "objects";
    options.limits = settings;
    options.chain_id = settings.chain_id;
    options.s3 = std::move(*object_store);
    const network::StorageApiPorts ports{reader.chain, system_clock(), system_random(), pool};
    network::StorageApiServer server(executor, ports, std::move(options));
    if (auto listening = server.listen(); listening.has_error()) co_return listening;
    end_telling_of_waiting();
    spdlog::info("Storage API at {}", server.url());
    co_await serve(server.run(), hang_up, listen.certificate);
    co_return Result<void>{};
}

Task<Result<void>> run_info_server(std::shared_ptr<ServerFlags> flags) {
    const auto executor = co_await asio::this_coro::executor;
    HangUp hang_up(executor);  // from now on SIGHUP ends nothing
    const auto prepared = prepare(*flags, server_table());
    if (prepared.has_error()) co_return prepared.error();
    const auto& [settings, listen, lock] = *prepared;
    ChainReader reader(settings);
    // sizeOf is public: the key of this client signs nothing.
    const auto key = crypto::PrivateKey::generate(system_random());
    api_client::StorageApiClient storage(settings.storage_api, key, system_clock());
    BlockingPool pool(2);
    network::InfoServerOptions options;
    options.listen = listen;
    options.folder = std::filesystem::path(flags->data) / "joblist";
    options.index.start_block = flags->start_block;
    options.index.core = settings.core;
    options.index.chain_id = settings.chain_id;
    const network::InfoServerPorts ports{reader.chain, storage, system_clock(), pool};
    network::InfoServerService service(executor, ports, std::move(options));
    if (auto listening = service.listen(); listening.has_error()) co_return listening;
    end_telling_of_waiting();
    spdlog::info("JOB info server at {}", service.url());
    co_await serve(service.run(), hang_up, listen.certificate);
    co_return Result<void>{};
}

}  // namespace

void register_storage_api(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("storageapi", "serve datasets and results as the chain allows");
    command->footer(
        "Example:\n  emeth storageapi --config config/server.env --data ./storage --port 4000\n"
        "A browser finds at http://127.0.0.1:4000/ whether it is ready.\n");
    auto flags = std::make_shared<ServerFlags>();
    flags->listen.port = 4'000;
    flags->data = ".emeth/storage";
    flags->add_to(*command, declared(storage_table()));
    command
        ->add_option("--public-url", flags->listen.public_url,
                     "how clients reach it through a reverse proxy; the signed URLs begin with it")
        ->type_name("URL");
    add_path(*command, "--data", flags->data, "folder of the objects, or of what is kept beside an object store",
             "DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("storageapi", "info");
            return run_service("storageapi", [flags](asio::any_io_executor) { return run_storage_api(flags); });
        };
    });
}

void register_info_server(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("infoserver", "serve the list of JOBs");
    command->footer(
        "Example:\n  emeth infoserver --config net.env --data ./joblist --port 3000\n"
        "A browser finds at http://127.0.0.1:3000/ whether it is ready.\n");
    auto flags = std::make_shared<ServerFlags>();
    flags->listen.port = 3'000;
    flags->data = ".emeth/infoserver";
    flags->add_to(*command, declared(server_table()));
    add_path(*command, "--data", flags->data, "folder of the list", "DIR");
    command
        ->add_option("--start-block", flags->start_block,
                     "block of the contract's deployment; earlier ones are not read")
        ->capture_default_str();
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("infoserver", "info");
            return run_service("infoserver", [flags](asio::any_io_executor) { return run_info_server(flags); });
        };
    });
}

}  // namespace emeth::cli
