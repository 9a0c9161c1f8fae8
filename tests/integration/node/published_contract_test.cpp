// A node on a contract and a token that behave like the published ones, on anvil: the real chain bindings, sender,
// store, selection and pipelines; workers, Storage API and JOB info server are faked. Their contract keeps deposits
// when it verifies and tells of no penalty, their token of nothing that it mints.
#include <gmock/gmock.h>

#include "deployed_network.hpp"
#include "node/core/job_services.hpp"
#include "node/market/discovery.hpp"
#include "unit/node/fake_artifacts.hpp"
#include "unit/node/fake_hub.hpp"
#include "unit/node/node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;
using chain::parse_coins;
using testing::HasSubstr;

class OneList final : public api_client::InfoServer {
public:
    std::vector<api_client::JobOffer> offers;
    Task<Result<std::vector<api_client::JobOffer>>> open_jobs() override { co_return offers; }
};

/// One process of a node, from its store on.
struct NodeProcess {
    NodeProcess(asio::any_io_executor executor, node::NodePorts ports, node::WorkerHub& hub,
                const node::NodeConfig& config, const chain::Constants& constants, const std::filesystem::path& data)
        : group(executor, 64),
          services(executor, ports, hub, group, config, constants, data),
          discovery(
              {services.offers, services.prospector, ports.jobs, ports.notes, ports.pool, ports.clock, ports.random},
              Milliseconds(5'000), [this](sm::Job job) { services.supervisor.take_on(std::move(job)); }) {
        group.start(ports.sender.run());
    }

    TaskGroup group;
    node::JobServices services;
    node::Discovery discovery;
};

class PublishedContract : public chain::test::DeployedNetwork {
protected:
    PublishedContract() : DeployedNetwork({}, published_contracts()) {
        config.core = core;
        config.token = token;
        config.confirmations = config.verdict_confirmations = 1;
        config.poll_interval = Milliseconds(50);
        config.selection.min_fee = *parse_coins("10");
        config.selection.max_fee = *parse_coins("100");
        config.selection.program_ids = {5};
        config.selection.disk_reserve_bytes = 0;
        artifact.sha256 = repeated<Hash256>(0xaa);
        artifact.bytes = 25'000'000;
        artifact.epochs = 2;
        artifact.steps = 100;
        artifact.epoch_losses = {3.5, 3.0};
        artifacts.holds = artifact;
        artifacts.datasets["data.txt"] = 1'000'000;
        hub.evidence = artifacts.evidence = {repeated<Hash256>(0xee), 12'000'000};
        hub.add_worker(repeated<Address>(1));
        hub.script = {wp::DatasetReady{repeated<Hash256>(0xdd), 1'000'000, 250'000, 100},
                      wp::TrainingStarted{0, "first start"}, wp::Trained{artifact}};
        node_sender = std::make_unique<chain::TransactionSender>(
            io.get_executor(), chain::SenderPorts{*chain, store->outbox(), pool, system_clock(), keys.at(node)},
            options());
        start();
    }
    ~PublishedContract() override { stop(); }

    static chain::SenderOptions options() {
        chain::SenderOptions made;
        made.chain_id = AnvilProcess::chain_id;
        made.poll_interval = Milliseconds(20);
        return made;
    }
    void start() {
        const node::NodePorts ports{*chain,          *node_sender,   artifacts, &info,          store->jobs(),
                                    store->outbox(), store->notes(), pool,      system_clock(), random};
        process = std::make_unique<NodeProcess>(io.get_executor(), ports, hub, config, run(chain->constants()).value(),
                                                folder.path());
    }
    void stop() {
        if (!process) return;
        asio::post(io, [this] { process->group.cancel(); });
        run(process->group.join());
        process.reset();
    }

    /// A new JOB, which the info server lists.
    JobId offer() {
        const JobId id = request(fee, 86'400);
        info.offers.push_back({id, fee, 1'000'000, run(chain->latest_block())->timestamp_unix_s + 86'400});
        return id;
    }
    std::size_t round() { return run(process->discovery.round()).value(); }
    sm::Job record(const JobId& id) { return store->jobs().find(id).value().value(); }
    /// True once the JOB is in this state.
    bool reaches(const JobId& id, sm::State state) {
        for (int wait = 0; wait < 3'000 && record(id).state != state; ++wait)
            run(system_clock().sleep(Milliseconds(10)));
        EXPECT_EQ(sm::name(record(id).state), sm::name(state)) << sm::why(record(id), system_clock().unix_ms());
        return record(id).state == state;
    }
    JobId submitted() {
        const JobId id = offer();
        EXPECT_EQ(round(), 1U);
        EXPECT_TRUE(reaches(id, sm::State::submitted));
        return id;
    }
    /// A JOB that this node has taken, and whose worker does nothing.
    JobId in_progress() {
        hub.script.clear();
        const JobId id = offer();
        EXPECT_EQ(round(), 1U);
        EXPECT_TRUE(reaches(id, sm::State::downloading));
        return id;
    }
    std::string balance() { return chain::format_coins(*run(chain->emt_balance(address(node)))); }
    std::string last_refusal() { return store->notes().refusals().value().back().reason; }

    const Wei fee = *parse_coins("20");
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder.path() / "node", storage::OpenMode::read_write).value();
    FakeArtifacts artifacts;
    FakeHub hub{io.get_executor(), system_clock()};
    OneList info;
    HalfwayRandom random;
    sm::Artifact artifact;
    node::NodeConfig config;
    std::unique_ptr<chain::TransactionSender> node_sender;
    std::unique_ptr<NodeProcess> process;
};

TEST_F(PublishedContract, AnotherNodesVerdictIsWarningEnough) {
    const JobId theirs = request(fee, 86'400);
    transact(owner, token, chain::encode_mint(address(other), fee));
    transact(other, token, chain::encode_approve(core, fee));
    transact(other, core, chain::encode_process(theirs));
    transact(other, core, chain::encode_submit(theirs, "result.tar"));
    transact(verifier, core, chain::encode_verify(theirs, 5));
    offer();
    EXPECT_EQ(round(), 0U);
    EXPECT_THAT(last_refusal(), HasSubstr("was verified and brought 10 EMT instead of 30 EMT"));
    EXPECT_EQ(balance(), "1000");
}

TEST_F(PublishedContract, AfterItsOwnVerdictTheNodeTakesNoMoreUntilTheOperatorAccepts) {
    const JobId first = submitted();
    transact(verifier, core, chain::encode_verify(first, 5));
    ASSERT_TRUE(reaches(first, sm::State::verified));
    EXPECT_EQ(record(first).outcome.paid, *parse_coins("10"));
    EXPECT_EQ(balance(), "990");
    EXPECT_EQ(run(chain->job_assign(first))->verified_at_unix_s, 0) << "the contract does not say when";
    EXPECT_EQ(record(first).outcome.slot, run(chain->current_slot()).value());
    EXPECT_TRUE(store->jobs().verify(first).has_value());

    info.offers.clear();
    const JobId second = offer();
    EXPECT_EQ(round(), 0U);
    EXPECT_THAT(last_refusal(), HasSubstr("this one would lack 20 EMT > 0 EMT (shortfall_max)"));
    stop();
    start();
    EXPECT_EQ(round(), 0U) << "also after a restart";
    stop();
    config.selection.shortfall_max = *parse_coins("20");
    start();
    EXPECT_EQ(round(), 1U) << "the operator has accepted it";
    EXPECT_TRUE(reaches(second, sm::State::submitted));
}

TEST_F(PublishedContract, ATimeoutBeforeTheDeadlineIsToldWithItsPenalty) {
    const JobId id = in_progress();
    transact(verifier, core, chain::encode_timeout(id));
    ASSERT_TRUE(reaches(id, sm::State::timed_out));
    EXPECT_EQ(record(id).outcome.penalty, *parse_coins("2"));
    EXPECT_THAT(record(id).outcome.end_reason, HasSubstr("before its deadline, penalty 2 EMT"));
    EXPECT_EQ(balance(), "998");
}

TEST_F(PublishedContract, ADeclineIsToldWithItsPenalty) {
    const JobId id = in_progress();
    ASSERT_TRUE(process->services.supervisor.request_decline(id, "the operator declined it").has_value());
    ASSERT_TRUE(reaches(id, sm::State::declined));
    EXPECT_EQ(record(id).outcome.penalty, *parse_coins("2"));
    EXPECT_EQ(balance(), "998");
}

TEST_F(PublishedContract, ARejectIsToldWithTheWholeDeposit) {
    const JobId id = submitted();
    transact(verifier, core, chain::encode_reject_result(id));
    ASSERT_TRUE(reaches(id, sm::State::failed));
    EXPECT_EQ(record(id).outcome.penalty, fee);
    EXPECT_EQ(balance(), "980");
}

TEST_F(PublishedContract, AWithdrawalIsToldWithWhatCame) {
    const JobId id = submitted();
    transact(verifier, core, chain::encode_verify(id, 5));
    ASSERT_TRUE(reaches(id, sm::State::verified));
    const std::uint64_t slot = record(id).outcome.slot;
    rpc_call("evm_increaseTime", {86'400});
    mine(1);
    const auto fetched = run(process->services.rewards.withdraw_due()).value();
    ASSERT_EQ(fetched.size(), 1U);
    EXPECT_EQ(fetched[0].slot, slot);
    EXPECT_EQ(fetched[0].amount, *parse_coins("288000"));
    EXPECT_EQ(balance(), "288990");
    EXPECT_EQ(store->notes().cursor("withdraw/" + std::to_string(slot)).value(), "288000" + std::string(18, '0'));
}

}  // namespace
}  // namespace emeth::test
