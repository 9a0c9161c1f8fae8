#include "cli/ledger_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "chain/amount.hpp"
#include "cli/answer_text.hpp"
#include "runtime/utc_text.hpp"

namespace emeth::cli {

namespace {

namespace json = boost::json;
using chain::SignedWei;
using node::LedgerKind;
using node::LedgerSums;

constexpr std::int64_t ms_a_second = 1'000, ms_a_day = 86'400'000;

std::string coins(const SignedWei& wei) {
    return few_decimals(chain::format_coins(wei));
}

/// Gas costs little.
std::string gas_coins(const SignedWei& wei) {
    constexpr std::size_t decimals = 6;
    std::string text = chain::format_coins(wei);
    if (const auto point = text.find('.'); point != std::string::npos)
        text.resize(std::min(text.size(), point + 1 + decimals));
    return text;
}

std::string day_row(const std::string& day, const LedgerSums& sums) {
    const SignedWei locked = sums.emt(LedgerKind::deposit) + sums.emt(LedgerKind::deposit_returned);
    return fmt::format("{:<10} {:>9} {:>8} {:>9} {:>9} {:>9} {:>10} {:>9}\n", day, coins(locked),
                       coins(sums.emt(LedgerKind::fee)), coins(sums.emt(LedgerKind::penalty)),
                       coins(sums.emt(LedgerKind::reward)), coins(sums.emt(LedgerKind::transfer)), coins(sums.emt()),
                       gas_coins(sums.alt()));
}

std::string job_row(const std::string& job, const LedgerSums& sums) {
    return fmt::format("{:<11} {:>10} {:>10} {:>8} {:>9} {:>10} {:>10}\n", job, coins(sums.emt(LedgerKind::deposit)),
                       coins(sums.emt(LedgerKind::deposit_returned)), coins(sums.emt(LedgerKind::fee)),
                       coins(sums.emt(LedgerKind::penalty)), coins(sums.emt()), gas_coins(sums.alt()));
}

json::object sums_json(const LedgerSums& sums) {
    json::object object;
    for (const LedgerKind kind : node::ledger_kinds)
        object[node::name(kind)] = kind == LedgerKind::gas ? sums.alt().str() : sums.emt(kind).str();
    object["emt"] = sums.emt().str();
    return object;
}

/// Null where it is not known.
template <class Amount>
json::value json_or_null(const Result<Amount>& amount, std::string (*text)(const Amount&)) {
    return amount.has_value() ? json::value(text(*amount)) : json::value(nullptr);
}

json::object check_json(const Result<Wei>& before, const Result<Wei>& after, const Result<SignedWei>& rest,
                        std::string_view rest_name) {
    const auto signed_text = [](const SignedWei& wei) { return wei.str(); };
    return {{"before", json_or_null(before, &chain::format_wei)},
            {"after", json_or_null(after, &chain::format_wei)},
            {rest_name, json_or_null<SignedWei>(rest, signed_text)}};
}

std::string emt_check(const node::LedgerReport& report) {
    const auto& [before, after] = std::tie(report.before.emt, report.after.emt);
    const Result<SignedWei> rest = report.unexplained_emt();
    if (rest.has_error()) return fmt::format("EMT  not checked: {}\n", rest.error().message);
    const std::string sum = fmt::format("EMT  {} before, {} by the entries, {} after", chain::format_coins(*before),
                                        chain::format_coins(report.sums.emt()), chain::format_coins(*after));
    if (*rest == 0) return sum + ": every wei is accounted for\n";
    return fmt::format("{}: {} of it by no entry\n", sum, chain::format_coins(*rest));
}

std::string alt_check(const node::LedgerReport& report) {
    const std::string gas = fmt::format("ALT  {} for the gas of {} transactions",
                                        chain::format_coins(report.sums.alt()), report.own_transactions);
    const Result<SignedWei> rest = report.alt_besides_gas();
    if (rest.has_error()) return fmt::format("{}; what else came and went is not known\n", gas);
    return fmt::format("{}; the balance changed by {} besides\n", gas, chain::format_coins(*rest));
}

/// What is not in the sums, if anything is not.
std::string missing_gas(const node::LedgerReport& report) {
    const Result<std::uint64_t> foreign = report.foreign_transactions();
    const std::uint64_t missing = std::max(report.without_receipt, foreign.has_value() ? *foreign : 0);
    if (missing == 0) return "";
    return fmt::format(
        "     not among them are {} transactions of this wallet that this data folder does not know, or of which the "
        "endpoint has no receipt any more\n",
        missing);
}

}  // namespace

void LedgerTables::add(const node::LedgerEntry& entry) {
    days[entry.block_unix_s * ms_a_second / ms_a_day].add(entry);
    jobs[entry.job].add(entry);
}

std::string ledger_csv_header() {
    return "block,time,transaction,job,kind,emt_wei,alt_wei\r\n";
}

std::string ledger_csv_line(const node::LedgerEntry& entry) {
    return fmt::format("{},{},{},{},{},{},{}\r\n", entry.block, utc_text(entry.block_unix_s * ms_a_second),
                       entry.transaction.hex(), entry.job ? entry.job->hex() : "", node::name(entry.kind),
                       entry.emt.str(), entry.alt.str());
}

std::string ledger_days_table(const LedgerTables& tables, const node::LedgerSums& total) {
    std::string text = fmt::format("{:<10} {:>9} {:>8} {:>9} {:>9} {:>9} {:>10} {:>9}\n", "UTC day", "deposits", "fees",
                                   "penalties", "rewards", "transfers", "EMT", "gas ALT");
    for (const auto& [day, sums] : tables.days) text += day_row(utc_date(day * ms_a_day), sums);
    return text + day_row("total", total);
}

std::string ledger_jobs_table(const LedgerTables& tables, const node::LedgerSums& total) {
    std::string text = fmt::format("{:<11} {:>10} {:>10} {:>8} {:>9} {:>10} {:>10}\n", "JOB", "deposit", "returned",
                                   "fee", "penalty", "EMT", "gas ALT");
    for (const auto& [job, sums] : tables.jobs) text += job_row(job ? short_id(job->hex()) : "of no JOB", sums);
    return text + job_row("total", total);
}

std::string ledger_check_text(const Address& wallet, const node::LedgerReport& report) {
    return fmt::format("wallet {}, blocks {} to {} ({} UTC)\n", wallet.hex(), report.first_block, report.last.number,
                       utc_text(report.last.timestamp_unix_s * ms_a_second)) +
           emt_check(report) + alt_check(report) + missing_gas(report);
}

json::object ledger_json(const Address& wallet, const LedgerTables& tables, const node::LedgerReport& report,
                         bool with_jobs) {
    json::array days;
    for (const auto& [day, sums] : tables.days) {
        json::object row = sums_json(sums);
        row["day"] = utc_date(day * ms_a_day);
        days.push_back(std::move(row));
    }
    json::object object{
        {"wallet", wallet.hex()},
        {"firstBlock", report.first_block},
        {"lastBlock", report.last.number},
        {"lastBlockHash", report.last.hash.hex()},
        {"lastBlockTime", report.last.timestamp_unix_s},
        {"days", std::move(days)},
        {"total", sums_json(report.sums)},
        {"emt", check_json(report.before.emt, report.after.emt, report.unexplained_emt(), "unexplained")},
        {"alt", check_json(report.before.alt, report.after.alt, report.alt_besides_gas(), "besidesGas")},
        {"ownTransactions", report.own_transactions},
        {"withoutReceipt", report.without_receipt},
        {"unknownRewards", report.unknown_rewards}};
    if (const auto foreign = report.foreign_transactions(); foreign.has_value())
        object["foreignTransactions"] = *foreign;
    if (!with_jobs) return object;
    json::array jobs;
    for (const auto& [job, sums] : tables.jobs) {
        json::object row = sums_json(sums);
        row["job"] = job ? json::value(job->hex()) : json::value(nullptr);
        jobs.push_back(std::move(row));
    }
    object["jobs"] = std::move(jobs);
    return object;
}

}  // namespace emeth::cli
