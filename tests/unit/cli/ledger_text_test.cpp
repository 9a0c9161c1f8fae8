// A ledger as people and programs read it.
#include "cli/ledger_text.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "chain/amount.hpp"
#include "cli/terminal.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::cli {
namespace {

using chain::SignedWei;
using node::LedgerKind;
using ::testing::HasSubstr;
using ::testing::Not;

SignedWei coins(std::string_view text) {
    return chain::to_signed(chain::parse_coins(text).value());
}

node::LedgerEntry entry(LedgerKind kind, std::int64_t unix_s, const SignedWei& emt, const SignedWei& alt = 0) {
    node::LedgerEntry made;
    made.block = 7;
    made.block_unix_s = unix_s;
    made.transaction.bytes.fill(0xab);
    made.job.emplace().bytes.fill(0x12);
    made.kind = kind;
    made.emt = emt;
    made.alt = alt;
    return made;
}

/// 2026-11-22 and the day after.
constexpr std::int64_t day_one = 1'795'305'600, day_two = day_one + 86'400;

class LedgerTextTest : public ::testing::Test {
protected:
    void add(const node::LedgerEntry& entry) {
        tables.add(entry);
        report.sums.add(entry);
    }

    LedgerTables tables;
    node::LedgerReport report;
    const Address wallet{};
};

TEST_F(LedgerTextTest, ALineOfCsvHasWeiWithASign) {
    EXPECT_EQ(ledger_csv_header(), "block,time,transaction,job,kind,emt_wei,alt_wei\r\n");
    node::LedgerEntry deposit = entry(LedgerKind::deposit, day_one + 3'661, -coins("30"));
    std::string transaction = "0x", job = "0x";
    for (int i = 0; i < 32; ++i) transaction += "ab";
    for (int i = 0; i < 16; ++i) job += "12";
    EXPECT_EQ(ledger_csv_line(deposit),
              "7,2026-11-22 01:01:01," + transaction + "," + job + ",deposit,-30000000000000000000,0\r\n");
    deposit.job.reset();
    EXPECT_EQ(ledger_csv_line(deposit),
              "7,2026-11-22 01:01:01," + transaction + ",,deposit,-30000000000000000000,0\r\n");
}

TEST_F(LedgerTextTest, TablesFitATerminal) {
    add(entry(LedgerKind::deposit, day_one, -coins("30")));
    add(entry(LedgerKind::gas, day_one, 0, -coins("0.0012345678")));
    add(entry(LedgerKind::deposit_returned, day_two - 1, coins("30")));
    add(entry(LedgerKind::fee, day_two, coins("20.129")));
    node::LedgerEntry reward = entry(LedgerKind::reward, day_two, coins("288000"));
    reward.job.reset();
    add(reward);
    const std::string days = ledger_days_table(tables, report.sums);
    EXPECT_EQ(days,
              "UTC day     deposits     fees penalties   rewards transfers        EMT   gas ALT\n"
              "2026-11-22         0        0         0         0         0          0 -0.001234\n"
              "2026-11-23         0    20.12         0    288000         0  288020.12         0\n"
              "total              0    20.12         0    288000         0  288020.12 -0.001234\n");
    const std::string jobs = ledger_jobs_table(tables, report.sums);
    EXPECT_EQ(jobs,
              "JOB            deposit   returned      fee   penalty        EMT    gas ALT\n"
              "of no JOB            0          0        0         0     288000          0\n"
              "0x12121212…        -30         30    20.12         0      20.12  -0.001234\n"
              "total              -30         30    20.12         0  288020.12  -0.001234\n");
    std::istringstream lines(days + jobs);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), columns_default) << line;
}

TEST_F(LedgerTextTest, SaysWhetherItIsAll) {
    add(entry(LedgerKind::fee, day_one, coins("20")));
    report.before.emt = chain::parse_coins("100").value();
    report.after.emt = chain::parse_coins("120").value();
    EXPECT_THAT(ledger_check_text(wallet, report),
                HasSubstr("EMT  100 before, 20 by the entries, 120 after: every wei is accounted for\n"));
    report.after.emt = chain::parse_coins("119.999999999999999999").value();
    EXPECT_THAT(ledger_check_text(wallet, report), HasSubstr("after: -0.000000000000000001 of it by no entry\n"));
    report.after.emt = permanent_error("missing trie node");
    EXPECT_THAT(ledger_check_text(wallet, report), HasSubstr("EMT  not checked: missing trie node\n"));
}

TEST_F(LedgerTextTest, SaysWhatIsNotGas) {
    add(entry(LedgerKind::gas, day_one, 0, -coins("0.25")));
    report.own_transactions = 3;
    report.before.alt = chain::parse_coins("1").value();
    report.after.alt = chain::parse_coins("2").value();
    EXPECT_THAT(ledger_check_text(wallet, report),
                HasSubstr("ALT  -0.25 for the gas of 3 transactions; the balance changed by 1.25 besides\n"));
    EXPECT_THAT(ledger_check_text(wallet, report), Not(HasSubstr("not among them")));
    report.after.transactions = 5U;
    EXPECT_THAT(ledger_check_text(wallet, report), HasSubstr("not among them are 2 transactions of this wallet"));
}

TEST_F(LedgerTextTest, JsonHasNullForWhatIsNotKnown) {
    add(entry(LedgerKind::fee, day_one, coins("20")));
    report.before.emt = permanent_error("missing trie node");
    const auto json = ledger_json(wallet, tables, report, true);
    EXPECT_TRUE(json.at("emt").at("before").is_null());
    EXPECT_TRUE(json.at("emt").at("unexplained").is_null());
    EXPECT_EQ(json.at("emt").at("after"), "0");
    EXPECT_EQ(json.at("total").at("fee"), "20000000000000000000");
    EXPECT_EQ(json.at("days").at(0).at("day"), "2026-11-22");
    EXPECT_EQ(json.at("jobs").at(0).at("emt"), "20000000000000000000");
    EXPECT_FALSE(ledger_json(wallet, tables, report, false).contains("jobs"));
}

}  // namespace
}  // namespace emeth::cli
