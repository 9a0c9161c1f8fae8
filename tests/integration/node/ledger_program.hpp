// `emeth ledger`, the program, beside a wallet whose JOBs end in every way on an anvil.
#pragma once

#include <boost/json/value.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deployed_network.hpp"

namespace emeth::chain::test {

/// As wide as it must be: sums of the tests' own.
using Integer = boost::multiprecision::cpp_int;

Integer number(const boost::json::value& hex);
std::string text(const boost::json::value& value);
/// "0x1f".
std::string quantity(std::uint64_t value);

/// One line of the CSV.
struct Line {
    std::uint64_t block = 0;
    std::string day, transaction, job, kind;
    Integer emt, alt;
};

class LedgerProgram : public DeployedNetwork {
protected:
    using DeployedNetwork::DeployedNetwork;

    struct Ended {
        int code = -1;
        std::string output;  ///< stdout and stderr
    };
    /// Runs `emeth ledger` on the folder of the node's outbox, which this process has open, as a master would.
    Ended ledger(std::vector<std::string> arguments, Account account = node);
    std::vector<Line> csv_lines(std::vector<std::string> more = {});
    /// "deposit -30 deposit_returned 30 fee 20": the JOB's lines without the gas.
    static std::string story(const std::vector<Line>& lines, const JobId& job);

    boost::json::value ask(std::string method, boost::json::array params);
    std::uint64_t head();
    void pass(std::uint64_t seconds);

    // What becomes of a JOB that the node takes, all of it mined.
    JobId taken(std::int64_t seconds_to_deadline = 3'600);
    JobId submitted();
    JobId verified();
    JobId rejected();
    JobId timed_out();
    JobId declined();
    /// Another node's process is mined first.
    JobId lost();
    void withdraw(std::uint64_t slot);
    /// Returns the block.
    std::uint64_t alt_from_a_stranger(std::uint64_t value);

    const Wei fee = *parse_coins("30");
    std::string endpoint = anvil.url();  ///< that the program asks

private:
    Receipt send(storage::TxKind kind, Bytes data, std::optional<JobId> job);

    int runs_ = 0;
};

}  // namespace emeth::chain::test
