#include "chain/rpc/rpc_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/emeth_core_views.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "chain/fee_policy.hpp"
#include "chain/rpc/log_ranges.hpp"
#include "chain/rpc/rpc_json.hpp"

namespace emeth::chain {
namespace {

namespace json = boost::json;

constexpr std::uint64_t rate_max = 10 * rate_denominator;  // no credible rate exceeds ten times the deposit

json::object call_object(const std::optional<Address>& from, const Address& to, const Bytes& data) {
    json::object call{{"to", to.hex()}, {"data", to_hex(data)}};
    if (from) call["from"] = from->hex();
    return call;
}

Result<void> check_rate(std::uint64_t rate, const char* name) {
    if (rate <= rate_max) return {};
    return permanent_error(
        fmt::format("{} of the EmethCore contract is {}, more than ten times {}; check `emethContractAddress`", name,
                    rate, rate_denominator));
}

std::vector<StatusLog> statuses_in(const std::vector<Log>& logs) {
    std::vector<StatusLog> statuses;
    for (const Log& log : logs)
        if (const std::optional<StatusEvent> event = parse_status_event(log))
            statuses.push_back({event->status, event->node, log.block, log.transaction, log.block_hash, event->job});
    return statuses;
}

}  // namespace

RpcChain::RpcChain(RpcClient& rpc, Address core, Address token) : rpc_(rpc), core_(core), token_(token) {}

Task<Result<std::uint64_t>> RpcChain::chain_id() {
    const Result<json::value> answer = co_await rpc_.call("eth_chainId", json::array());
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_quantity(*answer, rpc_.describe("eth_chainId"));
}

Task<Result<Block>> RpcChain::latest_block() {
    const Result<std::optional<rpc::BlockHeader>> latest = co_await header("latest");
    if (latest.has_error()) co_return latest.error();
    if (!*latest) co_return transient_error(rpc_.describe("eth_getBlockByNumber") + " answered no latest block");
    co_return (*latest)->block;
}

Task<Result<std::optional<Block>>> RpcChain::block(std::uint64_t number) {
    const Result<std::optional<rpc::BlockHeader>> found = co_await header(rpc::quantity(number));
    if (found.has_error()) co_return found.error();
    if (!*found) co_return std::optional<Block>();
    const Block& block = (*found)->block;
    if (block.number != number) {
        co_return transient_error(fmt::format("{} answered block {} when asked for {}",
                                              rpc_.describe("eth_getBlockByNumber"), block.number, number));
    }
    co_return std::optional(block);
}

Task<Result<std::optional<rpc::BlockHeader>>> RpcChain::header(std::string tag) {
    json::array params{tag, false};
    const Result<json::value> answer = co_await rpc_.call("eth_getBlockByNumber", std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_block(*answer, rpc_.describe("eth_getBlockByNumber"));
}

Task<Result<Constants>> RpcChain::constants() {
    const Result<void> checked = co_await check_contracts();
    if (checked.has_error()) co_return checked.error();
    Constants constants;
    constants.core = core_;
    constants.token = token_;
    const struct {
        const char* name;
        std::uint64_t Constants::* member;
    } rates[] = {{"DEPOSIT_RATE", &Constants::deposit_rate},
                 {"TIMEOUT_PENALTY_RATE", &Constants::timeout_penalty_rate},
                 {"DECLINE_PENALTY_RATE", &Constants::decline_penalty_rate},
                 {"FAILED_PENALTY_RATE", &Constants::failed_penalty_rate}};
    for (const auto& rate : rates) {
        Bytes call = abi::Encoder(std::string(rate.name) + "()").finish();
        const Result<std::uint64_t> value = co_await view(core_, std::move(call), rate.name, &abi::Decoder::number);
        if (value.has_error()) co_return value.error();
        if (const Result<void> sane = check_rate(*value, rate.name); sane.has_error()) co_return sane.error();
        constants.*rate.member = *value;
    }
    Bytes fee_call = abi::Encoder("VERIFIER_FEE()").finish();
    const Result<Wei> fee = co_await view(core_, std::move(fee_call), "VERIFIER_FEE", &abi::Decoder::amount);
    if (fee.has_error()) co_return fee.error();
    constants.verifier_fee = *fee;
    Bytes verifier_call = abi::Encoder("verifier()").finish();
    const Result<Address> verifier = co_await view(core_, std::move(verifier_call), "verifier", &abi::Decoder::address);
    if (verifier.has_error()) co_return verifier.error();
    constants.verifier = *verifier;
    co_return constants;
}

Task<Result<void>> RpcChain::check_contracts() {
    const Result<void> core = co_await check_is_contract(core_, "emethContractAddress");
    if (core.has_error()) co_return core.error();
    const Result<void> token = co_await check_is_contract(token_, "tokenContractAddress");
    if (token.has_error()) co_return token.error();
    Bytes call = abi::Encoder("emtToken()").finish();
    const Result<Address> paired = co_await view(core_, std::move(call), "emtToken", &abi::Decoder::address);
    if (paired.has_error() && paired.error().kind == ErrorKind::permanent) {
        auto explaining = no_core(paired.error());
        co_return co_await std::move(explaining);
    }
    if (paired.has_error()) co_return paired.error();
    if (*paired != token_) {
        co_return permanent_error(
            fmt::format("emethContractAddress {} uses token {}, but tokenContractAddress is {}; correct one of them",
                        core_.hex(), paired->hex(), token_.hex()));
    }
    co_return Result<void>();
}

/// Says what else the address may be. Contracts answer a call that they do not know by a revert or by nothing.
Task<Error> RpcChain::no_core(Error failure) {
    Bytes call = abi::Encoder("emtToken()").finish();
    const Result<Address> paired = co_await view(token_, std::move(call), "emtToken", &abi::Decoder::address);
    const bool are_swapped = paired.has_value() && *paired == core_;
    co_return permanent_error(
        fmt::format("emethContractAddress {} is no EmethCore contract ({}); {}", core_.hex(), failure.message,
                    are_swapped       ? "it and tokenContractAddress are swapped"
                    : core_ == token_ ? "it is the address of the token, as in tokenContractAddress"
                                      : "check the address"));
}

Task<Result<void>> RpcChain::check_is_contract(Address address, const char* setting) {
    json::array params{address.hex(), "latest"};
    const Result<json::value> answer = co_await rpc_.call("eth_getCode", std::move(params));
    if (answer.has_error()) co_return answer.error();
    const Result<Bytes> code = rpc::read_bytes(*answer, rpc_.describe("eth_getCode"));
    if (code.has_error()) co_return code.error();
    if (!code->empty()) co_return Result<void>();
    const Result<std::uint64_t> chain = co_await chain_id();
    const std::string on = chain ? fmt::format("chain {}", *chain) : "this chain";
    co_return permanent_error(fmt::format("{} {} is no contract on {} ({}); check the address and `endpoint`", setting,
                                          address.hex(), on, rpc_.endpoint().origin()));
}

Task<Result<JobRecord>> RpcChain::job(JobId id) {
    return job_at(id, "latest");
}

Task<Result<std::optional<JobId>>> RpcChain::job_index(std::uint64_t index) {
    Bytes call = abi::Encoder("jobIndexes(uint256)").number(index).finish();
    json::array params{call_object(std::nullopt, core_, call), "latest"};
    const Result<rpc::Answer> answer = co_await rpc_.exchange("eth_call", std::move(params));
    if (answer.has_error()) co_return answer.error();
    const std::string what = fmt::format("jobIndexes({}): {}", index, rpc_.describe("eth_call"));
    if (answer->failure && answer->failure->is_of_contract()) co_return std::optional<JobId>();
    if (answer->failure) co_return rpc::to_error(what, *answer->failure);
    const Result<Bytes> data = rpc::read_bytes(answer->result, what);
    if (data.has_error()) co_return data.error();
    abi::Decoder fields(*data, what);
    const JobId id = fields.job_id("jobId");
    if (const auto read = fields.check(); read.has_error()) co_return read.error();
    co_return id == JobId{} ? std::nullopt : std::optional(id);
}

Task<Result<JobRecord>> RpcChain::pending_job(JobId id) {
    const Result<JobRecord> pending = co_await job_at(id, "pending");
    if (pending.has_value()) co_return pending;
    co_return co_await job(id);  // not every endpoint knows a pending block
}

Task<Result<JobRecord>> RpcChain::job_at(JobId id, std::string tag) {
    Bytes call = abi::Encoder("jobs(bytes16)").job_id(id).finish();
    const Result<Bytes> answer = co_await eth_call(core_, std::move(call), std::move(tag));
    if (answer.has_error()) co_return in_context("jobs", answer.error());
    co_return decode_job(id, *answer);
}

Task<Result<JobDetails>> RpcChain::job_details(JobId id) {
    Bytes call = abi::Encoder("jobDetails(bytes16)").job_id(id).finish();
    const Result<Bytes> answer = co_await eth_call(core_, std::move(call));
    if (answer.has_error()) co_return in_context("jobDetails", answer.error());
    co_return decode_job_details(id, *answer);
}

Task<Result<JobAssign>> RpcChain::job_assign(JobId id) {
    Bytes call = abi::Encoder("jobAssigns(bytes16)").job_id(id).finish();
    const Result<Bytes> answer = co_await eth_call(core_, std::move(call));
    if (answer.has_error()) co_return in_context("jobAssigns", answer.error());
    co_return decode_job_assign(id, *answer);
}

Task<Result<std::vector<StatusLog>>> RpcChain::status_logs(JobId id, std::uint64_t from_block) {
    const Result<Block> latest = co_await latest_block();
    if (latest.has_error()) co_return latest.error();
    json::array topics{status_event_topic().hex(), abi::word_of(id).hex()};
    const Result<std::vector<Log>> found =
        co_await rpc::logs_in_range(rpc_, core_, std::move(topics), from_block, latest->number);
    if (found.has_error()) co_return found.error();
    std::vector<StatusLog> statuses = statuses_in(*found);
    std::erase_if(statuses, [&](const StatusLog& log) { return log.job != id; });
    co_return statuses;
}

Task<Result<std::vector<StatusLog>>> RpcChain::all_status_logs(std::uint64_t from_block, std::uint64_t to_block) {
    json::array topics{status_event_topic().hex()};
    const Result<std::vector<Log>> found =
        co_await rpc::logs_in_range(rpc_, core_, std::move(topics), from_block, to_block);
    if (found.has_error()) co_return found.error();
    co_return statuses_in(*found);
}

Task<Result<std::vector<Log>>> RpcChain::core_logs(std::uint64_t from_block, std::uint64_t to_block) {
    return rpc::logs_in_range(rpc_, core_, json::array(), from_block, to_block);
}

Task<Result<Settlement>> RpcChain::settlement(Hash256 hash, Address node) {
    const Result<std::optional<Receipt>> found = co_await receipt(hash);
    if (found.has_error()) co_return found.error();
    if (!*found) co_return transient_error("transaction " + hash.hex() + " is in no block, or no longer");
    co_return settlement_in(**found, core_, token_, node);
}

Task<Result<std::uint64_t>> RpcChain::current_slot() {
    return view(core_, abi::Encoder("currentSlot()").finish(), "currentSlot", &abi::Decoder::number);
}

Task<Result<std::uint64_t>> RpcChain::start_slot() {
    return view(core_, abi::Encoder("startSlot()").finish(), "startSlot", &abi::Decoder::number);
}

Task<Result<Slot>> RpcChain::slot(std::uint64_t number, Address node) {
    Slot slot;
    slot.number = number;
    Bytes total_call = abi::Encoder("slots(uint256)").number(number).finish();
    const Result<Bytes> day = co_await eth_call(core_, std::move(total_call));
    if (day.has_error()) co_return in_context("slots", day.error());
    abi::Decoder fields(*day, "slots of " + core_.hex());
    slot.total_gas = fields.number("totalGas");
    constexpr std::size_t both_words = 64;
    if (day->size() >= both_words) slot.reward = fields.amount("totalReward");  // else zero: not told
    if (const auto read = fields.check(); read.has_error()) co_return read.error();
    Bytes own_call = abi::Encoder("slotGas(uint256,address)").number(number).address(node).finish();
    const Result<std::uint64_t> own = co_await view(core_, std::move(own_call), "slotGas", &abi::Decoder::number);
    if (own.has_error()) co_return own.error();
    slot.own_gas = *own;
    Bytes balance_call = abi::Encoder("slotBalances(uint256,address)").number(number).address(node).finish();
    const Result<Wei> balance = co_await view(core_, std::move(balance_call), "slotBalances", &abi::Decoder::amount);
    if (balance.has_error()) co_return balance.error();
    slot.own_balance = *balance;
    co_return slot;
}

Task<Result<std::uint64_t>> RpcChain::estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) {
    Bytes call = abi::Encoder("getEstimatedGas(uint256,uint256)").number(dataset_mb).number(complexity).finish();
    return view(core_, std::move(call), "getEstimatedGas", &abi::Decoder::number);
}

Task<Result<Wei>> RpcChain::alt_balance(Address account) {
    return quantity_call("eth_getBalance", json::array{account.hex(), "latest"});
}

Task<Result<Wei>> RpcChain::emt_balance(Address account) {
    return emt_balance_at(account, "latest");
}

Task<Result<Wei>> RpcChain::emt_balance_at(Address account, std::string tag) {
    return view(token_, abi::Encoder("balanceOf(address)").address(account).finish(), "balanceOf",
                &abi::Decoder::amount, std::move(tag));
}

Task<Result<Wei>> RpcChain::unlogged_emt_gain(Address account, std::uint64_t block) {
    if (block == 0) co_return permanent_error("nothing comes before block 0");
    const Result<Wei> before = co_await emt_balance_at(account, rpc::quantity(block - 1));
    if (before.has_error()) co_return before.error();
    const Result<Wei> after = co_await emt_balance_at(account, rpc::quantity(block));
    if (after.has_error()) co_return after.error();
    json::array topics{transfer_event_topic().hex()};
    const Result<std::vector<Log>> transfers =
        co_await rpc::logs_in_range(rpc_, token_, std::move(topics), block, block);
    if (transfers.has_error()) co_return transfers.error();
    co_return unexplained_gain(*before, *after, token_flow(*transfers, token_, account));
}

Task<Result<Wei>> RpcChain::emt_allowance(Address owner, Address spender) {
    Bytes call = abi::Encoder("allowance(address,address)").address(owner).address(spender).finish();
    return view(token_, std::move(call), "allowance", &abi::Decoder::amount);
}

Task<Result<std::uint64_t>> RpcChain::transaction_count(Address account) {
    json::array params{account.hex(), "latest"};
    const Result<json::value> answer = co_await rpc_.call("eth_getTransactionCount", std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_quantity(*answer, rpc_.describe("eth_getTransactionCount"));
}

Task<Result<Wei>> RpcChain::gas_price() {
    return quantity_call("eth_gasPrice", json::array());
}

Task<Result<Fees>> RpcChain::fees() {
    const Result<std::optional<rpc::BlockHeader>> latest = co_await header("latest");
    if (latest.has_error()) co_return latest.error();
    if (!*latest || !(*latest)->base_fee) {
        const Result<Wei> price = co_await gas_price();
        if (price.has_error()) co_return price.error();
        co_return legacy_fees(*price);
    }
    const Result<rpc::Answer> tip = co_await rpc_.exchange("eth_maxPriorityFeePerGas", json::array());
    // Many endpoints do not know the method, and say so in many ways; the default tip is then used.
    std::optional<Wei> suggested;
    if (tip.has_value() && !tip->failure) {
        const Result<Wei> value = rpc::read_quantity_256(tip->result, rpc_.describe("eth_maxPriorityFeePerGas"));
        if (value.has_value()) suggested = *value;
    }
    co_return dynamic_fees(*(*latest)->base_fee, suggested);
}

Task<Result<std::uint64_t>> RpcChain::estimate_gas(Address from, Address to, Bytes data) {
    json::array params{call_object(from, to, data)};
    const Result<json::value> answer = co_await rpc_.call("eth_estimateGas", std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_quantity(*answer, rpc_.describe("eth_estimateGas"));
}

Task<Result<std::optional<std::string>>> RpcChain::revert_reason(Address from, Address to, Bytes data) {
    json::array params{call_object(from, to, data), "latest"};
    const Result<rpc::Answer> answer = co_await rpc_.exchange("eth_call", std::move(params));
    if (answer.has_error()) co_return answer.error();
    if (!answer->failure) co_return std::optional<std::string>();
    if (!answer->failure->reverted) co_return rpc::to_error(rpc_.describe("eth_call"), *answer->failure);
    co_return std::optional(answer->failure->reason());
}

Task<Result<void>> RpcChain::send_raw(Bytes raw) {
    json::array params{to_hex(raw)};
    const Result<rpc::Answer> answer = co_await rpc_.exchange("eth_sendRawTransaction", std::move(params));
    if (answer.has_error()) co_return answer.error();
    if (!answer->failure || answer->failure->already_known()) co_return Result<void>();
    co_return rpc::to_error(rpc_.describe("eth_sendRawTransaction"), *answer->failure);
}

Task<Result<std::optional<Receipt>>> RpcChain::receipt(Hash256 transaction) {
    const std::string what = rpc_.describe("eth_getTransactionReceipt");
    json::array params{transaction.hex()};
    const Result<json::value> answer = co_await rpc_.call("eth_getTransactionReceipt", std::move(params));
    if (answer.has_error()) co_return answer.error();
    Result<std::optional<rpc::ReceiptAnswer>> found = rpc::read_receipt(*answer, what);
    if (found.has_error()) co_return found.error();
    if (!*found) co_return std::optional<Receipt>();
    Receipt& receipt = (*found)->receipt;
    if (receipt.transaction != transaction) {
        co_return transient_error(what + " answered the receipt of another transaction, " + receipt.transaction.hex());
    }
    if (!(*found)->has_gas_price) {
        const Result<Wei> price = co_await offered_gas_price(transaction);
        receipt.gas_price = price.has_value() ? *price : Wei{};  // what a JOB costs is told without it, not its outcome
    }
    co_return std::optional(std::move(receipt));
}

/// For nodes whose receipts contain no price: they know only legacy transactions, which pay exactly what was offered.
Task<Result<Wei>> RpcChain::offered_gas_price(Hash256 transaction) {
    json::array params{transaction.hex()};
    const Result<json::value> answer = co_await rpc_.call("eth_getTransactionByHash", std::move(params));
    if (answer.has_error()) co_return answer.error();
    const json::object* fields = answer->if_object();
    const json::value* price = fields == nullptr ? nullptr : fields->if_contains("gasPrice");
    const json::value absent;
    co_return rpc::read_quantity_256(price == nullptr ? absent : *price, "gasPrice of " + transaction.hex());
}

template <class Value>
Task<Result<Value>> RpcChain::view(Address contract, Bytes call, const char* name,
                                   Value (abi::Decoder::*read)(const char*), std::string tag) {
    const Result<Bytes> answer = co_await eth_call(contract, std::move(call), std::move(tag));
    if (answer.has_error()) co_return in_context(name, answer.error());
    abi::Decoder in(*answer, std::string(name) + " of " + contract.hex());
    const Value value = (in.*read)("value");
    if (const Result<void> check = in.check(); check.has_error()) co_return check.error();
    co_return value;
}

Task<Result<Bytes>> RpcChain::eth_call(Address contract, Bytes call, std::string tag) {
    json::array params{call_object(std::nullopt, contract, call), tag};
    const Result<json::value> answer = co_await rpc_.call("eth_call", std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_bytes(*answer, rpc_.describe("eth_call"));
}

Task<Result<Wei>> RpcChain::quantity_call(std::string method, json::array params) {
    const std::string what = rpc_.describe(method);
    const Result<json::value> answer = co_await rpc_.call(std::move(method), std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_quantity_256(*answer, what);
}

}  // namespace emeth::chain
