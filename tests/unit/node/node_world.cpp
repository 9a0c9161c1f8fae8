#include "node_world.hpp"

#include <utility>

#include "chain/amount.hpp"
#include "statemachine/delivery.hpp"

namespace emeth::test {

namespace sm = statemachine;
namespace wp = worker_protocol;

NodeWorld::NodeWorld() {
    real_store = storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    store = std::make_unique<CrashingStore>(*real_store);
    settings.core = chain.network.core;
    settings.token = chain.network.token;
    settings.confirmations = 2;
    settings.poll_interval = Milliseconds(1'000);
    settings.worker_grace = Milliseconds(60'000);

    const Wei fee = chain::parse_coins("20").value();
    chain.request(job_id, requester, "text", R"({"language":"en","epoch":2})", fee,
                  VirtualClock::start_unix_ms / 1'000 + 6 * 3'600);
    artifact.sha256 = repeated<Hash256>(0xaa);
    artifact.bytes = 25'000'000;
    artifact.epochs = 2;
    artifact.steps = 100;
    artifact.epoch_losses = {3.5, 3.0};
    artifact.validation_loss = 3.1;
    artifacts.holds = artifact;
    hub.evidence = artifacts.evidence = {repeated<Hash256>(0xee), 12'000'000};
    hub.add_worker(worker_1);
    hub.script = {wp::DatasetReady{repeated<Hash256>(0xdd), 1'000'000, 250'000, 100},
                  wp::TrainingStarted{0, "first start"}, wp::CheckpointSaved{{0, 40, repeated<Hash256>(0x40), 3.9}},
                  wp::CheckpointSaved{{1, 80, repeated<Hash256>(0x80), 3.2}}, wp::Trained{artifact}};

    sm::Discovered discovered;
    discovered.terms.id = job_id;
    discovered.terms.owner = requester;
    discovered.terms.dataset = "text";
    discovered.terms.param = R"({"language":"en","epoch":2})";
    discovered.terms.fee = fee;
    discovered.terms.dataset_bytes = 1'000'000;
    discovered.terms.deadline_unix_s = VirtualClock::start_unix_ms / 1'000 + 6 * 3'600;
    EXPECT_TRUE(real_store->jobs().create(discovered, clock.unix_ms()).has_value());
}

NodeWorld::~NodeWorld() {
    kill();
}

sm::Job NodeWorld::record() {
    return real_store->jobs().find(job_id).value().value();
}

Task<> NodeWorld::drive(Process& process, std::string reason, TaskGroup& group) {
    co_await process.pipeline->run(std::move(reason));
    group.cancel();
}

Task<> NodeWorld::run_process(Process& process, std::string reason) {
    TaskGroup group(io.get_executor(), 2);
    group.start(process.sender->run());
    group.start(drive(process, std::move(reason), group));
    co_await group.join();
}

void NodeWorld::start(bool fresh) {
    process_ = std::make_unique<Process>(io.get_executor());
    chain::SenderOptions options;
    options.chain_id = chain.id_of_chain;
    options.confirmations = settings.confirmations;
    options.allowance_cap = allowance_cap;
    process_->sender = std::make_unique<chain::TransactionSender>(
        io.get_executor(), chain::SenderPorts{chain, store->outbox(), pool, clock, key}, options);
    node::PipelinePorts ports{chain,  *process_->sender, artifacts, hub, store->jobs(), store->outbox(), pool, clock,
                              random, preflight,         progress};
    process_->pipeline = std::make_unique<node::Pipeline>(io.get_executor(), ports, settings, record());
    if (sm::needs_its_lease(record())) process_->pipeline->adopt_lease();
    hub.set_recovered(sm::is_end(record().state) ? std::vector<JobId>{} : std::vector{job_id});
    Process& process = *process_;
    const auto ended = [&process](std::exception_ptr error) {
        process.ended = true;
        try {
            if (error) std::rethrow_exception(error);
        } catch (const Crash&) {
            process.crashed = true;
        } catch (const std::exception& thrown) {
            if (std::string(thrown.what()).find("Operation canceled") == std::string::npos)
                ADD_FAILURE() << "bug in the pipeline: " << thrown.what();
        }
    };
    process.running.start(run_process(process, fresh ? "" : "found active"), ended);
}

void NodeWorld::kill() {
    if (process_ == nullptr) return;
    process_->running.cancel();
    io.restart();
    while (io.poll() > 0) {
    }
    EXPECT_TRUE(process_->ended) << "the process does not end when it is cancelled";
    process_.reset();
    hub.restart_master();
    store->revive();
}

void NodeWorld::tick() {
    chain.mine();
    for (const auto& [id, job] : std::map(chain.jobs))
        if (verifier_verifies && artifacts.evidence_completed > 0 && job.record.status == chain::JobStatus::submitted)
            chain.verify(id, 5);
}

bool NodeWorld::run_until(const std::function<bool()>& done, int virtual_seconds) {
    const auto end = clock.monotonic() + Milliseconds(1'000) * virtual_seconds;
    auto next_tick = clock.monotonic() + Milliseconds(1'000);
    for (;;) {
        io.restart();
        while (io.poll() > 0) {
        }
        if (done()) return true;
        if (process_ended() || !clock.advance() || clock.monotonic() > end) return false;
        for (; clock.monotonic() >= next_tick; next_tick += Milliseconds(1'000)) tick();
    }
}

std::vector<std::uint32_t> NodeWorld::failed_attempts() {
    const auto history = real_store->jobs().history(job_id);
    std::vector<std::uint32_t> attempts;
    for (const auto& entry : history.value()) {
        const auto* failed = std::get_if<statemachine::StepFailed>(&entry.event.body);
        if (failed != nullptr) attempts.push_back(failed->attempt);
    }
    return attempts;
}

void NodeWorld::expect_verified_once() {
    EXPECT_EQ(record().state, sm::State::verified) << sm::why(record(), clock.unix_ms());
    EXPECT_EQ(chain.mined("process"), 1);
    EXPECT_EQ(chain.mined("submit"), 1);
    EXPECT_EQ(chain.mined("decline"), 0);
    EXPECT_EQ(chain.reverted(), 0);
    EXPECT_EQ(chain.jobs.at(job_id).record.status, chain::JobStatus::verified);
    EXPECT_EQ(chain.jobs.at(job_id).details.result,
              artifacts.is_published ? job_id.hex() + ".tar"
                                     : api_client::bound_result_name(job_id, artifacts.holds.sha256, ".tar"));
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value()) << real_store->jobs().verify(job_id).error().message;
    EXPECT_TRUE(real_store->jobs().active().value().empty());
}

}  // namespace emeth::test
