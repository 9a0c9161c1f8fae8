// emeth requester: asks for a mix of JOBs until its budget is spent.
#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <cstdio>
#include <memory>

#include "chain/amount.hpp"
#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "network/requester/mix_settings.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiting.hpp"

namespace emeth::cli {

namespace {

struct RequesterFlags {
    ConfigFlags config;
    std::string data = ".emeth/requester";
    bool json = false;
};

void print_line(const boost::json::object& line) {
    fmt::print("{}\n", json_text(line));
    std::fflush(stdout);
}

void tell_json(const network::RequestPlan& plan) {
    boost::json::object line{{"event", network::plan_state_name(plan.state)},
                             {"number", plan.number},
                             {"id", plan.id.hex()},
                             {"trap", network::trap_name(plan.trap)},
                             {"datasetBytes", plan.dataset_bytes},
                             {"programId", plan.program_id},
                             {"param", plan.param},
                             {"fee", chain::format_wei(plan.fee)}};
    if (!plan.outcome.empty()) line["outcome"] = plan.outcome;
    print_line(line);
}

void tell_log(const network::RequestPlan& plan) {
    const std::string trap = plan.trap == network::Trap::none
                                 ? std::string()
                                 : fmt::format(", to be refused: {}", network::trap_name(plan.trap));
    log_of(plan.id).info("{}: {} bytes, fee {} EMT{}{}{}", network::plan_state_name(plan.state), plan.dataset_bytes,
                         chain::format_coins(plan.fee), trap, plan.outcome.empty() ? "" : "; ", plan.outcome);
}

void tell_end(const network::PlanBook& plans, const Wei& budget, bool json) {
    if (json)
        print_line({{"event", "spent"},
                    {"jobs", plans.plans().size()},
                    {"fees", chain::format_wei(plans.spent())},
                    {"budget", chain::format_wei(budget)}});
    spdlog::info("the budget of {} EMT does not suffice for another JOB: {} EMT were offered for {} JOBs",
                 chain::format_coins(budget), chain::format_coins(plans.spent()), plans.plans().size());
}

Task<> run_and_end(network::MixedRequests& mixed, TaskGroup& group, Result<void>& outcome) {
    outcome = co_await mixed.run();
    group.cancel();
}

Task<Result<void>> run_requester(std::shared_ptr<RequesterFlags> flags) {
    auto config = flags->config.load();
    if (config.has_error()) co_return config.error();
    network::MixedRequestsOptions options;
    if (auto read = read_settings(*config, network::mix_settings(), options); read.has_error()) co_return read.error();
    const std::filesystem::path data = flags->data;
    auto actor = co_await NetworkActor::open(*config, data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    auto plans = network::PlanBook::open(data / "plans");
    if (plans.has_error()) co_return plans.error();
    if (const auto made = create_folder(data / "datasets", 0700); made.has_error()) co_return made.error();
    const network::RequesterPorts ports{self.chain(), self.sender(), self.storage(), system_random()};
    network::Requester requester(ports, self.settings.core, self.settings.token);
    const Wei budget = options.budget;
    network::MixedRequests mixed({ports, requester, self.outbox(), self.pool(), system_clock()}, std::move(options),
                                 std::move(*plans), data / "datasets", flags->json ? tell_json : tell_log);
    TaskGroup group(co_await asio::this_coro::executor, 3);
    end_telling_of_waiting();
    Result<void> outcome;
    group.start(keep_service_manager_informed(system_clock()));
    group.start(self.sender().run());
    group.start(run_and_end(mixed, group, outcome));
    co_await group.join();
    if (outcome.has_value()) tell_end(mixed.plans(), budget, flags->json);
    co_return outcome;
}

}  // namespace

void register_requester(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("requester", "request a mix of JOBs until a budget is spent");
    command->footer(
        "Examples:\n"
        "  emeth requester --config mix.env --mix_texts ./texts --mix_budget 2000\n"
        "  emeth requester --config mix.env --mix_trap_percent 20 --json\n"
        "What it has planned is in the data folder: started again, it goes on.\n");
    auto flags = std::make_shared<RequesterFlags>();
    flags->config.add_to(*command, declared(actor_settings(), network::mix_settings()));
    command->add_flag("--json", flags->json, "a JSON object a line for each JOB planned, requested, ended or dropped");
    add_path(*command, "--data", flags->data, "folder of key, outbox and plans", "DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("requester", "info");
            return run_service("requester", [flags](asio::any_io_executor) { return run_requester(flags); });
        };
    });
}

}  // namespace emeth::cli
