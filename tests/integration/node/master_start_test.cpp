// How a master starts, or says in one sentence why it does not, over real HTTP on loopback.
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "chain/amount.hpp"
#include "http/server.hpp"
#include "node/admin/operator_command.hpp"
#include "node/core/known_network.hpp"
#include "node/data_folder.hpp"
#include "node/master.hpp"
#include "runtime/folder_lock.hpp"
#include "storage/store.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {
namespace {

using boost::json::object;

/// An endpoint that knows its chain id but holds no contract.
Task<http::Answer> answer_rpc(http::ServerRequest request) {
    const auto call = boost::json::parse(request.body).as_object();
    object answer{{"jsonrpc", "2.0"}, {"id", call.at("id")}};
    answer["result"] = call.at("method") == "eth_chainId" ? "0x7a69" : "0x";
    co_return answer;
}

class MasterStart : public IoFixture {
protected:
    MasterStart() { rpc.route("POST", "/", 1 << 20, answer_rpc); }

    node::NodeConfig config(const std::string& endpoint) {
        const auto text = "endpoint=" + endpoint + "\nchain_id=31337\nlisten_host=127.0.0.1\nworker_port=0\n";
        return node::read_config(EnvConfig::parse(text, "master.env").value()).value();
    }
    static crypto::PrivateKey key() { return crypto::PrivateKey::parse(std::string(64, '4')).value(); }
    Task<Result<void>> master(node::NodeConfig config) {
        return node::run_master(io.get_executor(), std::move(config), key(), {data, 0});
    }
    static Task<> watch(Task<Result<void>> work, std::optional<Result<void>>* outcome) {
        Result<void> result = co_await std::move(work);
        outcome->emplace(std::move(result));
    }
    std::string serve_rpc() {
        EXPECT_TRUE(rpc.listen().has_value());
        serving.emplace(io, rpc.run());
        return rpc.url();
    }
    void create_active_job() {
        std::filesystem::create_directories(data);
        auto store = storage::NodeStore::open(node::store_folder(data), storage::OpenMode::read_write).value();
        statemachine::Discovered discovered;
        discovered.terms.id.bytes.fill(0x11);
        ASSERT_TRUE(store->jobs().create(discovered, 1).has_value());
    }

    TemporaryFolder folder;
    std::filesystem::path data = folder / "node";
    http::Server rpc{io.get_executor(), {}};
    std::optional<Background> serving;
    static constexpr const char* nobody = "http://127.0.0.1:1";
};

TEST_F(MasterStart, AWrongChainIsNamed) {
    auto wrong = config(serve_rpc());
    wrong.chain_id = 60'001;
    const auto refused = run(master(std::move(wrong)));
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().message.find("serves chain 31337, but chain_id is 60001"), std::string::npos)
        << refused.error().message;
}

TEST_F(MasterStart, AContractThatIsNoneIsNamed) {
    const auto outcome = run(master(config(serve_rpc())));
    ASSERT_TRUE(outcome.has_error());
    EXPECT_NE(outcome.error().message.find("0xf55e6fb0948b37a197da974e0a84727022f2d048"), std::string::npos)
        << outcome.error().message;
}

TEST_F(MasterStart, AnEndpointThatIsDownIsNamedWhenNothingIsAtStake) {
    const auto outcome = run(master(config(nobody)));
    ASSERT_TRUE(outcome.has_error());
    EXPECT_NE(outcome.error().message.find("127.0.0.1:1"), std::string::npos) << outcome.error().message;
}

TEST_F(MasterStart, AnEndpointThatIsDownIsWaitedForWhenAJobIsActive) {
    create_active_job();
    std::optional<Result<void>> outcome;
    Background running(io, watch(master(config(nobody)), &outcome));
    io.restart();
    io.run_for(std::chrono::seconds(2));
    EXPECT_FALSE(running.ended()) << (outcome ? outcome->error().message : "");
    EXPECT_TRUE(running.stop());
}

TEST_F(MasterStart, AKnownContractLetsActiveJobsGoOnWhileTheEndpointIsDown) {
    create_active_job();
    auto settings = config(nobody);
    chain::Constants known;
    known.core = settings.core;
    known.token = settings.token;
    known.deposit_rate = 100'000;
    known.verifier_fee = chain::parse_coins("10").value();
    storage::NodeStore::open(node::store_folder(data), storage::OpenMode::read_write)
        .value()
        ->notes()
        .set_cursor(node::known_network_cursor, node::to_text(known))
        .value();
    std::optional<Result<void>> outcome;
    Background running(io, watch(master(std::move(settings)), &outcome));
    io.restart();
    io.run_for(std::chrono::seconds(2));
    EXPECT_FALSE(running.ended()) << (outcome ? outcome->error().message : "");
    JobId id;
    id.bytes.fill(0x11);
    const auto history = storage::NodeStore::open(node::store_folder(data), storage::OpenMode::read_only)
                             .value()
                             ->jobs()
                             .history(id)
                             .value();
    ASSERT_GE(history.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<statemachine::Restarted>(history[1].event.body)) << "its pipeline was taken up";
    EXPECT_TRUE(running.stop());
}

TEST(KnownNetwork, IsReadBackAndNothingElseIs) {
    chain::Constants known;
    known.core.bytes.fill(1);
    known.token.bytes.fill(2);
    known.verifier.bytes.fill(3);
    known.deposit_rate = 100'000;
    known.timeout_penalty_rate = known.decline_penalty_rate = known.failed_penalty_rate = 25'000;
    known.verifier_fee = chain::parse_coins("10").value();
    const auto read = node::read_constants(node::to_text(known)).value();
    EXPECT_EQ(node::to_text(read), node::to_text(known));
    EXPECT_EQ(read.verifier_fee, known.verifier_fee);
    for (const char* damaged : {"", "{}", "[]", R"({"core":"0x12"})"})
        EXPECT_TRUE(node::read_constants(damaged).has_error()) << damaged;
}

TEST_F(MasterStart, ASecondMasterOnTheFolderIsRefused) {
    std::filesystem::create_directories(data);
    const auto lock = FolderLock::acquire(data);
    ASSERT_TRUE(lock.has_value());
    const auto outcome = run(master(config(nobody)));
    ASSERT_TRUE(outcome.has_error());
    EXPECT_NE(outcome.error().message.find("in use"), std::string::npos) << outcome.error().message;
}

TEST_F(MasterStart, ACommandWithoutAMasterReadsTheSettingsItself) {
    int read = 0;
    std::function<Result<node::OperatorSettings>()> settings = [&read]() -> Result<node::OperatorSettings> {
        ++read;
        return permanent_error("no wallet");
    };
    const auto answer = run(node::operator_command(io.get_executor(), data, settings, "joblist", {}));
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().message, "no wallet");
    EXPECT_EQ(read, 1);
}

}  // namespace
}  // namespace emeth::test
