#include "deployed_network.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>

#include "chain/encoding/abi.hpp"
#include "chain/encoding/transaction.hpp"
#include "contracts/contract_code.hpp"

namespace emeth::chain::test {
namespace {

constexpr std::uint64_t ample_gas = 6'000'000;
constexpr Milliseconds poll_interval{10};

/// Of an artifact of contracts/compile.mjs.
std::string creation_code(const std::string& contract) {
    std::ifstream file(std::string(EMETH_PUBLISHED_CONTRACTS) + "/" + contract + ".json");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return std::string(boost::json::parse(text).at("bytecode").as_string());
}

Task<Result<void>> put(storage::Outbox* outbox, std::vector<storage::OutboxEntry> entries) {
    co_return outbox->put(entries);
}

}  // namespace

DeployedNetwork::ContractCode DeployedNetwork::own_contracts() {
    return {std::string(contracts::emeth_core_creation_hex()), std::string(contracts::emeth_token_creation_hex())};
}

DeployedNetwork::ContractCode DeployedNetwork::published_contracts() {
    return {creation_code("PublishedCore"), creation_code("PublishedToken")};
}

DeployedNetwork::DeployedNetwork(const std::vector<std::string>& anvil_arguments, const ContractCode& contracts)
    : anvil(io, anvil_arguments), rpc(http::Url::parse(anvil.url()).value(), Milliseconds(10'000)) {
    for (std::size_t i = 0; i <= other; ++i) keys.push_back(emeth::test::AnvilProcess::account_key(i));
    chain = std::make_unique<RpcChain>(rpc, Address{}, Address{});
    token = deploy(contracts.token, {});
    core = deploy(contracts.core, abi::Encoder().address(token).finish());
    chain = std::make_unique<RpcChain>(rpc, core, token);
    for (const Account rich : {requester, node})
        transact(owner, token, encode_mint(address(rich), *parse_coins("1000")));
    transact(owner, token, encode_set_minter(core));
    transact(owner, core, encode_set_verifier(address(verifier)));
    transact(requester, token, encode_approve(core, *parse_coins("1000")));
    outbox = std::move(storage::Outbox::open(folder.path() / "store", storage::OpenMode::read_write)).value();
    sender = make_sender(*chain);
}

Address DeployedNetwork::deploy(std::string_view creation_hex, const Bytes& arguments) {
    Bytes code((creation_hex.size() - 2) / 2);
    EXPECT_TRUE(from_hex(creation_hex, code));
    code.insert(code.end(), arguments.begin(), arguments.end());
    const std::uint64_t nonce = run(chain->transaction_count(address(owner))).value();
    EXPECT_TRUE(transact(owner, std::nullopt, std::move(code)).succeeded);
    return created_contract(address(owner), nonce);
}

Receipt DeployedNetwork::transact(Account from, std::optional<Address> to, Bytes data) {
    Transaction transaction;
    transaction.chain_id = emeth::test::AnvilProcess::chain_id;
    transaction.nonce = run(chain->transaction_count(address(from))).value();
    transaction.fees = run(chain->fees()).value();
    transaction.gas_limit = ample_gas;
    transaction.to = to;
    transaction.data = std::move(data);
    const SignedTransaction made = sign(transaction, keys.at(from));
    run(chain->send_raw(made.raw)).value();
    for (int poll = 0; poll < 1'000; ++poll) {
        const std::optional<Receipt> receipt = run(chain->receipt(made.hash)).value();
        if (receipt) return *receipt;
        run(system_clock().sleep(poll_interval));
    }
    throw std::runtime_error("anvil does not mine " + made.hash.hex());
}

void DeployedNetwork::rpc_call(std::string method, boost::json::array params) {
    run(rpc.call(std::move(method), std::move(params))).value();
}

JobId DeployedNetwork::request(const Wei& fee, std::int64_t seconds_to_deadline) {
    JobId job;
    job.bytes.front() = 0xab;
    job.bytes.back() = ++jobs_requested_;
    const std::int64_t deadline = run(chain->latest_block())->timestamp_unix_s + seconds_to_deadline;
    const Bytes data = encode_request(job, 5, "data.txt", R"({"language":"en","epoch":2})", fee, deadline);
    EXPECT_TRUE(transact(requester, core, data).succeeded);
    return job;
}

void DeployedNetwork::process(const JobId& job, const Wei& fee) {
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    for (const storage::OutboxEntry& entry : pair) ASSERT_TRUE(outcome(entry).succeeded);
}

TxOutcome DeployedNetwork::wait_for(const storage::OutboxEntry& entry) {
    return run(sender->await_outcome(entry.nonce, entry.hash)).value();
}

long DeployedNetwork::times(const JobId& job, JobStatus status) {
    const std::vector<StatusLog> logs = run(chain->status_logs(job, 0)).value();
    return std::count_if(logs.begin(), logs.end(), [&](const StatusLog& log) { return log.status == status; });
}

std::unique_ptr<TransactionSender> DeployedNetwork::make_sender(Chain& through, std::uint64_t confirmations,
                                                                std::optional<Wei> allowance_cap) {
    SenderOptions options;
    options.chain_id = emeth::test::AnvilProcess::chain_id;
    options.confirmations = confirmations;
    options.allowance_cap = allowance_cap;
    options.poll_interval = poll_interval;
    options.rebroadcast_interval = 10 * poll_interval;
    return std::make_unique<TransactionSender>(
        io.get_executor(), SenderPorts{through, *outbox, pool, system_clock(), keys.at(node)}, options);
}

TransactionSender::Commit DeployedNetwork::into_store() {
    return [to = outbox.get()](std::vector<storage::OutboxEntry> entries) { return put(to, std::move(entries)); };
}

Intent DeployedNetwork::intent(storage::TxKind kind, Bytes data) const {
    Intent made;
    made.kind = kind;
    made.to = core;
    made.data = std::move(data);
    return made;
}

}  // namespace emeth::chain::test
