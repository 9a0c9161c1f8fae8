// emeth wallet: address, balances and allowance of the node's wallet.
#include "chain/amount.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "cli/operator_flags.hpp"
#include "crypto/private_key.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Shows the wallet that the settings name, and what it holds. It only reads the chain; a master may be running.\n\n"
    "Examples:\n"
    "  emeth wallet --config config/master.env\n"
    "  emeth wallet --config ./net/master.env --json\n";

struct WalletFlags {
    ConfigFlags config;
    bool json = false;
};

struct Balances {
    Wei alt, emt, allowance;
};

Task<Result<Balances>> read_balances(chain::Chain& chain, Address wallet, Address core) {
    const Result<Wei> alt = co_await chain.alt_balance(wallet);
    if (alt.has_error()) co_return alt.error();
    const Result<Wei> emt = co_await chain.emt_balance(wallet);
    if (emt.has_error()) co_return emt.error();
    const Result<Wei> allowance = co_await chain.emt_allowance(wallet, core);
    if (allowance.has_error()) co_return allowance.error();
    co_return Balances{*alt, *emt, *allowance};
}

void print(const Address& wallet, const Balances& balances, bool json) {
    if (json) {
        const boost::json::object object{{"address", crypto::checksum_address(wallet)},
                                         {"alt", chain::format_wei(balances.alt)},
                                         {"emt", chain::format_wei(balances.emt)},
                                         {"allowance", chain::format_wei(balances.allowance)}};
        fmt::print("{}\n", json_text(object));
        return;
    }
    fmt::print("address    {}\nALT        {}\nEMT        {}\nallowance  {} EMT for EmethCore\n",
               crypto::checksum_address(wallet), chain::format_coins(balances.alt), chain::format_coins(balances.emt),
               chain::format_coins(balances.allowance));
}

Task<Result<void>> show(const node::NodeConfig& config, Address wallet, bool json) {
    chain::RpcClient rpc(config.endpoint, config.request_timeout);
    chain::RpcChain chain(rpc, config.core, config.token);
    const Result<Balances> balances = co_await read_balances(chain, wallet, config.core);
    if (balances.has_error()) co_return balances.error();
    print(wallet, *balances, json);
    co_return Result<void>{};
}

int wallet(const WalletFlags& flags) {
    init_logging("wallet", "warn");
    const auto values = flags.config.load();
    if (values.has_error()) return fail("wallet", values.error(), exit_usage);
    const auto config = read_master_settings(*values);
    if (config.has_error()) return fail("wallet", config.error(), exit_usage);
    const auto key = node::read_private_key(*values);
    if (key.has_error()) return fail("wallet", key.error(), exit_usage);
    return run_task(
        "wallet", [&](asio::any_io_executor) { return show(*config, key->address(), flags.json); }, exit_unavailable);
}

}  // namespace

void register_wallet(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("wallet", "address, EMT and ALT of the node's wallet");
    command->footer(explanation);
    auto flags = std::make_shared<WalletFlags>();
    flags->config.add_to(*command, master_settings());
    command->add_flag("--json", flags->json, "amounts in wei, as one JSON object");
    command->callback([flags, &invocation] { invocation.run = [flags] { return wallet(*flags); }; });
}

}  // namespace emeth::cli
