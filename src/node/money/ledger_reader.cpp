#include "node/money/ledger_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/encoding/transaction.hpp"
#include "chain/reorganisation.hpp"
#include "runtime/progress_bar.hpp"
#include "runtime/utc_text.hpp"

namespace emeth::node {
namespace {

using chain::SignedWei;

/// Logs of so many blocks are held at once.
constexpr std::uint64_t range_blocks = 2'000;

/// Of thousands of questions one may fail, and the rest need not be asked again for it.
constexpr int tries_max = 4;
constexpr Milliseconds pause_between_tries{1'000};

class LedgerReader {
public:
    LedgerReader(LedgerPorts ports, LedgerQuestion question, std::function<void(const LedgerEntry&)> enter)
        : ports_(ports), question_(std::move(question)), enter_(std::move(enter)) {}

    Task<Result<LedgerReport>> read(ReadOutbox outbox) {
        if (const Result<void> found = co_await find_range(); found.has_error()) co_return found.error();
        Result<std::vector<storage::OutboxEntry>> own = outbox();
        if (own.has_error()) co_return own.error();
        if (const Result<void> found = co_await find_transactions(*std::move(own)); found.has_error())
            co_return found.error();
        if (const Result<void> done = co_await read_blocks(); done.has_error()) co_return done.error();
        report_.before = co_await holdings(report_.first_block - 1);
        report_.after = co_await holdings(report_.last.number);
        // The token was deployed by a transaction, and block 0 has none.
        if (report_.first_block == 1 && report_.before.emt.has_error()) report_.before.emt = Wei{};
        if (const Result<void> same = co_await check_is_on_the_chain(); same.has_error()) co_return same.error();
        co_return std::move(report_);
    }

private:
    /// That an endpoint has forgotten an old state looks like a failure that passes, too.
    template <class Ask>
    auto patiently(Ask ask) -> decltype(ask()) {
        for (int attempt = 1;; ++attempt) {
            auto asking = ask();
            auto answer = co_await std::move(asking);
            if (answer.has_value() || answer.error().kind != ErrorKind::transient || attempt == tries_max)
                co_return answer;
            co_await ports_.clock.sleep(pause_between_tries);
        }
    }

    /// Block 0 has no transactions.
    Task<Result<void>> find_range() {
        const Result<chain::Block> latest = co_await ports_.chain.latest_block();
        if (latest.has_error()) co_return latest.error();
        const std::uint64_t head = latest->number + 1 - std::min(latest->number + 1, question_.confirmations);
        std::uint64_t first = 1, end = head + 1;
        if (question_.from_unix_s) {
            const Result<std::uint64_t> found = co_await first_block_at(*question_.from_unix_s, head);
            if (found.has_error()) co_return found.error();
            first = *found;
        }
        if (question_.to_unix_s) {
            const Result<std::uint64_t> found = co_await first_block_at(*question_.to_unix_s, head);
            if (found.has_error()) co_return found.error();
            end = *found;
        }
        const Result<chain::Block> last = co_await block(end - 1);
        if (last.has_error()) co_return last.error();
        if (first >= end)
            co_return permanent_error(
                fmt::format("there is no block of the time that was asked for; the last one before its end that has {} "
                            "confirmations is {} of {} UTC",
                            question_.confirmations, last->number, utc_text(last->timestamp_unix_s * 1'000)));
        report_.first_block = first;
        report_.last = *last;
        co_return Result<void>();
    }

    /// The first block of this time or later; head + 1 if there is none.
    Task<Result<std::uint64_t>> first_block_at(std::int64_t unix_s, std::uint64_t head) {
        std::uint64_t low = 1, high = head + 1;
        while (low < high) {
            const std::uint64_t middle = low + (high - low) / 2;
            const Result<chain::Block> found = co_await block(middle);
            if (found.has_error()) co_return found.error();
            if (found->timestamp_unix_s < unix_s)
                low = middle + 1;
            else
                high = middle;
        }
        co_return low;
    }

    Task<Result<chain::Block>> block(std::uint64_t number) {
        auto asking = patiently([this, number] { return ports_.chain.block(number); });
        const Result<std::optional<chain::Block>> found = co_await std::move(asking);
        if (found.has_error()) co_return found.error();
        if (!*found) co_return transient_error(fmt::format("block {} is not known to the endpoint", number));
        co_return **found;
    }

    [[nodiscard]] bool is_in_range(std::uint64_t block, std::uint64_t margin = 0) const {
        return block + margin >= report_.first_block && block <= report_.last.number + margin;
    }

    /// An entry may have been mined again, in another block than the one that it names.
    Task<Result<void>> find_transactions(std::vector<storage::OutboxEntry> outbox) {
        std::erase_if(outbox, [&](const storage::OutboxEntry& entry) {
            return entry.mined_block != 0 && !is_in_range(entry.mined_block, chain::reorganisation_blocks_max);
        });
        ProgressBar bar("transactions", outbox.size(), ProgressUnit::count, ports_.clock);
        std::uint64_t looked_at = 0;
        for (const storage::OutboxEntry& entry : outbox) {
            if (const Result<void> own = check_is_own(entry); own.has_error()) co_return own.error();
            const Result<std::optional<chain::Receipt>> receipt = co_await receipt_of(entry);
            if (receipt.has_error()) co_return receipt.error();
            if (*receipt)
                take(entry, **receipt);
            else if (entry.mined_block != 0 && is_in_range(entry.mined_block))
                ++report_.without_receipt;
            bar.update(++looked_at);
        }
        std::ranges::stable_sort(own_, {}, &OwnTransaction::block);
        report_.own_transactions = own_.size();
        co_return Result<void>();
    }

    [[nodiscard]] Result<void> check_is_own(const storage::OutboxEntry& entry) const {
        const auto decoded = chain::decode_transaction(entry.raw);
        if (decoded.has_error())
            return in_context(fmt::format("the transaction with nonce {} of the outbox", entry.nonce), decoded.error());
        if (decoded->sender == question_.parties.wallet) return {};
        return permanent_error(
            fmt::format("the data folder has transactions of wallet {}, and the settings name wallet {}; give the "
                        "settings with which this folder's master runs",
                        decoded->sender.hex(), question_.parties.wallet.hex()));
    }

    /// Of whichever of its variants is mined.
    Task<Result<std::optional<chain::Receipt>>> receipt_of(const storage::OutboxEntry& entry) {
        std::vector<Hash256> hashes = entry.hashes();
        const auto noted = std::ranges::find(hashes, entry.mined_hash.value_or(entry.hash));
        if (noted != hashes.end()) std::rotate(hashes.begin(), noted, noted + 1);
        for (const Hash256& hash : hashes) {
            auto asking = patiently([this, hash] { return ports_.chain.receipt(hash); });
            Result<std::optional<chain::Receipt>> receipt = co_await std::move(asking);
            if (receipt.has_error() || *receipt) co_return receipt;
        }
        co_return std::optional<chain::Receipt>();
    }

    void take(const storage::OutboxEntry& entry, const chain::Receipt& receipt) {
        if (!is_in_range(receipt.block)) return;
        if (receipt.gas_price.is_zero()) ++report_.without_receipt;  // as good as none: it does not tell the price
        own_.push_back({receipt.block, receipt.transaction, entry.kind, entry.job, receipt.succeeded,
                        SignedWei(receipt.gas_used) * chain::to_signed(receipt.gas_price)});
    }

    Task<Result<void>> read_blocks() {
        ProgressBar bar("blocks", report_.last.number + 1 - report_.first_block, ProgressUnit::count, ports_.clock);
        for (std::uint64_t from = report_.first_block; from <= report_.last.number; from += range_blocks) {
            const std::uint64_t to = std::min(report_.last.number, from + range_blocks - 1);
            const Result<LedgerFacts> facts = co_await facts_of(from, to);
            if (facts.has_error()) co_return facts.error();
            for (const LedgerEntry& entry : ledger_entries(question_.parties, *facts)) {
                report_.sums.add(entry);
                enter_(entry);
            }
            bar.update(to + 1 - report_.first_block);
        }
        co_return Result<void>();
    }

    Task<Result<LedgerFacts>> facts_of(std::uint64_t from, std::uint64_t to) {
        LedgerFacts facts;
        const auto ask_token = [this, from, to] {
            return ports_.archive.emt_transfers(question_.parties.wallet, from, to);
        };
        auto transfers_coming = patiently(ask_token);
        Result<std::vector<chain::Log>> transfers = co_await std::move(transfers_coming);
        if (transfers.has_error()) co_return transfers.error();
        facts.transfers = *std::move(transfers);
        auto core_logs_coming = patiently([this, from, to] { return ports_.chain.core_logs(from, to); });
        Result<std::vector<chain::Log>> core_logs = co_await std::move(core_logs_coming);
        if (core_logs.has_error()) co_return core_logs.error();
        facts.core_logs = *std::move(core_logs);
        const auto begin = std::ranges::lower_bound(own_, from, {}, &OwnTransaction::block);
        facts.own.assign(begin, std::ranges::upper_bound(begin, own_.end(), to, {}, &OwnTransaction::block));
        for (const JobId& job : ended_jobs(question_.parties, facts.core_logs)) {
            auto asking = patiently([this, job] { return ports_.chain.job_assign(job); });
            const Result<chain::JobAssign> assign = co_await std::move(asking);
            if (assign.has_error()) co_return assign.error();
            facts.deposits[job] = assign->deposit;
        }
        for (const std::uint64_t number : unlogged_withdrawals(question_.parties, facts)) {
            const Result<Wei> gain = co_await ports_.chain.unlogged_emt_gain(question_.parties.wallet, number);
            if (gain.has_value())
                facts.unlogged_gains[number] = *gain;
            else
                ++report_.unknown_rewards;
        }
        for (const std::uint64_t number : blocks_of(question_.parties, facts)) {
            const Result<chain::Block> found = co_await block(number);
            if (found.has_error()) co_return found.error();
            facts.unix_s_of_block[number] = found->timestamp_unix_s;
        }
        co_return facts;
    }

    Task<Holdings> holdings(std::uint64_t number) {
        Holdings held;
        const Address wallet = question_.parties.wallet;
        auto emt = patiently([this, wallet, number] { return ports_.archive.emt_balance_at(wallet, number); });
        held.emt = co_await std::move(emt);
        auto alt = patiently([this, wallet, number] { return ports_.archive.alt_balance_at(wallet, number); });
        held.alt = co_await std::move(alt);
        auto count = patiently([this, wallet, number] { return ports_.archive.transaction_count_at(wallet, number); });
        held.transactions = co_await std::move(count);
        co_return held;
    }

    /// The hash of the last block stands for all before it.
    Task<Result<void>> check_is_on_the_chain() {
        const Result<chain::Block> now = co_await block(report_.last.number);
        if (now.has_error()) co_return now.error();
        if (now->hash == report_.last.hash) co_return Result<void>();
        co_return transient_error(
            fmt::format("the chain was reorganised while it was read: block {} is another one now; run it again, and "
                        "if this happens often, set a larger `confirmations`",
                        report_.last.number));
    }

    LedgerPorts ports_;
    LedgerQuestion question_;
    std::function<void(const LedgerEntry&)> enter_;
    std::vector<OwnTransaction> own_;  ///< by block, then by nonce
    LedgerReport report_;
};

/// after - before - entered
Result<SignedWei> rest(const Result<Wei>& before, const Result<Wei>& after, const SignedWei& entered) {
    if (before.has_error()) return before.error();
    if (after.has_error()) return after.error();
    return SignedWei(chain::to_signed(*after) - chain::to_signed(*before) - entered);
}

}  // namespace

Result<SignedWei> LedgerReport::unexplained_emt() const {
    if (unknown_rewards > 0)
        return permanent_error(
            fmt::format("what {} withdrawals of rewards brought is not known: the token does not tell, nor does the "
                        "endpoint of the balances then",
                        unknown_rewards));
    return rest(before.emt, after.emt, sums.emt());
}

Result<SignedWei> LedgerReport::alt_besides_gas() const {
    return rest(before.alt, after.alt, sums.alt());
}

Result<std::uint64_t> LedgerReport::foreign_transactions() const {
    if (before.transactions.has_error()) return before.transactions.error();
    if (after.transactions.has_error()) return after.transactions.error();
    const std::uint64_t all = *after.transactions - std::min(*after.transactions, *before.transactions);
    return all - std::min(all, own_transactions);
}

Task<Result<LedgerReport>> read_ledger(LedgerPorts ports, LedgerQuestion question, ReadOutbox outbox,
                                       std::function<void(const LedgerEntry&)> enter) {
    LedgerReader reader(ports, std::move(question), std::move(enter));
    auto reading = reader.read(std::move(outbox));
    co_return co_await std::move(reading);
}

}  // namespace emeth::node
