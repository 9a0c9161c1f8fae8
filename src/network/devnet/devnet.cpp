#include "network/devnet/devnet.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <optional>
#include <utility>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "crypto/key_file.hpp"
#include "http/foreign_page.hpp"
#include "http/forwarded.hpp"
#include "network/devnet/anvil.hpp"
#include "network/devnet/deployment.hpp"
#include "network/devnet/free_port.hpp"
#include "network/devnet/network_view.hpp"
#include "network/info_server/info_server.hpp"
#include "network/requester/requester_bot.hpp"
#include "network/server_page.hpp"
#include "network/storage_api/storage_api_server.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/folder_lock.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/task_group.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::network {

namespace {

constexpr std::size_t record_bytes_max = 64 << 10;
constexpr std::size_t parts_max = 8;
constexpr std::size_t pool_threads = 2;

/// What a folder remembers between starts: <folder>/devnet.json.
struct Record {
    std::optional<Deployment> deployment;
    std::uint16_t rpc_port = 0, storage_port = 0, info_port = 0;
};

Result<Record> load_record(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return Record{};
    const auto text = read_file(file, record_bytes_max);
    if (text.has_error()) return text.error();
    const auto json = parse_json(*text, record_bytes_max, file.string());
    if (json.has_error()) return json.error();
    JsonObject fields(*json, file.string());
    Record record;
    record.deployment = Deployment{fields.fixed<Address>("core"), fields.fixed<Address>("token")};
    record.rpc_port = static_cast<std::uint16_t>(fields.u64("rpc_port", 1, 65'535));
    record.storage_port = static_cast<std::uint16_t>(fields.u64("storage_port", 1, 65'535));
    record.info_port = static_cast<std::uint16_t>(fields.u64("info_port", 1, 65'535));
    if (auto check = fields.check(); check.has_error()) return check.error();
    return record;
}

Result<void> save_record(const std::filesystem::path& file, const Record& record) {
    const boost::json::object json{{"core", record.deployment->core.hex()},
                                   {"token", record.deployment->token.hex()},
                                   {"rpc_port", record.rpc_port},
                                   {"storage_port", record.storage_port},
                                   {"info_port", record.info_port}};
    return write_file_durably(file, json_text(json) + "\n");
}

/// The requested port if there is one, else the one last used in this folder, else a free one.
Result<std::uint16_t> choose_port(const asio::any_io_executor& executor, std::uint16_t wanted, std::uint16_t last) {
    if (wanted != 0) return wanted;
    if (last != 0) return last;
    return free_port(executor);
}

Task<http::Answer> sent_on(std::string url) {
    http::ServerResponse response;
    response.status = 302;
    response.headers["location"] = std::move(url);
    response.headers["cache-control"] = "no-store";
    co_return response;
}

/// A participant in the network with its own key and its own durable outbox.
struct Actor {
    crypto::PrivateKey key;
    std::unique_ptr<storage::Outbox> outbox;
    std::unique_ptr<api_client::StorageApiClient> storage;
    std::unique_ptr<chain::TransactionSender> sender;
};

}  // namespace

struct Devnet::Impl {
    DevnetOptions options;
    asio::any_io_executor executor;
    FolderLock lock;
    BlockingPool pool{pool_threads};
    std::optional<Anvil> anvil;
    Deployment deployment;
    http::Url endpoint, storage_url, info_url;
    std::optional<chain::RpcChain> rpc_chain;
    std::optional<Actor> verifier_actor, requester_actor;
    std::optional<StorageApiServer> storage_server;
    std::optional<web::SnapshotFeed> network_feed;  ///< what `network_view` sees
    std::optional<InfoServerService> info_service;
    std::optional<Verifier> verifier;
    std::optional<NetworkView> network_view;  ///< before the first request
    std::optional<Requester> requester;

    Impl(DevnetOptions chosen, asio::any_io_executor io, FolderLock held)
        : options(std::move(chosen)), executor(std::move(io)), lock(std::move(held)) {}

    Task<Result<void>> start();
    Task<Result<Record>> start_chain();
    Task<Result<void>> fund(Address account, Wei alt, Wei emt);
    Task<Result<void>> fund_actors();
    Result<void> start_servers(const Record& record);
    void send_on_to_network_page(http::Server& server);
    Result<Actor> make_actor(const std::string& name);
    Task<Result<void>> run_anvil();
    Task<Result<void>> run_parts();
};

Result<Actor> Devnet::Impl::make_actor(const std::string& name) {
    const auto folder = options.folder / name;
    if (auto made = create_folder(folder, 0700); made.has_error()) return made.error();
    auto key = crypto::load_or_generate_key_file(folder / "key", system_random());
    if (key.has_error()) return key.error();
    auto outbox = storage::Outbox::open(folder / "store", storage::OpenMode::read_write);
    if (outbox.has_error()) return outbox.error();
    return Actor{std::move(*key), std::move(*outbox), nullptr, nullptr};
}

Task<Result<void>> Devnet::Impl::fund(Address account, Wei alt, Wei emt) {
    boost::json::array balance_parameters{account.hex(), alt.hex()};
    const auto set = co_await anvil->rpc().call("anvil_setBalance", std::move(balance_parameters));
    if (set.has_error()) co_return set.error();
    std::string mint = to_hex(chain::encode_mint(account, emt));
    const auto minted =
        co_await send_unlocked(anvil->rpc(), anvil->unlocked_account(), deployment.token.hex(), std::move(mint));
    if (minted.has_error()) co_return in_context("mint", minted.error());
    co_return Result<void>{};
}

Task<Result<void>> Devnet::Impl::fund_actors() {
    const Wei alt = *chain::parse_coins("1000");
    const auto verifier_funded = co_await fund(verifier_actor->key.address(), alt, Wei{});
    if (verifier_funded.has_error()) co_return verifier_funded.error();
    co_return co_await fund(requester_actor->key.address(), alt, *chain::parse_coins("1000000"));
}

Task<Result<Record>> Devnet::Impl::start_chain() {
    auto record = load_record(options.folder / "devnet.json");
    if (record.has_error()) co_return record.error();
    const auto port = choose_port(executor, options.rpc_port, record->rpc_port);
    if (port.has_error()) co_return port.error();
    record->rpc_port = *port;
    AnvilOptions anvil_options{options.anvil,
                               options.folder / "anvil-state.json",
                               options.folder / "anvil.log",
                               *port,
                               options.chain_id,
                               options.block_interval_s};
    auto started = co_await Anvil::start(std::move(anvil_options));
    if (started.has_error()) co_return started.error();
    anvil.emplace(std::move(*started));
    endpoint = anvil->rpc().endpoint();
    const bool first_start = !record->deployment;
    if (!first_start) {
        const auto found = co_await check_deployment(anvil->rpc(), *record->deployment);
        if (found.has_error()) co_return found.error();
    } else {
        auto deployed = co_await deploy(anvil->rpc(), anvil->unlocked_account(), verifier_actor->key.address());
        if (deployed.has_error()) co_return deployed.error();
        record->deployment = *deployed;
    }
    deployment = *record->deployment;
    rpc_chain.emplace(anvil->rpc(), deployment.core, deployment.token);
    if (first_start) {
        const auto funded = co_await fund_actors();
        if (funded.has_error()) co_return funded.error();
    }
    co_return *record;
}

Result<void> Devnet::Impl::start_servers(const Record& record) {
    StorageApiOptions storage_options;
    storage_options.listen.port = record.storage_port;
    storage_options.listen.public_url = options.storage_public_url;
    storage_options.folder = options.folder / "objects";
    storage_options.chain_id = options.chain_id;
    storage_options.add_page = [this](http::Server& server) { send_on_to_network_page(server); };
    storage_server.emplace(executor, StorageApiPorts{*rpc_chain, system_clock(), system_random(), pool},
                           std::move(storage_options));
    if (auto listening = storage_server->listen(); listening.has_error()) return listening;
    auto storage_text = http::Url::parse(storage_server->url());
    if (storage_text.has_error()) return storage_text.error();
    storage_url = *storage_text;

    for (Actor* actor : {&*verifier_actor, &*requester_actor}) {
        chain::SenderOptions sender_options;
        sender_options.chain_id = options.chain_id;
        sender_options.poll_interval = Milliseconds(300);
        actor->storage = std::make_unique<api_client::StorageApiClient>(storage_url, actor->key, system_clock());
        const chain::SenderPorts ports{*rpc_chain, *actor->outbox, pool, system_clock(), actor->key};
        actor->sender = std::make_unique<chain::TransactionSender>(executor, ports, sender_options);
    }

    InfoServerOptions info_options;
    info_options.listen.port = record.info_port;
    info_options.folder = options.folder / "joblist";
    info_options.index.core = deployment.core;
    info_options.index.chain_id = options.chain_id;
    info_options.add_page = [this, host = info_options.listen.host](http::Server& server) {
        add_network_page(server, *network_feed, [host](const http::ServerRequest& request) {
            if (auto known = http::refuse_unnamed_proxy(request); known.has_error()) return known;
            const http::OrRefusal<void> named = http::refuse_foreign_host(request, host);
            return named.has_error() ? named : http::refuse_foreign_page(request);
        });
    };
    network_feed.emplace(executor, [this] { return network_view->look(); }, system_clock());
    info_service.emplace(executor, InfoServerPorts{*rpc_chain, *requester_actor->storage, system_clock(), pool},
                         std::move(info_options));
    if (auto listening = info_service->listen(); listening.has_error()) return listening;
    auto info_text = http::Url::parse(info_service->url());
    if (info_text.has_error()) return info_text.error();
    info_url = *info_text;

    VerifierOptions verifier_options;
    verifier_options.core = deployment.core;
    verifier_options.folder = options.folder / "verifier" / "jobs";
    verifier_options.trainer_program = trainer_protocol::default_trainer_program();
    verifier_options.rules = options.rules;
    verifier_options.threads = options.verifier_threads;
    verifier_options.patience = Milliseconds(std::int64_t{1'000} * options.verifier_patience_s);
    verifier_options.budget = budget_of_machine(options.verifier_threads);
    const VerifierPorts verifier_ports{
        *rpc_chain, *verifier_actor->sender, *verifier_actor->outbox, *verifier_actor->storage, system_clock(), pool};
    verifier.emplace(verifier_ports, std::move(verifier_options));
    requester.emplace(RequesterPorts{*rpc_chain, *requester_actor->sender, *requester_actor->storage, system_random()},
                      deployment.core, deployment.token);
    network_view.emplace(
        NetworkParts{*rpc_chain, *info_service, *storage_server, *verifier, system_clock()},
        NetworkNames{options.chain_id, deployment.core, deployment.token, verifier_actor->key.address(),
                     endpoint.text(), storage_url.text(), info_url.text()});
    return {};
}

/// The page is at the JOB info server's /.
void Devnet::Impl::send_on_to_network_page(http::Server& server) {
    server.route("GET", "/", 0, [this](http::ServerRequest) { return sent_on(info_url.text()); });
}

Task<Result<void>> Devnet::Impl::start() {
    for (auto [name, actor] : {std::pair{"verifier", &verifier_actor}, std::pair{"requester", &requester_actor}}) {
        auto made = make_actor(name);
        if (made.has_error()) co_return made.error();
        actor->emplace(std::move(*made));
    }
    auto record = co_await start_chain();
    if (record.has_error()) co_return record.error();
    for (auto [port, wanted] :
         {std::pair{&record->storage_port, options.storage_port}, std::pair{&record->info_port, options.info_port}}) {
        const auto chosen = choose_port(executor, wanted, *port);
        if (chosen.has_error()) co_return chosen.error();
        *port = *chosen;
    }
    if (auto saved = save_record(options.folder / "devnet.json", *record); saved.has_error()) co_return saved;
    co_return start_servers(*record);
}

Task<Result<void>> Devnet::Impl::run_anvil() {
    const ChildEnd end = co_await anvil->wait();
    co_return permanent_error("anvil ended by " + end.describe() + "; see " + (options.folder / "anvil.log").string());
}

Task<Result<void>> Devnet::Impl::run_parts() {
    TaskGroup parts(executor, parts_max);
    parts.start(storage_server->run());
    parts.start(info_service->run());
    parts.start(verifier_actor->sender->run());
    parts.start(requester_actor->sender->run());
    parts.start(verifier->run());
    if (options.requester_interval_s > 0) {
        RequesterBotOptions bot;
        bot.texts = options.folder / "texts";
        bot.interval_s = options.requester_interval_s;
        bot.terms.gas_price = *chain::parse_coins("2");
        bot.terms.fee_min = *chain::parse_coins("20");
        parts.start(run_requester_bot(*requester, system_clock(), std::move(bot)));
    }
    co_await parts.join();
    co_return Result<void>{};
}

Devnet::Devnet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Devnet::~Devnet() = default;

Task<Result<std::unique_ptr<Devnet>>> Devnet::start(DevnetOptions options) {
    if (auto made = create_folder(options.folder, 0700); made.has_error()) co_return made.error();
    auto lock = FolderLock::acquire(options.folder);
    if (lock.has_error()) co_return lock.error();
    const auto executor = co_await asio::this_coro::executor;
    std::unique_ptr<Devnet> devnet(new Devnet(std::make_unique<Impl>(std::move(options), executor, std::move(*lock))));
    const auto started = co_await devnet->impl_->start();
    if (started.has_error()) co_return started.error();
    co_return devnet;
}

Task<Result<void>> Devnet::run() {
    Task<Result<void>> parts = impl_->run_parts();
    Task<Result<void>> anvil_end = impl_->run_anvil();
    co_return co_await race(std::move(parts), std::move(anvil_end));
}

Task<> Devnet::stop() {
    if (impl_->anvil) co_await impl_->anvil->stop();
}

const http::Url& Devnet::endpoint() const {
    return impl_->endpoint;
}
const http::Url& Devnet::storage_api() const {
    return impl_->storage_url;
}
const http::Url& Devnet::info_server() const {
    return impl_->info_url;
}
Address Devnet::core() const {
    return impl_->deployment.core;
}
Address Devnet::token() const {
    return impl_->deployment.token;
}
Address Devnet::verifier() const {
    return impl_->verifier_actor->key.address();
}
Address Devnet::requester_address() const {
    return impl_->requester_actor->key.address();
}
chain::RpcChain& Devnet::chain() {
    return *impl_->rpc_chain;
}
Requester& Devnet::requester() {
    return *impl_->requester;
}

Task<Result<void>> Devnet::fund(Address account, Wei alt, Wei emt) {
    return impl_->fund(account, alt, emt);
}

Task<Result<void>> Devnet::advance_time_to(std::int64_t unix_s) {
    const auto latest = co_await chain().latest_block();
    if (latest.has_error()) co_return latest.error();
    if (latest->timestamp_unix_s >= unix_s) co_return Result<void>{};
    boost::json::array parameters{unix_s};
    const auto set = co_await impl_->anvil->rpc().call("anvil_setTime", std::move(parameters));
    if (set.has_error()) co_return set.error();
    const auto mined = co_await impl_->anvil->rpc().call("evm_mine", {});
    if (mined.has_error()) co_return mined.error();
    co_return Result<void>{};
}

std::string Devnet::node_settings() const {
    const trainer_protocol::NetworkRules& rules = impl_->options.rules;
    std::string settings = fmt::format(
        "endpoint={}\nchain_id={}\nemethContractAddress={}\ntokenContractAddress={}\nstorageApi={}\ninfo_server_url={}"
        "\ndefault_model={}\nconfirmations=2\nverdict_confirmations=2\n",
        endpoint().text(), impl_->options.chain_id, core().hex(), token().hex(), storage_api().text(),
        info_server().text(), rules.default_model);
    // Where they differ from what every node has.
    const trainer_protocol::NetworkRules usual;
    if (rules.draws != usual.draws) settings += fmt::format("verification_draws={}\n", rules.draws);
    if (rules.epochs_min != usual.epochs_min) settings += fmt::format("n_epoch={}\n", rules.epochs_min);
    return settings;
}

}  // namespace emeth::network
