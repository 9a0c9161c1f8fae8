#include "ledger_program.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "runtime/child_process.hpp"

namespace emeth::chain::test {

namespace json = boost::json;
using storage::TxKind;

Integer number(const json::value& hex) {
    return Integer(text(hex));
}

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

std::string quantity(std::uint64_t value) {
    std::ostringstream out;
    out << "0x" << std::hex << value;
    return out.str();
}

LedgerProgram::Ended LedgerProgram::ledger(std::vector<std::string> arguments, Account account) {
    const std::filesystem::path log = folder.path() / ("ledger-" + std::to_string(++runs_));
    ChildOptions options;
    options.program = std::filesystem::path(std::getenv("EMETH_BIN_DIR")) / "emeth";
    options.arguments = {"ledger", "--data", folder.path().string()};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.environment = {{"endpoint", endpoint},
                           {"emethContractAddress", core.hex()},
                           {"tokenContractAddress", token.hex()},
                           {"confirmations", "1"},
                           {"privateKey", keys.at(account).reveal_hex()}};
    options.output = log;
    ChildProcess child = ChildProcess::start(io.get_executor(), options).value();
    const ChildEnd end = run(child.wait());
    std::ifstream file(log);
    return {end.signal == 0 ? end.exit_code : -1, std::string(std::istreambuf_iterator<char>(file), {})};
}

std::vector<Line> LedgerProgram::csv_lines(std::vector<std::string> more) {
    more.insert(more.begin(), "--csv");
    const Ended ended = ledger(more);
    EXPECT_EQ(ended.code, 0) << ended.output;
    EXPECT_THAT(ended.output, testing::HasSubstr("block,time,transaction,job,kind,emt_wei,alt_wei\r\n"));
    std::vector<Line> lines;
    std::istringstream in(ended.output);
    for (std::string line; std::getline(in, line);) {
        if (!line.ends_with('\r') || line.starts_with("block")) continue;  // the check, and the header
        line.pop_back();
        std::vector<std::string> fields;
        std::istringstream parts(line);
        for (std::string field; std::getline(parts, field, ',');) fields.push_back(field);
        EXPECT_EQ(fields.size(), 7U) << line;
        fields.resize(7);
        lines.push_back({std::stoull(fields[0]), fields[1].substr(0, 10), fields[2], fields[3], fields[4],
                         Integer(fields[5]), Integer(fields[6])});
    }
    return lines;
}

json::value LedgerProgram::ask(std::string method, json::array params) {
    return run(rpc.call(method, std::move(params))).value();
}
std::uint64_t LedgerProgram::head() {
    return static_cast<std::uint64_t>(number(ask("eth_blockNumber", {})));
}

Receipt LedgerProgram::send(TxKind kind, Bytes data, std::optional<JobId> job) {
    Intent made = intent(kind, std::move(data));
    made.job = job;
    return outcome(run(sender->send_and_store(std::move(made))).value());
}

JobId LedgerProgram::taken(std::int64_t seconds_to_deadline) {
    const JobId job = request(fee, seconds_to_deadline);
    process(job, fee);
    return job;
}

JobId LedgerProgram::submitted() {
    const JobId job = taken();
    EXPECT_TRUE(send(TxKind::submit, encode_submit(job, "result.tar"), job).succeeded);
    return job;
}

void LedgerProgram::pass(std::uint64_t seconds) {
    rpc_call("evm_increaseTime", {seconds});
    mine(1);
}

JobId LedgerProgram::verified() {
    const JobId job = submitted();
    EXPECT_TRUE(transact(verifier, core, encode_verify(job, 582)).succeeded);
    return job;
}

JobId LedgerProgram::rejected() {
    const JobId job = submitted();
    EXPECT_TRUE(transact(verifier, core, encode_reject_result(job)).succeeded);
    return job;
}

JobId LedgerProgram::timed_out() {
    const JobId job = taken(60);
    pass(120);
    EXPECT_TRUE(transact(verifier, core, encode_timeout(job)).succeeded);
    return job;
}

JobId LedgerProgram::declined() {
    const JobId job = taken();
    EXPECT_TRUE(send(TxKind::decline, encode_decline(job), job).succeeded);
    return job;
}

JobId LedgerProgram::lost() {
    const JobId job = request(fee);
    transact(owner, token, encode_mint(address(other), fee));
    transact(other, token, encode_approve(core, fee));
    EXPECT_TRUE(transact(other, core, encode_process(job)).succeeded);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    EXPECT_FALSE(outcome(pair.at(1)).succeeded);
    return job;
}

void LedgerProgram::withdraw(std::uint64_t slot) {
    EXPECT_TRUE(send(TxKind::withdraw, encode_withdraw_slot_reward(slot), std::nullopt).succeeded);
}

std::uint64_t LedgerProgram::alt_from_a_stranger(std::uint64_t value) {
    const std::uint64_t before = head();
    json::object transfer{{"from", address(other).hex()}, {"to", address(node).hex()}, {"value", quantity(value)}};
    rpc_call("eth_sendTransaction", {std::move(transfer)});
    run_until([&] { return head() > before; });
    return before + 1;
}

std::string LedgerProgram::story(const std::vector<Line>& lines, const JobId& job) {
    std::string words;
    for (const Line& line : lines) {
        if (line.job != job.hex() || line.kind == "gas") continue;
        const Wei size = to_wei(U256(abs(line.emt)));
        words += (words.empty() ? "" : " ") + line.kind + (line.emt < 0 ? " -" : " ") + format_coins(size);
    }
    return words;
}

}  // namespace emeth::chain::test
