// A ledger as text: tables for people, CSV and JSON for programs. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "node/money/ledger.hpp"
#include "node/money/ledger_reader.hpp"

namespace emeth::cli {

/// Sums of the entries of each UTC day (its number since 1970) and of each JOB; those of no JOB are together.
struct LedgerTables {
    std::map<std::int64_t, node::LedgerSums> days;
    std::map<std::optional<JobId>, node::LedgerSums> jobs;

    void add(const node::LedgerEntry& entry);
};

/// RFC 4180, with its line end. Amounts are wei with a sign, times are UTC.
std::string ledger_csv_header();
std::string ledger_csv_line(const node::LedgerEntry& entry);

/// Cut to two decimals; gas to six.
std::string ledger_days_table(const LedgerTables& tables, const node::LedgerSums& total);
std::string ledger_jobs_table(const LedgerTables& tables, const node::LedgerSums& total);

/// What was read, and whether it equals what the wallet held: a few lines.
std::string ledger_check_text(const Address& wallet, const node::LedgerReport& report);

/// Amounts are wei with a sign. The JOBs only `with_jobs`.
boost::json::object ledger_json(const Address& wallet, const LedgerTables& tables, const node::LedgerReport& report,
                                bool with_jobs);

}  // namespace emeth::cli
