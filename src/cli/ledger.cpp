// emeth ledger: every movement of the wallet's money, from the chain.
#include <optional>

#include "chain/rpc/rpc_archive.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "cli/ledger_text.hpp"
#include "cli/operator_flags.hpp"
#include "cli/terminal.hpp"
#include "runtime/redaction.hpp"
#include "runtime/utc_text.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Lists from the chain what moved the wallet's EMT and what its transactions paid for gas, per UTC day, and checks "
    "that it is all: balance before + entries = balance after. It only reads; a master may be running. Only blocks "
    "with `confirmations` count.\n"
    "Exit code 1: it does not add up. 3: the endpoint cannot tell.\n\n"
    "Examples:\n"
    "  emeth ledger --config master.env --data ./node\n"
    "  emeth ledger --jobs --from-day 2026-11-01 --to-day 2026-11-30\n"
    "  emeth ledger --csv > ledger.csv              every entry, amounts in wei\n";

struct LedgerFlags {
    OperatorFlags common;
    std::string from_day, to_day;
    bool jobs = false, csv = false;
};

/// The time at which the day that `text` names begins, `days` later; none if there is no text.
Result<std::optional<std::int64_t>> day_begin(const char* flag, const std::string& text, std::int64_t days) {
    if (text.empty()) return std::optional<std::int64_t>();
    const std::optional<std::int64_t> day = parse_utc_date(text);
    if (!day)
        return permanent_error(
            fmt::format("{}: '{}' is no day: expected one as 2026-11-22 (UTC)", flag, redacted(text)));
    return std::optional((*day + days) * chain::slot_seconds);
}

Result<node::LedgerQuestion> question_of(const LedgerFlags& flags, const node::OperatorSettings& settings) {
    const auto from = day_begin("--from-day", flags.from_day, 0), to = day_begin("--to-day", flags.to_day, 1);
    if (from.has_error()) return from.error();
    if (to.has_error()) return to.error();
    if (*from && *to && **from >= **to)
        return permanent_error(
            fmt::format("--from-day {} is after --to-day {}: exchange them", flags.from_day, flags.to_day));
    return node::LedgerQuestion{
        {settings.key.address(), settings.config.core}, settings.config.confirmations, *from, *to};
}

/// What was read so far; the report only once all is read.
struct Ledger {
    LedgerTables tables;
    std::optional<node::LedgerReport> report;
};

Result<std::vector<storage::OutboxEntry>> outbox_of(const std::string& data) {
    const auto outbox = storage::Outbox::open(node::store_folder(data), storage::OpenMode::read_only);
    if (outbox.has_error()) return outbox.error();
    return (*outbox)->all();
}

Task<Result<void>> read_into(std::shared_ptr<Ledger> ledger, node::NodeConfig config, node::LedgerQuestion question,
                             std::string data, bool csv) {
    chain::RpcClient rpc(config.endpoint, config.request_timeout);
    chain::RpcChain chain(rpc, config.core, config.token);
    chain::RpcArchive archive(rpc, config.token);
    if (const auto checked = co_await chain.constants(); checked.has_error()) co_return checked.error();
    if (csv) fmt::print("{}", ledger_csv_header());
    const auto enter = [ledger, csv](const node::LedgerEntry& entry) {
        if (csv)
            fmt::print("{}", ledger_csv_line(entry));
        else
            ledger->tables.add(entry);
    };
    const node::LedgerPorts ports{chain, archive, system_clock()};
    auto reading = node::read_ledger(ports, std::move(question), [data] { return outbox_of(data); }, enter);
    Result<node::LedgerReport> report = co_await std::move(reading);
    if (report.has_error()) co_return report.error();
    ledger->report = *std::move(report);
    co_return Result<void>{};
}

void print(const LedgerFlags& flags, const Address& wallet, const Ledger& ledger) {
    const node::LedgerReport& report = *ledger.report;
    if (flags.common.json) {
        fmt::print("{}\n", json_text(ledger_json(wallet, ledger.tables, report, flags.jobs)));
        return;
    }
    if (!flags.csv)
        fmt::print("{}\n", flags.jobs ? ledger_jobs_table(ledger.tables, report.sums)
                                      : ledger_days_table(ledger.tables, report.sums));
    std::fflush(stdout);  // what follows comes after it where both go to one place
    fmt::print(flags.csv ? stderr : stdout, "{}", ledger_check_text(wallet, report));
}

/// Only the outbox tells which transactions withdrew a reward that the token does not tell of.
std::string foreign_hint(const node::LedgerReport& report) {
    const auto foreign = report.foreign_transactions();
    if (foreign.has_error() || *foreign == 0) return "";
    return fmt::format(". Or a reward was withdrawn by one of the {} transactions that this data folder does not know",
                       *foreign);
}

int verdict(const node::LedgerReport& report) {
    const auto rest = report.unexplained_emt();
    if (rest.has_error())
        return fail("ledger", in_context("whether this is all cannot be checked", rest.error()), exit_unavailable);
    if (*rest == 0) return exit_ok;
    return fail(
        "ledger",
        permanent_error(fmt::format(
            "this is not all: {} EMT came or went by no event of the token. Either the token moved it without "
            "one, or the endpoint leaves out logs: ask another one with --endpoint, or narrow it down with --from-day "
            "and --to-day{}",
            chain::format_coins(*rest), foreign_hint(report))),
        exit_failed);
}

int ledger(const LedgerFlags& flags) {
    init_logging("ledger", "warn");
    const auto settings = flags.common.settings();
    if (settings.has_error()) return fail("ledger", settings.error(), exit_usage);
    const auto question = question_of(flags, *settings);
    if (question.has_error()) return fail("ledger", question.error(), exit_usage);
    const auto read = std::make_shared<Ledger>();
    const int code = run_task(
        "ledger",
        [&](asio::any_io_executor) {
            return read_into(read, settings->config, *question, flags.common.data, flags.csv);
        },
        exit_unavailable);
    if (!read->report) return code == exit_ok ? exit_failed : code;  // interrupted: what was printed is not all
    print(flags, question->parties.wallet, *read);
    return verdict(*read->report);
}

}  // namespace

void register_ledger(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("ledger", "every movement of the wallet's money, checked");
    command->footer(explanation);
    auto flags = std::make_shared<LedgerFlags>();
    flags->common.add_to(*command);
    command->add_option("--from-day", flags->from_day, "only blocks of this UTC day and later")
        ->type_name("YYYY-MM-DD");
    command->add_option("--to-day", flags->to_day, "only blocks up to the end of this UTC day")
        ->type_name("YYYY-MM-DD");
    auto* jobs = command->add_flag("--jobs", flags->jobs, "per JOB instead of per day; with --json, too");
    command->add_flag("--csv", flags->csv, "every entry as CSV; the check goes to stderr")
        ->excludes(jobs)
        ->excludes("--json");
    command->callback([flags, &invocation] { invocation.run = [flags] { return ledger(*flags); }; });
}

}  // namespace emeth::cli
