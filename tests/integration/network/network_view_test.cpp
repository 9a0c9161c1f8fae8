// What a devnet's page shows, of real servers and a verifier over a chain in memory.
#include "network/devnet/network_view.hpp"
#include "integration/network/verifier_fixture.hpp"
#include "network/info_server/info_server.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class NetworkViewTest : public VerifierRun {
protected:
    NetworkViewTest() {
        options.confirmations = 50;  // so that the verifier only looks
        start_verifier();
        InfoServerOptions info_options;
        info_options.folder = folder / "joblist";
        info_options.poll_interval = Milliseconds{20};
        info.emplace(executor(), InfoServerPorts{chain, *client, system_clock(), pool}, std::move(info_options));
        info->listen().value();
        informing.emplace(io, info->run());
        view.emplace(NetworkParts{chain, *info, *server, *judge, system_clock()},
                     NetworkNames{60'001, chain.network.core, chain.network.token, verifier.address(),
                                  "http://127.0.0.1:8545/", server->url(), info->url()});
    }
    json::object look() { return run(view->look()).value().as_object(); }
    /// Until the JOB info server lists the JOB.
    json::object look_at_job() {
        json::object seen = look();
        for (int tries = 0; tries < 200 && seen.at("jobs").as_array().empty(); ++tries) {
            run(system_clock().sleep(Milliseconds(20)));
            seen = look();
        }
        return seen;
    }

    std::optional<InfoServerService> info;
    std::optional<test::Background> informing;
    std::optional<NetworkView> view;
};

TEST_F(NetworkViewTest, HasTheJobsTheVerifierTheStorageAndTheChain) {
    const json::object seen = look_at_job();
    EXPECT_EQ(seen.at("chain").at("id"), 60'001);
    EXPECT_EQ(seen.at("chain").at("core").as_string(), chain.network.core.hex());
    EXPECT_EQ(seen.at("chain").at("block").to_number<std::uint64_t>(), run(chain.latest_block())->number);
    ASSERT_EQ(seen.at("jobs").as_array().size(), 1u);
    EXPECT_EQ(seen.at("jobs").at(0).at("id").as_string(), job.hex());
    EXPECT_EQ(seen.at("jobs").at(0).at("node").as_string(), node.address().hex());
    EXPECT_FALSE(seen.at("jobs").at(0).as_object().contains("param"));
    EXPECT_EQ(json::serialize(seen.at("jobsByStatus")), R"({"3":1})");
    EXPECT_EQ(seen.at("verifier").at("address").as_string(), verifier.address().hex());
    EXPECT_EQ(seen.at("storage").at("datasets"), 1);
    EXPECT_EQ(seen.at("storage").at("results"), 1);
    EXPECT_EQ(seen.at("servers").as_array().size(), 4u);
}

TEST_F(NetworkViewTest, HoldsNothingThatAStrangerShouldNotSee) {
    show_evidence();
    const std::string text = json_text(look_at_job());
    for (const std::string& secret : {folder.path().string(), std::string("signature="), std::string("uploadId")})
        EXPECT_THAT(text, Not(HasSubstr(secret)));
}

TEST_F(NetworkViewTest, AChainThatIsSilentIsShownAsOneThatIsNotReady) {
    look_at_job();
    chain.failure = transient_error("http://10.0.0.1: connection refused");
    const json::object seen = look();
    EXPECT_FALSE(seen.at("chain").as_object().contains("block"));
    EXPECT_EQ(json::serialize(seen.at("servers").at(0).at("reasons")), R"(["the chain does not answer"])");
    EXPECT_EQ(seen.at("jobs").as_array().size(), 1u) << "what is known stays";
    EXPECT_THAT(json::serialize(seen), Not(HasSubstr("10.0.0.1")));
}

}  // namespace
}  // namespace emeth::network
