#include "simulation/simulated_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "crypto/keccak256.hpp"
#include "simulation/call_data.hpp"

namespace emeth::simulation {
namespace {

using chain::JobStatus;

constexpr std::uint64_t rate_denominator = 100'000;
constexpr std::uint64_t quarter_rate = 25'000;
constexpr Amount verifier_fee = 10 * emt;
constexpr Amount slot_reward = 1'000 * emt;
constexpr std::int64_t day_seconds = 86'400;
constexpr std::uint64_t wei_per_amount = 1'000'000'000'000'000;
constexpr Amount beyond_all_amounts = std::numeric_limits<Amount>::max();

Amount amount_of(const Wei& wei) {
    const chain::U256 amount = chain::to_u256(wei) / wei_per_amount;
    return amount > chain::U256(beyond_all_amounts) ? beyond_all_amounts : amount.convert_to<Amount>();
}

chain::Constants constants_of(const Address& verifier) {
    chain::Constants constants;
    constants.core = numbered<Address>(1);
    constants.token = numbered<Address>(2);
    constants.verifier = verifier;
    constants.deposit_rate = rate_denominator;
    constants.timeout_penalty_rate = constants.decline_penalty_rate = constants.failed_penalty_rate = quarter_rate;
    constants.verifier_fee = wei_of(verifier_fee);
    return constants;
}

}  // namespace

Wei wei_of(Amount amount) {
    return chain::to_wei(chain::U256(amount) * wei_per_amount);
}

SimulatedChain::SimulatedChain(Dice dice, Address node_wallet, Violations& violations, const Trace& trace)
    : constants(constants_of(numbered<Address>(3))),
      wallet(node_wallet),
      requester(numbered<Address>(4)),
      verifier(numbered<Address>(3)),
      dice_(dice),
      violations_(violations),
      trace_(trace) {
    Ledger ledger;
    ledger.balances = {{wallet, 1'000 * emt}, {requester, 100'000 * emt}};
    for (const auto& [account, amount] : ledger.balances) ledger.supply += amount;
    Block genesis;
    genesis.header = {0, numbered<Hash256>(dice_.next()), genesis_unix_s};
    genesis.after = std::make_shared<const Ledger>(std::move(ledger));
    blocks_.push_back(std::move(genesis));
}

void SimulatedChain::wish(JobId id, std::function<std::optional<JobStatus>(Ledger&, std::int64_t)> apply) {
    wishes_.push_back({numbered<Hash256>(1'000'000 + ++wishes_made_), std::move(apply), id, 0});
}

void SimulatedChain::request(JobId id, Address owner, std::string dataset, std::string param, Amount fee,
                             std::int64_t deadline_unix_s) {
    wish(id, [=](Ledger& ledger, std::int64_t now) -> std::optional<JobStatus> {
        ChainJob job;
        job.fee = fee;
        job.record = {true, owner, deadline_unix_s, wei_of(fee), JobStatus::requested, now};
        job.details = {0, param, dataset, ""};
        ledger.balances[owner] -= fee;
        ledger.held += fee;
        ledger.jobs[id] = std::move(job);
        return JobStatus::requested;
    });
}

void SimulatedChain::cancel(JobId id) {
    wish(id, [id](Ledger& ledger, std::int64_t) -> std::optional<JobStatus> {
        auto& job = ledger.jobs[id];
        if (!job.record.exist || job.record.status != JobStatus::requested) return std::nullopt;
        ledger.balances[job.record.owner] += job.fee;
        ledger.held -= job.fee;
        job.record.status = JobStatus::canceled;
        return JobStatus::canceled;
    });
}

void SimulatedChain::process_by(JobId id, Address rival) {
    wish(id, [id, rival](Ledger& ledger, std::int64_t now) -> std::optional<JobStatus> {
        auto& job = ledger.jobs[id];
        if (!job.record.exist || job.record.status != JobStatus::requested) return std::nullopt;
        job.assign.node = rival;
        job.assign.started_at_unix_s = now;
        job.record.status = JobStatus::processing;
        return JobStatus::processing;
    });
}

void SimulatedChain::verify(JobId id, std::uint64_t gas) {
    const Hash256 hash = numbered<Hash256>(1'000'000 + wishes_made_ + 1);
    wish(id, [this, id, gas, hash](Ledger& ledger, std::int64_t now) -> std::optional<JobStatus> {
        auto& job = ledger.jobs[id];
        if (job.record.status != JobStatus::submitted) return std::nullopt;
        ledger.held -= job.fee + job.deposit;
        payouts_[hash] = {job.deposit + job.fee - verifier_fee, 0};
        ledger.balances[job.assign.node] += payouts_[hash].received;
        ledger.balances[verifier] += verifier_fee;
        auto& slot = ledger.slots[static_cast<std::uint64_t>(now / day_seconds)];
        slot.total += gas, slot.own += gas, slot.own_left += gas;
        job.assign.gas = gas;
        job.assign.verified_at_unix_s = now;
        job.record.status = JobStatus::verified;
        return JobStatus::verified;
    });
}

/// The fee goes back to the requester. The deposit pays first the verifier's fee, then the penalty, which is burned;
/// the node gets the rest.
SimulatedChain::Payout SimulatedChain::end_with_penalty(Ledger& ledger, ChainJob& job, std::uint64_t rate,
                                                        Amount fee_of_verifier) const {
    const Amount to_verifier = std::min(job.deposit, fee_of_verifier);
    const Amount penalty = std::min(job.deposit - to_verifier,
                                    job.deposit * static_cast<Amount>(rate) / static_cast<Amount>(rate_denominator));
    ledger.held -= job.fee + job.deposit;
    ledger.balances[job.record.owner] += job.fee;
    ledger.balances[verifier] += to_verifier;
    const Amount lost = to_verifier + penalty;
    ledger.balances[job.assign.node] += job.deposit - lost;
    ledger.supply -= penalty;
    return {job.deposit - lost, lost};
}

void SimulatedChain::reject(JobId id) {
    const Hash256 hash = numbered<Hash256>(1'000'000 + wishes_made_ + 1);
    wish(id, [this, id, hash](Ledger& ledger, std::int64_t) -> std::optional<JobStatus> {
        auto& job = ledger.jobs[id];
        if (job.record.status != JobStatus::submitted) return std::nullopt;
        payouts_[hash] = end_with_penalty(ledger, job, quarter_rate, verifier_fee);
        job.record.status = JobStatus::failed;
        return JobStatus::failed;
    });
}

void SimulatedChain::time_out(JobId id) {
    const Hash256 hash = numbered<Hash256>(1'000'000 + wishes_made_ + 1);
    wish(id, [this, id, hash](Ledger& ledger, std::int64_t now) -> std::optional<JobStatus> {
        auto& job = ledger.jobs[id];
        if (job.record.status != JobStatus::processing || now <= job.record.deadline_unix_s ||
            job.assign.node != wallet)
            return std::nullopt;
        payouts_[hash] = end_with_penalty(ledger, job, quarter_rate, 0);
        job.record.status = JobStatus::timeout;
        return JobStatus::timeout;
    });
}

void SimulatedChain::mine(std::uint64_t price) {
    Block block;
    block.header.number = blocks_.size();
    block.header.timestamp_unix_s =
        blocks_.back().header.timestamp_unix_s + block_seconds + std::exchange(skipped_s_, 0);
    block.header.hash = numbered<Hash256>(dice_.next());
    const bool busy = !pool_.empty() ||
                      std::any_of(wishes_.begin(), wishes_.end(), [](const Wish& wish) { return wish.done_in == 0; });
    block.after = blocks_.back().after;
    if (busy) {
        Ledger ledger = *blocks_.back().after;
        apply_wishes(ledger, block);
        apply_pool(ledger, block, price);
        check_money(ledger);
        block.after = std::make_shared<const Ledger>(std::move(ledger));
    }
    blocks_.push_back(std::move(block));
}

void SimulatedChain::apply_wishes(Ledger& ledger, Block& block) {
    for (Wish& wish : wishes_) {
        if (wish.done_in != 0) continue;
        wish.done_in = block.header.number;  // done, even when it can never take effect
        const auto status = wish.apply(ledger, block.header.timestamp_unix_s);
        if (!status) continue;
        const Address node = ledger.jobs.at(wish.job).assign.node;
        events_.push_back({wish.job, {*status, node, block.header.number, wish.hash, block.header.hash}, ""});
        if (trace_)
            trace_(fmt::format("block {}: {} is {}", block.header.number, wish.job.hex().substr(0, 10),
                               chain::name(*status)));
    }
}

void SimulatedChain::apply_pool(Ledger& ledger, Block& block, std::uint64_t price) {
    for (auto next = pool_.find(ledger.nonce); next != pool_.end(); next = pool_.find(ledger.nonce)) {
        if (chain::to_u256(next->second.transaction.fees.max_fee_per_gas) < chain::U256(price) || dice_.chance(0.1))
            return;
        const Pooled sent = std::move(next->second);
        pool_.erase(next);
        run(sent, ledger, block);
    }
}

void SimulatedChain::run(const Pooled& sent, Ledger& ledger, Block& block) {
    ++ledger.nonce;
    Ledger changed = ledger;
    Effect effect;
    const auto reverted = execute(sent.transaction.data, changed, block.header.timestamp_unix_s, effect);
    if (reverted == "insufficient allowance") violations_.add("a deposit reverts for want of an allowance");
    if (!reverted) ledger = std::move(changed);
    chain::Receipt receipt;
    receipt.transaction = sent.hash;
    receipt.block = block.header.number;
    receipt.block_hash = block.header.hash;
    receipt.succeeded = !reverted;
    if (!reverted && effect.minted > 0) {
        chain::Log log;
        log.address = constants.token;
        log.topics = {chain::abi::event_topic("Transfer(address,address,uint256)"), chain::abi::word_of(Address{}),
                      chain::abi::word_of(wallet)};
        const Wei amount = wei_of(effect.minted);
        log.data.assign(amount.bytes.begin(), amount.bytes.end());
        receipt.logs.push_back(std::move(log));
    }
    if (!reverted && effect.event) {
        effect.event->log.block = block.header.number;
        effect.event->log.transaction = sent.hash;
        effect.event->log.block_hash = block.header.hash;
        if (effect.payout) payouts_[sent.hash] = *effect.payout;
        events_.push_back(std::move(*effect.event));
    }
    if (trace_)
        trace_(fmt::format("block {}: nonce {} {} {}{}", block.header.number, sent.transaction.nonce,
                           call_name(sent.transaction.data), job_of(sent.transaction.data).hex().substr(0, 10),
                           reverted ? " reverts: " + *reverted : ""));
    receipts_[sent.hash] = std::move(receipt);
    block.transactions.push_back(sent);
}

std::optional<std::string> SimulatedChain::execute(const chain::Bytes& data, Ledger& ledger, std::int64_t now,
                                                   Effect& effect) const {
    const auto name = call_name(data);
    if (name == "approve") {
        ledger.allowance = amount_of(word(data, 1));
        return std::nullopt;
    }
    if (name == "withdraw") {
        const auto number = chain::to_u256(word(data, 0)).convert_to<std::uint64_t>();
        auto& slot = ledger.slots[number];
        if (number >= static_cast<std::uint64_t>(now / day_seconds)) return "the slot is open";
        if (slot.own_left == 0) return "nothing to withdraw";
        effect.minted = slot_reward * static_cast<Amount>(slot.own_left) / static_cast<Amount>(slot.total);
        slot.own_left = 0;
        ledger.balances[wallet] += effect.minted;
        ledger.supply += effect.minted;
        return std::nullopt;
    }
    const auto found = ledger.jobs.find(job_of(data));
    if (found == ledger.jobs.end()) return "no such job";
    ChainJob& job = found->second;
    const bool own = job.assign.node == wallet && job.record.status == JobStatus::processing;
    JobStatus status = JobStatus::processing;
    if (name == "process") {
        if (job.record.status != JobStatus::requested) return "job is not requested";
        if (ledger.allowance < job.fee) return "insufficient allowance";
        if (ledger.balances[wallet] < job.fee) return "insufficient balance";
        ledger.allowance -= job.fee;
        ledger.balances[wallet] -= job.fee;
        ledger.held += job.fee;
        job.deposit = job.fee;
        job.assign.node = wallet;
        job.assign.deposit = wei_of(job.deposit);
        job.assign.started_at_unix_s = now;
    } else if (name == "submit") {
        if (!own) return "not processing";
        job.details.result = result_of(data);
        job.assign.submitted_at_unix_s = now;
        status = JobStatus::submitted;
    } else if (name == "decline") {
        if (!own) return "not processing";
        effect.payout = end_with_penalty(ledger, job, quarter_rate, 0);
        status = JobStatus::declined;
    } else {
        return "no such call";
    }
    job.record.status = status;
    effect.event = Event{found->first, {status, wallet, 0, {}, {}}, std::string(name)};
    return std::nullopt;
}

void SimulatedChain::reorganise(std::uint64_t depth) {
    depth = std::min<std::uint64_t>(depth, blocks_.size() - 1);
    const auto kept = blocks_.size() - depth;
    for (std::size_t number = kept; number < blocks_.size(); ++number)
        for (const Pooled& sent : blocks_[number].transactions)
            if (!dice_.chance(0.2)) pool_.try_emplace(sent.transaction.nonce, sent);
    blocks_.resize(kept);
    std::erase_if(events_, [&](const Event& event) { return event.log.block >= kept; });
    std::erase_if(receipts_, [&](const auto& entry) { return entry.second.block >= kept; });
    for (Wish& wish : wishes_)
        if (wish.done_in >= kept) wish.done_in = 0;
    if (trace_) trace_(fmt::format("reorganisation: {} blocks are gone, the head was {}", depth, kept + depth - 1));
    for (std::uint64_t made = 0; made < depth; ++made) mine(base_price);
}

Result<void> SimulatedChain::accept(const chain::Bytes& raw) {
    const Hash256 hash = crypto::keccak256(raw);
    auto known = decoded_.find(hash);
    if (known == decoded_.end()) {
        auto decoded = chain::decode_transaction(raw);
        if (decoded.has_error()) return decoded.error();
        if (decoded->sender != wallet) violations_.add("a transaction of another wallet than the node's was sent");
        known = decoded_.emplace(hash, Pooled{hash, std::move(decoded->transaction)}).first;
        watch_intent(known->second);
    }
    const Pooled& sent = known->second;
    const auto nonce = sent.transaction.nonce;
    if (nonce < latest().nonce)
        return receipt(hash, head()) ? Result<void>() : Result<void>(permanent_error("nonce too low"));
    const auto waiting = pool_.find(nonce);
    if (waiting == pool_.end()) {
        pool_.emplace(nonce, sent);
    } else if (waiting->second.hash != hash) {
        const auto least = chain::to_u256(waiting->second.transaction.fees.max_fee_per_gas) * 110 / 100;
        if (chain::to_u256(sent.transaction.fees.max_fee_per_gas) < least)
            return permanent_error("replacement transaction underpriced");
        waiting->second = sent;
    }
    return {};
}

/// A nonce belongs to one intent forever; an intent may use a second nonce only once the first failed on chain.
void SimulatedChain::watch_intent(const Pooled& sent) {
    const auto nonce = sent.transaction.nonce;
    chain::Bytes intent(sent.transaction.to->bytes.begin(), sent.transaction.to->bytes.end());
    intent.insert(intent.end(), sent.transaction.data.begin(), sent.transaction.data.end());
    const auto [first, fresh] = intents_.emplace(nonce, intent);
    const auto name = std::string(call_name(sent.transaction.data));
    if (!fresh && first->second != intent)
        violations_.add(fmt::format("nonce {} was used for two intents, the second is {}", nonce, name));
    if (!fresh || (name != "process" && name != "submit")) return;
    const JobId id = job_of(sent.transaction.data);
    auto& nonces = nonces_of_[{name, id}];
    for (const auto earlier : nonces) {
        const bool failed = std::any_of(receipts_.begin(), receipts_.end(), [&](const auto& entry) {
            return !entry.second.succeeded && decoded_.at(entry.first).transaction.nonce == earlier;
        });
        if (!failed)
            violations_.add(fmt::format("{} of {} is sent with nonce {} while nonce {} may still take effect", name,
                                        id.hex(), nonce, earlier));
    }
    nonces.insert(nonce);
}

void SimulatedChain::check_money(const Ledger& ledger) {
    Amount sum = ledger.held, open = 0;
    for (const auto& [account, amount] : ledger.balances) {
        sum += amount;
        if (amount < 0) violations_.add("a balance is negative");
    }
    for (const auto& [id, job] : ledger.jobs) {
        const auto status = job.record.status;
        if (status == JobStatus::requested || status == JobStatus::processing || status == JobStatus::submitted)
            open += job.fee + job.deposit;
    }
    if (allowance_cap && ledger.allowance > *allowance_cap)
        violations_.add(fmt::format("the contract may take {} thousandths of an EMT, the cap is {}", ledger.allowance,
                                    *allowance_cap));
    if (sum != ledger.supply)
        violations_.add(fmt::format("money is not conserved: {} of {} thousandths of an EMT", sum, ledger.supply));
    if (open != ledger.held)
        violations_.add(fmt::format("the contract holds {}, open fees and deposits are {}", ledger.held, open));
}

std::optional<std::string> SimulatedChain::revert_reason(const chain::Bytes& data) const {
    Ledger copy = latest();
    Effect effect;
    return execute(data, copy, now_unix_s(), effect);
}

std::optional<chain::Receipt> SimulatedChain::receipt(const Hash256& hash, std::uint64_t head_seen) const {
    const auto found = receipts_.find(hash);
    if (found == receipts_.end() || found->second.block > head_seen) return std::nullopt;
    return found->second;
}

std::vector<chain::StatusLog> SimulatedChain::all_events(std::uint64_t from_block, std::uint64_t head_seen) const {
    std::vector<chain::StatusLog> logs;
    for (const auto& event : events_) {
        if (event.log.block < from_block || event.log.block > head_seen) continue;
        logs.push_back(event.log);
        logs.back().job = event.job;
    }
    return logs;
}

std::vector<chain::StatusLog> SimulatedChain::status_logs(const std::optional<JobId>& id, std::uint64_t from_block,
                                                          std::uint64_t head_seen) const {
    std::vector<chain::StatusLog> logs = all_events(from_block, head_seen);
    std::erase_if(logs, [&](const chain::StatusLog& log) {
        return (id && log.job != *id) || log.status == JobStatus::requested || log.status == JobStatus::canceled;
    });
    return logs;
}

chain::Settlement SimulatedChain::settlement(const Hash256& transaction) const {
    const auto found = payouts_.find(transaction);
    if (found == payouts_.end()) return {};
    const auto& [received, lost] = found->second;
    return {wei_of(received), lost > 0 ? std::optional(wei_of(lost)) : std::nullopt};
}

int SimulatedChain::effects(const std::string& kind, const JobId& id) const {
    return static_cast<int>(std::count_if(events_.begin(), events_.end(),
                                          [&](const Event& event) { return event.kind == kind && event.job == id; }));
}

}  // namespace emeth::simulation
