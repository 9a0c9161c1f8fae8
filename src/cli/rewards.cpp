// emeth rewards: what the node earned and lost, day by day.
#include <cstdint>

#include "cli/operator_flags.hpp"
#include "cli/terminal.hpp"
#include "node/admin/admin_api.hpp"
#include "node/snapshot/snapshot.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Shows for each UTC day what verified JOBs paid beyond their deposits, what others cost, and the day's reward: "
    "each "
    "day's EMT is shared by verified gas, and can be withdrawn once the day is over (a running master does that by "
    "itself). \"~\" marks a reward that is only expected: its day is not over, or not withdrawn yet.\n\n"
    "Examples:\n"
    "  emeth rewards --data ./node\n"
    "  emeth rewards --days 30 --data ./node --json\n";

struct RewardsFlags {
    OperatorFlags common;
    std::uint64_t days = node::days_shown;
};

std::string share_of(const Answer& slot) {
    const double total = real_of(slot, "totalGas");
    return total > 0 ? fmt::format("{:.1f}%", 100 * real_of(slot, "ownGas") / total) : "-";
}

std::string reward_of(const Answer& day, const Answer& slot) {
    if (const auto* withdrawn = day.if_contains("withdrawn"))
        return withdrawn->is_null() ? "unknown" : few_decimals(day, "withdrawn");
    return slot.contains("expected") ? "~" + few_decimals(slot, "expected") : "-";
}

void print(const Answer& answer) {
    fmt::print("{:<10}  {:>8} {:>5} {:>11} {:>7} {:>10} {:>9} {:>12}\n", "UTC day", "verified", "lost", "gas", "share",
               "fees", "penalties", "reward");
    for (const auto& value : list_of(answer, "days")) {
        const Answer& day = value.as_object();
        const Answer& slot = object_of(day, "slot");
        fmt::print("{:<10}  {:>8} {:>5} {:>11} {:>7} {:>10} {:>9} {:>12}\n", text_of(day, "day"),
                   text_of(day, "verified"), text_of(day, "penalised"),
                   slot.contains("ownGas") ? text_of(slot, "ownGas") : text_of(day, "gas"), share_of(slot),
                   few_decimals(day, "fees"), few_decimals(day, "penalties"), reward_of(day, slot));
    }
    for (const auto& value : list_of(answer, "days")) {
        const Answer& day = value.as_object();
        if (number_of(day, "unknownAmounts") > 0)
            print_wrapped("", fmt::format("{}: of {} JOBs nobody could tell what was paid; they are in no sum",
                                          text_of(day, "day"), text_of(day, "unknownAmounts")));
    }
    if (answer.contains("chainTrouble"))
        print_wrapped("", "the chain cannot be asked for the slots: " + text_of(answer, "chainTrouble"));
}

}  // namespace

void register_rewards(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("rewards", "what the node earned and lost, day by day");
    command->footer(explanation);
    auto flags = std::make_shared<RewardsFlags>();
    flags->common.add_to(*command);
    flags->common.add_watch_to(*command);
    command->add_option("--days", flags->days, "how many days, today included")
        ->capture_default_str()
        ->check(CLI::Range(std::uint64_t{1}, node::AdminApi::reward_days_max))
        ->type_name("N");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return run_operator_command("rewards", flags->common, {{"days", flags->days}}, print);
        };
    });
}

}  // namespace emeth::cli
