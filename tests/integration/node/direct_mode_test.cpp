// A node without a JOB info server on a real contract, behind an endpoint that does not serve logs.
#include <boost/json/serialize.hpp>

#include "deployed_network.hpp"
#include "http/server.hpp"
#include "node/market/offer_source.hpp"
#include "runtime/json_fields.hpp"
#include "storage/store.hpp"

namespace emeth::test {
namespace {

using chain::parse_coins;
using storage::NodeStore;

/// Passes everything on to another one but eth_getLogs.
class EndpointWithoutLogs {
public:
    EndpointWithoutLogs(asio::io_context& io, std::string behind)
        : behind_(std::move(behind)), server_(io.get_executor(), {}) {
        server_.route("POST", "/", 1 << 20,
                      [this](http::ServerRequest request) { return answer(this, std::move(request)); });
        server_.listen().value();
        serving_.emplace(io, server_.run());
    }
    ~EndpointWithoutLogs() { serving_->cancel(); }
    EndpointWithoutLogs(const EndpointWithoutLogs&) = delete;
    EndpointWithoutLogs& operator=(const EndpointWithoutLogs&) = delete;

    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] bool has_stopped() const { return serving_->ended(); }
    void stop() { serving_->cancel(); }
    int refused = 0;

private:
    static Task<http::Answer> answer(EndpointWithoutLogs* self, http::ServerRequest request) {
        http::ServerResponse response;
        const boost::json::object asked = parse_json(request.body, 1 << 20, "the request").value().as_object();
        if (asked.at("method") == "eth_getLogs") {
            ++self->refused;
            const boost::json::object error{{"code", -32601}, {"message", "the method eth_getLogs does not exist"}};
            response.body =
                json_text(boost::json::object{{"jsonrpc", "2.0"}, {"id", asked.at("id")}, {"error", error}});
            co_return response;
        }
        http::ClientRequest forwarded;
        forwarded.method = "POST";
        forwarded.url = http::Url::parse(self->behind_).value();
        forwarded.headers = {{"content-type", "application/json"}};
        forwarded.body = std::move(request.body);
        response.body = (co_await http::request(std::move(forwarded))).value().body;
        co_return response;
    }

    std::string behind_;
    http::Server server_;
    std::optional<Started<void>> serving_;
};

class DirectMode : public chain::test::DeployedNetwork {
protected:
    DirectMode() = default;
    ~DirectMode() override {
        endpoint.stop();
        run_until([&] { return endpoint.has_stopped(); });
    }

    /// What a node finds that was started just now, with an own store or with that of the last one.
    std::vector<api_client::JobOffer> offers_through(chain::Chain& through, NodeStore& store) {
        node::OfferSource source(io.get_executor(), nullptr, {through, store.notes(), pool, system_clock()}, core);
        return run(source.open_jobs()).value();
    }
    std::unique_ptr<NodeStore> make_store(const std::string& name) {
        return NodeStore::open(data / name, storage::OpenMode::read_write).value();
    }

    const Wei fee = *parse_coins("30");
    TemporaryFolder data;
    EndpointWithoutLogs endpoint{io, anvil.url()};
    chain::RpcClient poor_rpc{http::Url::parse(endpoint.url()).value(), Milliseconds(10'000)};
    chain::RpcChain poor{poor_rpc, core, token};
};

TEST_F(DirectMode, TheListEndsWhereTheContractHasNoMoreJobs) {
    EXPECT_EQ(run(poor.job_index(0)).value(), std::nullopt);
    const JobId first = request(fee), second = request(fee);
    EXPECT_EQ(run(poor.job_index(0)).value(), first);
    EXPECT_EQ(run(poor.job_index(1)).value(), second);
    EXPECT_EQ(run(poor.job_index(2)).value(), std::nullopt);
    EXPECT_EQ(run(poor.job_index(~std::uint64_t{0})).value(), std::nullopt);
}

TEST_F(DirectMode, WithoutLogsTheSameJobsAreFound) {
    const JobId first = request(fee), second = request(fee), third = request(fee);
    process(second, fee);
    const std::unique_ptr<NodeStore> rich_store = make_store("rich"), poor_store = make_store("poor");
    const auto by_logs = offers_through(*chain, *rich_store), by_list = offers_through(poor, *poor_store);
    EXPECT_GT(endpoint.refused, 0);
    ASSERT_EQ(by_list.size(), 2U);
    ASSERT_EQ(by_logs.size(), by_list.size());
    for (std::size_t i = 0; i < by_list.size(); ++i) {
        EXPECT_EQ(by_list[i].id, by_logs[i].id);
        EXPECT_EQ(by_list[i].fee, by_logs[i].fee);
        EXPECT_EQ(by_list[i].deadline_unix_s, by_logs[i].deadline_unix_s);
        EXPECT_EQ(by_list[i].owner, by_logs[i].owner);
    }
    transact(requester, core, chain::encode_cancel(first));
    const JobId fourth = request(fee);
    std::vector<JobId> found;
    for (const auto& offer : offers_through(poor, *poor_store)) found.push_back(offer.id);
    EXPECT_THAT(found, testing::UnorderedElementsAre(third, fourth)) << "after a restart";
}

}  // namespace
}  // namespace emeth::test
