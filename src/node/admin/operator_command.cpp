#include "node/admin/operator_command.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "node/admin/admin_api.hpp"
#include "node/admin/admin_socket.hpp"
#include "node/core/node_core.hpp"
#include "node/data_folder.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiting.hpp"

namespace emeth::node {
namespace {

using boost::json::object;
using boost::json::value;

/// Withdrawals wait for confirmations, slot by slot.
constexpr Milliseconds answer_timeout{600'000};
constexpr Milliseconds look_again_after{100};

/// Only the JOBs that the decline concerns continue here.
Task<Result<void>> begin_declines(JobServices& services, std::optional<JobId> only) {
    auto read = [jobs = &services.ports.jobs] { return jobs->active(); };
    Result<std::vector<statemachine::Job>> active = co_await services.ports.pool.run(std::move(read));
    if (active.has_error()) co_return active.error();
    std::erase_if(*active, [&](const statemachine::Job& job) {
        return job.outcome.submit.has_value() || (only && job.terms.id != *only);
    });
    std::vector<JobId> ids;
    for (const auto& job : *active) ids.push_back(job.terms.id);
    services.supervisor.prepare(std::move(*active));
    for (const auto& id : ids) {  // before they run, so that none takes another step of its own
        const auto requested = services.supervisor.request_decline(id, "the operator declined it");
        if (requested.has_error()) co_return requested;
    }
    services.supervisor.start_prepared("to be declined, without a master");
    co_return Result<void>{};
}

Task<> wait_for_jobs(const Supervisor& supervisor) {
    const Waiting waiting("the JOBs to end on chain");
    while (!supervisor.empty()) co_await system_clock().sleep(look_again_after);
}

/// Ends `group`, in which it runs, when everything is done.
Task<> carry_out(AdminPorts ports, TaskGroup& group, std::string method, object params,
                 std::optional<Result<value>>& answer) {
    AdminApi api(ports, [] {});
    Result<void> begun;
    if (method == "decline") {
        const auto* job = params.if_contains("job");
        const auto only =
            job != nullptr && job->is_string() ? JobId::parse(std::string_view(job->get_string())) : std::nullopt;
        begun = co_await begin_declines(ports.services, only);
    }
    if (begun.has_error()) {
        answer.emplace(begun.error());
    } else {
        Result<value> result = co_await api.handle(std::move(method), std::move(params));
        answer.emplace(std::move(result));
        co_await wait_for_jobs(ports.services.supervisor);
    }
    group.cancel();
}

/// It concerns this node's store alone; the network is not asked.
bool needs_no_network(std::string_view method) {
    return method == "status" || method == "jobs" || method == "workers" || method == "refusals" || method == "drain";
}

/// It only reads, and says what it can while the network is away.
bool bears_an_absent_network(std::string_view method) {
    return method == "joblist" || method == "rewards";
}

/// What only reads goes by what an earlier start saw of the contract; if none has, no JOB holds a deposit.
Task<Result<chain::Constants>> constants_for(NodeCore& core, std::string method) {
    if (!needs_no_network(method)) {
        const Result<chain::Constants> checked = co_await core.check_network();
        const bool is_away = checked.has_error() && checked.error().kind == ErrorKind::transient;
        if (!is_away || !bears_an_absent_network(method)) co_return checked;
    }
    const Result<chain::Constants> known = co_await core.recall_network();
    co_return known.has_value() ? *known : chain::Constants{};
}

Task<Result<value>> without_master(asio::any_io_executor executor, std::filesystem::path data,
                                   OperatorSettings settings, std::string method, object params) {
    std::error_code ignored;
    if (needs_no_network(method) && !std::filesystem::exists(store_folder(data), ignored))
        co_return permanent_error("no node has worked in " + data.string() +
                                  ": name the data folder of its master (--data)");
    auto core = NodeCore::open(executor, std::move(settings.config), std::move(settings.key), std::move(data));
    if (core.has_error()) co_return core.error();
    NodeCore& node = **core;
    const auto constants = co_await constants_for(node, method);
    if (constants.has_error()) co_return constants.error();
    TaskGroup group(executor, Supervisor::jobs_max);
    NoWorkers nobody(executor);
    JobServices services(executor, node.ports(), nobody, group, node.config, *constants, node.data);
    std::optional<Result<value>> answer;
    const AdminPorts ports{services, *constants, node.config, node.network_clock()};
    if (!needs_no_network(method) && !bears_an_absent_network(method)) group.start(node.sender().run());
    group.start(carry_out(ports, group, std::move(method), std::move(params), answer));
    co_await group.join();
    co_return answer.value_or(transient_error("the command was interrupted"));
}

}  // namespace

Task<Result<value>> operator_command(asio::any_io_executor executor, std::filesystem::path data,
                                     std::function<Result<OperatorSettings>()> settings, std::string method,
                                     object params) {
    if (admin_answers(admin_socket(data)))
        co_return co_await ask_master(admin_socket(data), std::move(method), std::move(params), answer_timeout);
    Result<OperatorSettings> read = settings();
    if (read.has_error()) co_return read.error();
    co_return co_await without_master(std::move(executor), std::move(data), std::move(*read), std::move(method),
                                      std::move(params));
}

}  // namespace emeth::node
