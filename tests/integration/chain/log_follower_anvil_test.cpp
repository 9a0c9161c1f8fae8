// Chain clock and log follower on a real node.
#include "chain/chain_clock.hpp"
#include "chain/log_follower.hpp"
#include "deployed_network.hpp"

namespace emeth::chain::test {
namespace {

class FollowerOnAnvil : public DeployedNetwork {
protected:
    std::vector<JobId> requests(const LogBatch& batch) {
        std::vector<JobId> jobs;
        for (const Log& log : batch.logs) {
            if (const auto event = parse_request_event(log)) jobs.push_back(event->job);
        }
        return jobs;
    }
    const Wei fee = *parse_coins("30");
};

TEST_F(FollowerOnAnvil, SeesRequestsAndTheirReorganisation) {
    LogFollower follower(*chain, 0);
    const JobId first = request(fee);
    EXPECT_THAT(requests(run(follower.next()).value()), testing::ElementsAre(first));
    follower.acknowledge();
    const JobId second = request(fee);
    EXPECT_THAT(requests(run(follower.next()).value()), testing::ElementsAre(second));
    follower.acknowledge();
    const std::uint64_t block = run(chain->latest_block())->number;
    const std::string cursor = follower.cursor();

    rpc_call("anvil_rollback", {1});
    const JobId third = request(fee);
    LogFollower resumed = LogFollower::resume(*chain, cursor).value();
    const LogBatch batch = run(resumed.next()).value();
    EXPECT_EQ(batch.reorganised_from, block);
    EXPECT_THAT(requests(batch), testing::ElementsAre(third));
    EXPECT_FALSE(run(chain->job(second))->exist);
}

TEST_F(FollowerOnAnvil, FollowsTheTimeOfTheChain) {
    ChainClock clock(*chain, system_clock());
    const std::int64_t before = run(clock.now_unix_s()).value();
    rpc_call("evm_increaseTime", {100'000});
    mine(1);
    ChainClock later(*chain, system_clock());
    EXPECT_GE(run(later.now_unix_s()).value(), before + 100'000);
}

}  // namespace
}  // namespace emeth::chain::test
