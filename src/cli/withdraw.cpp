// emeth withdraw: fetch the rewards of closed slots.
#include <optional>

#include "cli/operator_flags.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Fetches the EMT that this wallet's verified JOBs earned in closed slots (UTC days). A running master does this by "
    "itself in the first minutes of each UTC day, by chain time.\n\n"
    "Examples:\n"
    "  emeth withdraw --data ./node\n"
    "  emeth withdraw --slot 20415 --config config/master.env --data ./node\n";

struct WithdrawFlags {
    OperatorFlags common;
    std::optional<std::uint64_t> slot;
};

void print(const Answer& answer) {
    if (list_of(answer, "withdrawn").empty())
        fmt::print("nothing is due: no closed slot holds an unfetched reward of this wallet\n");
    for (const auto& value : list_of(answer, "withdrawn")) {
        const auto& withdrawal = value.as_object();
        const auto* amount = withdrawal.if_contains("amount");
        const bool is_known = amount != nullptr && !amount->is_null();
        fmt::print("slot {}: {} EMT (transaction {})\n", text_of(withdrawal, "slot"),
                   is_known ? coins_of(withdrawal, "amount") : "an unknown amount of",
                   text_of(withdrawal, "transaction"));
    }
}

int withdraw(const WithdrawFlags& flags) {
    boost::json::object params;
    if (flags.slot) params["slot"] = *flags.slot;
    return run_operator_command("withdraw", flags.common, std::move(params), print);
}

}  // namespace

void register_withdraw(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("withdraw", "fetch the rewards of closed slots");
    command->footer(explanation);
    auto flags = std::make_shared<WithdrawFlags>();
    flags->common.add_to(*command);
    command->add_option("--slot", flags->slot, "only this slot (unix seconds / 86400)")->type_name("N");
    command->callback([flags, &invocation] { invocation.run = [flags] { return withdraw(*flags); }; });
}

}  // namespace emeth::cli
