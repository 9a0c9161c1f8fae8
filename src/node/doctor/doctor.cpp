#include "node/doctor/doctor.hpp"

#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <utility>

#include "node/doctor/checks.hpp"
#include "node/doctor/machine_checks.hpp"
#include "node/doctor/network_checks.hpp"
#include "node/doctor/node_checks.hpp"
#include "node/doctor/trainer_check.hpp"
#include "runtime/waiting.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::node {
namespace {

constexpr Milliseconds spare{1'000};

void append(Findings& findings, Findings more) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
}

Check trainer_check(TrainerQuestion question) {
    question.program = trainer_protocol::default_trainer_program();
    return {"trainer", "emeth-trainer", limit_of(question) + spare,
            [question](Findings& findings) { return look_at_trainer(question, findings); }};
}

std::vector<Check> network_checks(NetworkExam& network, Milliseconds limit) {
    return {{"endpoint", "the chain's endpoint", limit,
             [&network](Findings& findings) { return network.look_at_chain(findings); }},
            {"info server", "the JOB info server", limit,
             [&network](Findings& findings) { return network.look_at_info_server(findings); }},
            {"storage", "the Storage API", limit,
             [&network](Findings& findings) { return network.look_at_storage(findings); }}};
}

std::vector<Check> node_checks(NodeExam& node, Milliseconds limit) {
    return {
        {"store", "the store", limit, [&node](Findings& findings) { return node.look_at_store(findings); }},
        {"master", "the running master", limit, [&node](Findings& findings) { return node.look_at_master(findings); }}};
}

/// What follows from the servers' answers together with the store.
Findings judgements_of(const NetworkExam& network, const NodeExam& node) {
    Findings findings = network.judge_wallet(node.active_jobs() > 0, node.last_nonce());
    findings.push_back(network.judge_time());
    return findings;
}

Task<> dial_master(http::Url master, Milliseconds timeout, Findings& findings) {
    const std::string place = master.origin();
    http::ClientRequest request;
    request.url = std::move(master);
    request.url.scheme = request.url.scheme == "wss" ? "https" : "http";
    request.timeout = timeout;
    const Waiting waiting("the master " + place);
    const auto response = co_await http::request(std::move(request));
    if (response.has_error())
        co_return findings.push_back(
            problem_of("master", response.error(), "see whether it is up and listens there; check `master_node_url`"));
    findings.push_back(
        {"master", Verdict::ok, place + " answers; its worker_whitelist says whether this worker may connect"});
}

}  // namespace

Task<Findings> examine_node(asio::any_io_executor executor, NodeToExamine subject) {
    NodeExam node(subject.data);
    std::unique_ptr<NetworkExam> network;
    std::vector<Check> checks;
    if (subject.config) {
        network = std::make_unique<NetworkExam>(*subject.config, subject.wallet, subject.patience / 2, system_clock());
        checks = network_checks(*network, subject.patience);
    }
    const std::size_t of_network = checks.size();
    for (Check& check : node_checks(node, subject.patience + spare)) checks.push_back(std::move(check));
    checks.push_back(trainer_check({{}, subject.compute, subject.trials, Verdict::warning, subject.patience}));
    auto running = run_checks(std::move(executor), system_clock(), std::move(checks));
    std::vector<Findings> found = co_await std::move(running);
    Findings findings;
    for (std::size_t index = 0; index < found.size(); ++index) {
        if (network && index == of_network) append(findings, judgements_of(*network, node));
        append(findings, std::move(found[index]));
    }
    const SelectionPolicy policy = subject.config ? subject.config->selection : SelectionPolicy{};
    append(findings, look_at_machine(subject.data, policy, "emeth-master.service"));
    co_return findings;
}

Task<Findings> examine_worker(asio::any_io_executor executor, WorkerToExamine subject) {
    std::vector<Check> checks;
    if (subject.master) {
        const http::Url master = *subject.master;
        const Milliseconds timeout = subject.patience;
        checks.push_back({"master", "the master", timeout + spare,
                          [master, timeout](Findings& findings) { return dial_master(master, timeout, findings); }});
    }
    checks.push_back(trainer_check({{}, subject.compute, subject.trials, Verdict::problem, subject.patience}));
    auto running = run_checks(std::move(executor), system_clock(), std::move(checks));
    std::vector<Findings> found = co_await std::move(running);
    Findings findings;
    for (Findings& part : found) append(findings, std::move(part));
    append(findings, look_at_machine(subject.data, SelectionPolicy{}, "emeth-worker.service"));
    co_return findings;
}

}  // namespace emeth::node
