#include "cli/demo/demo_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "cli/browser.hpp"
#include "harness/emeth_process.hpp"
#include "harness/english_text.hpp"
#include "http/client.hpp"
#include "node/data_folder.hpp"
#include "runtime/clock.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::cli {

namespace {

using statemachine::Job;
using statemachine::State;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::size_t workers = 2;
constexpr Milliseconds poll{500};
constexpr Milliseconds story_limit{240'000};
/// Until a master that was just started listens.
constexpr Milliseconds dashboard_patience{20'000};
constexpr Milliseconds pause_before_restart{1'500};
constexpr std::int64_t seconds_a_day = 86'400;

/// In the middle of training, with something to lose: there is a checkpoint (the next one comes a minute later), and
/// much is still to do.
bool worth_killing(const Job& job) {
    if (job.state != State::training || job.training.artifact || !job.training.checkpoint ||
        job.dataset.steps_total == 0)
        return false;
    return job.training.checkpoint->step * 10 <= job.dataset.steps_total * 7;
}

}  // namespace

DemoStory::DemoStory(network::Devnet& devnet, DemoProcesses& processes, DemoDisplay& display,
                     std::filesystem::path data, bool open)
    : devnet_(devnet), processes_(processes), display_(display), data_(std::move(data)), open_(open) {}

std::filesystem::path DemoStory::store() const {
    return node::store_folder(processes_.master_folder());
}

DemoParties DemoStory::parties() const {
    return {processes_.node_address(), devnet_.verifier(), devnet_.requester_address(), devnet_.core()};
}

std::set<std::uint64_t> DemoStory::slots() const {
    std::set<std::uint64_t> slots;
    for (const auto& demo_job : report_.jobs) slots.insert(demo_job.job.outcome.slot);
    return slots;
}

Task<Result<void>> DemoStory::request_jobs() {
    std::vector<std::uint64_t> sizes_bytes{1 * mib, 2 * mib, 3 * mib};
    auto texts = co_await harness::write_texts(data_, std::move(sizes_bytes));
    if (texts.has_error()) co_return texts.error();
    for (const auto& text : *texts) {
        network::JobRequest request;
        request.dataset = text;
        request.gas_price = *chain::parse_coins("2");
        request.fee_min = *chain::parse_coins("20");
        const auto job = co_await devnet_.requester().request(std::move(request));
        if (job.has_error()) co_return in_context("requesting a JOB", job.error());
        display_.say(fmt::format("JOB {} requested: {} bytes of English text, {} gas, fee {} EMT", job->id.hex(),
                                 job->dataset_bytes, job->gas, chain::format_coins(job->fee)));
    }
    co_return Result<void>{};
}

Task<Result<void>> DemoStory::start_node() {
    if (auto prepared = processes_.prepare(devnet_.node_settings()); prepared.has_error()) co_return prepared;
    const auto funded =
        co_await devnet_.fund(processes_.node_address(), *chain::parse_coins("10"), *chain::parse_coins("1000"));
    if (funded.has_error()) co_return in_context("funding the node", funded.error());
    const auto before = co_await read_balances(devnet_.chain(), parties());
    if (before.has_error()) co_return before.error();
    report_.before = *before;
    if (auto started = processes_.start_master(); started.has_error()) co_return started;
    for (std::size_t index = 0; index < workers; ++index)
        if (auto started = processes_.start_worker(index); started.has_error()) co_return started;
    display_.say(fmt::format("node {} started: a master and {} workers; it holds 1000 EMT",
                             processes_.node_address().hex(), workers));
    display_.say(fmt::format("the node's dashboard: {}", processes_.dashboard()));
    if (open_) co_await open_pages();
    co_return Result<void>{};
}

/// The story goes on without a browser.
Task<> DemoStory::open_pages() {
    const auto begun = system_clock().monotonic();
    bool answers = false;
    while (!answers && system_clock().monotonic() - begun < dashboard_patience) {
        http::ClientRequest asked;
        asked.url = http::Url::parse(processes_.dashboard()).value();
        answers = (co_await http::request(std::move(asked))).has_value();
        if (!answers) co_await system_clock().sleep(poll);
    }
    const std::vector<std::string> pages{devnet_.info_server().text(), processes_.dashboard()};
    for (const std::string& page : pages) {
        const auto opened = co_await open_in_browser(page);
        if (opened.has_error()) display_.say(opened.error().message);
    }
}

Task<Result<void>> DemoStory::kill_and_restart(Job job) {
    const auto worker = processes_.worker_with(job.lease.worker);
    if (!worker)
        co_return permanent_error(fmt::format("JOB {} is leased to {}, which is no worker of the demo",
                                              job.terms.id.hex(), job.lease.worker.hex()));
    co_await processes_.kill_master();
    co_await processes_.kill_worker(*worker);
    killed_job_ = job.terms.id;
    display_.say(fmt::format("SIGKILL to the master and worker {}; JOB {} had its checkpoint at step {} of {}",
                             *worker + 1, job.terms.id.hex(), job.training.checkpoint->step, job.dataset.steps_total));
    co_await system_clock().sleep(pause_before_restart);
    if (auto started = processes_.start_master(); started.has_error()) co_return started;
    if (auto started = processes_.start_worker(*worker); started.has_error()) co_return started;
    display_.say("both started again");
    co_return Result<void>{};
}

Task<Result<void>> DemoStory::until_verified() {
    const auto begun = system_clock().monotonic();
    for (;;) {
        const auto jobs = harness::read_jobs(store());
        // A store that is just being opened by the master may not be readable for a moment; only the time limit ends
        // the waiting.
        if (jobs.has_value()) {
            display_.show(*jobs);
            if (!killed_job_) {
                const auto target = std::find_if(jobs->begin(), jobs->end(), worth_killing);
                if (target != jobs->end()) {
                    const auto killed = co_await kill_and_restart(*target);
                    if (killed.has_error()) co_return killed;
                }
            }
            const auto ended = std::count_if(jobs->begin(), jobs->end(),
                                             [](const Job& job) { return statemachine::is_end(job.state); });
            if (ended >= 3) co_return Result<void>{};
        }
        if (const auto end = processes_.unexpected_end()) co_return permanent_error(*end);
        if (system_clock().monotonic() - begun > story_limit)
            co_return permanent_error(
                fmt::format("not every JOB was verified within {} s; see `emeth state list --data {}`",
                            story_limit.count() / 1000, processes_.master_folder().string()));
        co_await system_clock().sleep(poll);
    }
}

Task<Result<void>> DemoStory::withdraw() {
    auto jobs = harness::read_whole_jobs(store());
    if (jobs.has_error()) co_return jobs.error();
    report_.jobs = std::move(*jobs);
    const auto last_slot = *slots().rbegin();
    const auto moved = co_await devnet_.advance_time_to(static_cast<std::int64_t>(last_slot + 1) * seconds_a_day + 1);
    if (moved.has_error()) co_return in_context("moving the chain to the next UTC day", moved.error());
    display_.say("the chain has reached the next UTC day; withdrawing the slot's reward");
    std::vector<std::string> arguments{"withdraw", "--config", processes_.master_settings().string(), "--data",
                                       processes_.master_folder().string()};
    co_return co_await harness::run_emeth(std::move(arguments), data_ / "withdraw.log");
}

Task<Result<void>> DemoStory::check() {
    for (const auto& demo_job : report_.jobs) {
        const auto& job = demo_job.job;
        if (job.state != State::verified)
            co_return permanent_error(fmt::format("JOB {} ended as {}: {}", job.terms.id.hex(),
                                                  statemachine::name(job.state), job.outcome.end_reason));
        if (job.terms.id == killed_job_ && job.training.resumes == 0)
            co_return permanent_error(
                fmt::format("JOB {} was killed and did not continue from its checkpoint", job.terms.id.hex()));
    }
    if (!killed_job_) co_return permanent_error("no JOB was caught in the middle of training: nothing was killed");
    const auto on_chain = co_await check_jobs_on_chain(devnet_.chain(), report_.jobs);
    if (on_chain.has_error()) co_return on_chain;
    auto transactions = harness::read_transactions(store());
    if (transactions.has_error()) co_return transactions.error();
    const auto reward = co_await rewards_of(devnet_.chain(), *transactions, processes_.node_address());
    if (reward.has_error()) co_return reward.error();
    report_.reward = *reward;
    if (report_.reward.is_zero()) co_return permanent_error("no reward was withdrawn");
    const auto after = co_await read_balances(devnet_.chain(), parties());
    if (after.has_error()) co_return after.error();
    report_.after = *after;
    const auto constants = co_await devnet_.chain().constants();
    if (constants.has_error()) co_return constants.error();
    co_return co_await check_balances(devnet_.chain(), report_.jobs, std::move(*transactions), constants->verifier_fee,
                                      report_.reward, report_.before, report_.after);
}

Task<Result<void>> DemoStory::tell() {
    auto outcome = co_await request_jobs();
    if (outcome.has_value()) outcome = co_await start_node();
    if (outcome.has_value()) outcome = co_await until_verified();
    if (outcome.has_value()) outcome = co_await withdraw();
    if (outcome.has_value()) outcome = co_await check();
    report_.kills = processes_.kills();
    report_.ok = outcome.has_value();
    if (outcome.has_error()) report_.failure = outcome.error().message;
    if (report_.jobs.empty())
        if (auto jobs = harness::read_whole_jobs(store()); jobs.has_value()) report_.jobs = std::move(*jobs);
    co_return outcome;
}

}  // namespace emeth::cli
