// `emeth ledger`, the program, on an anvil with our contracts and with those that behave like the published ones. What
// it lists is held against sums that this file makes itself, from balances at every block, the token's Transfer events,
// and the receipts of whatever the wallet sent: no code of ours reads those.
#include <array>
#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>

#include "ledger_program.hpp"

namespace emeth::chain::test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr std::uint64_t day_s = 86'400;

/// Changes of a wallet, wei.
struct Change {
    Integer emt, alt;
    friend bool operator==(const Change&, const Change&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Change& change) {
        return out << change.emt << " EMT wei, " << change.alt << " ALT wei";
    }
};
template <class Key>
using Changes = std::map<Key, Change>;

/// Without what changed nothing.
template <class Key>
Changes<Key> moved(Changes<Key> changes) {
    std::erase_if(changes, [](const auto& entry) { return entry.second == Change{}; });
    return changes;
}

class LedgerOnAnvil : public LedgerProgram {
protected:
    using LedgerProgram::LedgerProgram;

    Integer emt_at(std::uint64_t block) {
        const std::string data = "0x70a08231" + std::string(24, '0') + address(node).hex().substr(2);
        json::object call{{"to", token.hex()}, {"data", data}};
        json::array params{std::move(call), quantity(block)};
        const std::string answer = text(ask("eth_call", std::move(params)));
        return answer == "0x" ? Integer(0) : Integer(answer);
    }
    Integer alt_at(std::uint64_t block) {
        json::array params{address(node).hex(), quantity(block)};
        return number(ask("eth_getBalance", std::move(params)));
    }
    std::string day_of(std::uint64_t block) {
        const auto unix_s = static_cast<std::int64_t>(run(chain->block(block)).value()->timestamp_unix_s);
        const std::chrono::year_month_day date{
            std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(unix_s)))};
        std::array<char, 16> written{};
        std::snprintf(written.data(), written.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
        return written.data();
    }

    Changes<std::uint64_t> by_block_of_balances(std::uint64_t first) {
        Changes<std::uint64_t> changes;
        for (std::uint64_t block = first; block <= head(); ++block)
            changes[block] = {emt_at(block) - emt_at(block - 1), alt_at(block) - alt_at(block - 1)};
        return moved(changes);
    }
    /// Of the transactions that show a Status event of a JOB and the node: what the token's events moved; and the gas
    /// of the node's own transactions whose call, or whose successor's call, names the JOB.
    Changes<std::string> by_job_of_events(const std::vector<JobId>& jobs) {
        const std::string own = "0x" + std::string(24, '0') + address(node).hex().substr(2);
        Changes<std::string> changes;
        json::object filter{{"fromBlock", "0x0"}, {"toBlock", "latest"}};
        json::array params{std::move(filter)};
        const json::value logs = ask("eth_getLogs", std::move(params));
        for (const JobId& job : jobs) {
            std::set<std::string> transactions;
            for (const json::value& log : logs.as_array())
                if (text(log.at("address")) == core.hex() && log.at("topics").as_array().size() == 2 &&
                    text(log.at("topics").at(1)).starts_with(job.hex()) && text(log.at("data")).substr(0, 66) == own)
                    transactions.insert(text(log.at("transactionHash")));
            Change& change = changes[job.hex()];
            for (const json::value& log : logs.as_array()) {
                const json::array& topics = log.at("topics").as_array();
                if (text(log.at("address")) != token.hex() || topics.size() != 3 ||
                    text(topics[0]) != "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef" ||
                    !transactions.contains(text(log.at("transactionHash"))))
                    continue;
                if (text(topics[1]) == own) change.emt -= number(log.at("data"));
                if (text(topics[2]) == own) change.emt += number(log.at("data"));
            }
            change.alt = -gas_of(job);
        }
        return changes;
    }
    Integer gas_of(const JobId& job) {
        const std::vector<json::value> sent = sent_by_node();
        Integer paid;
        for (std::size_t i = 0; i < sent.size(); ++i) {
            const bool is_approve = text(sent[i].at("to")) == token.hex();
            const json::value& call = sent[is_approve && i + 1 < sent.size() ? i + 1 : i];
            if (text(call.at("input")).substr(10, 32) == job.hex().substr(2)) paid += gas_of(sent[i]);
        }
        return paid;
    }
    Integer gas_of(const json::value& transaction) {
        json::array params{transaction.at("hash")};
        const json::value receipt = ask("eth_getTransactionReceipt", std::move(params));
        return number(receipt.at("gasUsed")) * number(receipt.at("effectiveGasPrice"));
    }
    /// In the order of their nonces.
    std::vector<json::value> sent_by_node() {
        std::vector<json::value> sent;
        for (std::uint64_t block = 1; block <= head(); ++block) {
            json::array params{quantity(block), true};
            const json::value found = ask("eth_getBlockByNumber", std::move(params));
            for (const json::value& transaction : found.at("transactions").as_array())
                if (text(transaction.at("from")) == address(node).hex()) sent.push_back(transaction);
        }
        return sent;
    }

    /// The lines against the balances at every block from `first` on, and against the events of each JOB.
    void expect_equal_sums(const std::vector<Line>& lines, std::uint64_t first, const std::vector<JobId>& jobs,
                           const std::map<std::uint64_t, Integer>& plain_alt = {}) {
        Changes<std::uint64_t> blocks;
        Changes<std::string> days, per_job;
        for (const Line& line : lines) {
            EXPECT_EQ(line.day, day_of(line.block));
            for (Change* sum : {&blocks[line.block], &days[line.day], &per_job[line.job]}) {
                sum->emt += line.emt;
                sum->alt += line.alt;
            }
        }
        Changes<std::uint64_t> expected = by_block_of_balances(first);
        for (const auto& [block, value] : plain_alt) expected[block].alt -= value;
        EXPECT_EQ(moved(blocks), moved(expected));
        Changes<std::string> expected_days;
        for (const auto& [block, change] : expected) {
            Change& sum = expected_days[day_of(block)];
            sum.emt += change.emt;
            sum.alt += change.alt;
        }
        EXPECT_EQ(moved(days), moved(expected_days));
        EXPECT_GE(days.size(), 2U);
        per_job.erase("");
        EXPECT_EQ(per_job, by_job_of_events(jobs));
        expect_equal_json(days, per_job, first);
    }
    /// The same sums in the JSON.
    void expect_equal_json(const Changes<std::string>& days, const Changes<std::string>& per_job, std::uint64_t first) {
        const Ended ended = ledger({"--json", "--jobs", "--from-day", day_of(first)});
        EXPECT_EQ(ended.code, 0) << ended.output;
        const json::value answer = json::parse(ended.output);
        EXPECT_EQ(answer.at("lastBlock").to_number<std::uint64_t>(), head());
        EXPECT_EQ(text(answer.at("emt").at("unexplained")), "0");
        EXPECT_EQ(Integer(text(answer.at("emt").at("after"))), emt_at(head()));
        EXPECT_EQ(answer.at("foreignTransactions").to_number<std::uint64_t>(), 0U);
        Changes<std::string> found;
        for (const json::value& day : answer.at("days").as_array())
            found[text(day.at("day"))] = {Integer(text(day.at("emt"))), Integer(text(day.at("gas")))};
        EXPECT_EQ(found, days);
        found.clear();
        for (const json::value& job : answer.at("jobs").as_array())
            if (job.at("job").is_string())
                found[text(job.at("job"))] = {Integer(text(job.at("emt"))), Integer(text(job.at("gas")))};
        EXPECT_EQ(found, per_job);
    }
};

class OwnContractsLedger : public LedgerOnAnvil {};

TEST_F(OwnContractsLedger, EqualsWhatTheChainMoved) {
    const JobId paid = verified();
    const std::uint64_t slot = run(chain->current_slot()).value();
    const JobId refused = rejected(), late = timed_out();
    pass(day_s);
    const JobId given_back = declined(), missed = lost();
    withdraw(slot);
    transact(requester, token, encode_transfer(address(node), *parse_coins("0.000000000000000007")));
    const std::uint64_t gift = alt_from_a_stranger(5);
    const JobId open = taken();

    const std::vector<Line> lines = csv_lines();
    EXPECT_EQ(story(lines, paid), "deposit -30 deposit_returned 30 fee 20");
    EXPECT_EQ(story(lines, refused), "deposit -30 deposit_returned 30 penalty -17.5");
    EXPECT_EQ(story(lines, late), "deposit -30 deposit_returned 30 penalty -7.5");
    EXPECT_EQ(story(lines, given_back), "deposit -30 deposit_returned 30 penalty -7.5");
    EXPECT_EQ(story(lines, missed), "");
    EXPECT_EQ(story(lines, open), "deposit -30");
    expect_equal_sums(lines, 1, {paid, refused, late, given_back, missed, open}, {{gift, 5}});

    const Ended table = ledger({});
    EXPECT_EQ(table.code, 0) << table.output;
    EXPECT_THAT(table.output, HasSubstr("every wei is accounted for"));
    EXPECT_THAT(table.output, HasSubstr("the balance changed by 0.000000000000000005 besides"));
}

TEST_F(OwnContractsLedger, IsOfTheDaysThatAreAskedForAlone) {
    verified();
    pass(day_s);
    declined();
    const std::string today = day_of(head());
    for (const Line& line : csv_lines({"--from-day", today})) EXPECT_EQ(line.day, today);
    for (const Line& line : csv_lines({"--to-day", day_of(1)})) EXPECT_EQ(line.day, day_of(1));
    EXPECT_EQ(csv_lines({"--from-day", today}).size() + csv_lines({"--to-day", day_of(1)}).size(), csv_lines().size());
    EXPECT_EQ(ledger({"--from-day", "2026-02-30"}).code, 2);
    EXPECT_EQ(ledger({"--from-day", "2026-02-02", "--to-day", "2026-02-01"}).code, 2);
    const Ended none = ledger({"--from-day", "2999-01-01"});
    EXPECT_EQ(none.code, 3);
    EXPECT_THAT(none.output, HasSubstr("there is no block of the time that was asked for"));
}

TEST_F(OwnContractsLedger, RefusesAnotherWalletsFolder) {
    verified();
    const Ended ended = ledger({}, other);
    EXPECT_EQ(ended.code, 3);
    EXPECT_THAT(ended.output, HasSubstr("the data folder has transactions of wallet " + address(node).hex()));
}

class PublishedContractsLedger : public LedgerOnAnvil {
protected:
    PublishedContractsLedger() : LedgerOnAnvil({}, published_contracts()) {}
};

TEST_F(PublishedContractsLedger, EqualsWhatTheChainMoved) {
    pass(day_s);  // after what was minted for the node, of which this token does not tell
    const std::uint64_t first = head();
    const JobId paid = verified(), refused = rejected();
    const std::uint64_t slot = run(chain->current_slot()).value();
    pass(day_s);
    const JobId late = timed_out();
    withdraw(slot);

    const std::vector<Line> lines = csv_lines({"--from-day", day_of(first)});
    EXPECT_EQ(story(lines, paid), "deposit -30 deposit_returned 30 penalty -10");
    EXPECT_EQ(story(lines, refused), "deposit -30 deposit_returned 30 penalty -30");
    EXPECT_EQ(story(lines, late), "deposit -30 deposit_returned 30 penalty -3");
    EXPECT_EQ(lines.back().kind, "reward");
    EXPECT_EQ(lines.back().emt, Integer("288000000000000000000000"));
    expect_equal_sums(lines, first, {paid, refused, late});

    const Ended whole = ledger({});
    EXPECT_EQ(whole.code, 1) << "nothing on the chain tells of what was minted for the node";
    EXPECT_THAT(whole.output, HasSubstr("this is not all: 1000 EMT came or went by no event of the token"));
}

}  // namespace
}  // namespace emeth::chain::test
