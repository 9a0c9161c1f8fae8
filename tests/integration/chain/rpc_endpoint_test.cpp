// What a wrong, broken or hostile endpoint leads to: an Error that names it, never more.
#include <fmt/format.h>

#include <numeric>

#include "deployed_network.hpp"
#include "http/server.hpp"

namespace emeth::chain::test {
namespace {

using emeth::test::Started;
using testing::HasSubstr;

class WrongAddresses : public DeployedNetwork {};

TEST_F(WrongAddresses, AreNamedWithTheirSettings) {
    RpcChain no_core(rpc, address(other), token);
    Error error = run(no_core.constants()).error();
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_THAT(error.message,
                HasSubstr("emethContractAddress " + address(other).hex() + " is no contract on chain 60001"));
    RpcChain no_token(rpc, core, address(other));
    EXPECT_THAT(run(no_token.constants()).error().message,
                HasSubstr("tokenContractAddress " + address(other).hex() + " is no contract"));
    RpcChain swapped(rpc, token, core);
    EXPECT_THAT(run(swapped.constants()).error().message, HasSubstr("it and tokenContractAddress are swapped"));
    RpcChain token_twice(rpc, token, token);
    EXPECT_THAT(run(token_twice.constants()).error().message, HasSubstr("it is the address of the token"));
    RpcChain unpaired(rpc, core, core);
    EXPECT_THAT(run(unpaired.constants()).error().message, HasSubstr("uses token " + token.hex()));
}

TEST_F(WrongAddresses, OfTheEndpointAreNamed) {
    anvil.kill();
    const Error down = run(chain->latest_block()).error();
    EXPECT_EQ(down.kind, ErrorKind::transient);
    EXPECT_THAT(down.message, HasSubstr("eth_getBlockByNumber at " + anvil.url()));
}

/// A server whose answer a test chooses.
class FakeEndpoint : public testing::Test {
protected:
    FakeEndpoint() {
        server.route("POST", "/", 1 << 20, [this](http::ServerRequest) { return answer(this); });
        server.listen().value();
        serving = std::make_unique<Started<void>>(io, server.run());
        rpc = std::make_unique<RpcClient>(http::Url::parse(server.url()).value(), Milliseconds(500));
    }
    ~FakeEndpoint() override {
        serving->cancel();
        while (!serving->ended()) io.run_one();
    }
    static Task<http::Answer> answer(FakeEndpoint* test) {
        if (test->delay.count() > 0) co_await system_clock().sleep(test->delay);
        co_return test->response;
    }
    Result<boost::json::value> call() { return complete(io, rpc->call("eth_chainId", {})); }
    void respond(std::string body, unsigned status = 200) {
        response.status = status;
        response.body = std::move(body);
    }

    asio::io_context io;
    http::Server server{io.get_executor(), {}};
    http::ServerResponse response;
    Milliseconds delay{0};
    std::unique_ptr<Started<void>> serving;
    std::unique_ptr<RpcClient> rpc;
};

TEST_F(FakeEndpoint, AnswersHtml) {
    respond("<!DOCTYPE html><html>Welcome</html>");
    EXPECT_EQ(call().error(), transient_error("endpoint " + server.url() +
                                              " answered HTML, not JSON-RPC (HTTP 200); check `endpoint`"));
    respond("<html>not found</html>", 404);
    EXPECT_THAT(call().error().message, HasSubstr("check `endpoint`"));
    respond("<html>bad gateway</html>", 502);
    EXPECT_THAT(call().error().message, HasSubstr("502"));
}

TEST_F(FakeEndpoint, CallsAreCountedByWhatBecameOfThem) {
    respond(R"({"jsonrpc":"2.0","id":1,"result":"0x1"})");
    EXPECT_TRUE(call().has_value());
    respond(R"({"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"no"}})");
    EXPECT_TRUE(call().has_error());
    respond("nonsense");
    EXPECT_TRUE(call().has_error());
    ASSERT_EQ(rpc->tally().size(), 1U);
    const MethodTally& tally = rpc->tally().at("eth_chainId");
    EXPECT_EQ(std::accumulate(tally.seconds.counts().begin(), tally.seconds.counts().end(), std::uint64_t{0}), 3U);
    EXPECT_EQ(tally.refused, 1U);
    EXPECT_EQ(tally.unanswered, 1U);
}

TEST_F(FakeEndpoint, AnswersWithStatusesAndErrors) {
    respond("slow down", 429);
    EXPECT_EQ(call().error().kind, ErrorKind::transient);
    EXPECT_THAT(call().error().message, HasSubstr("429"));
    respond(R"({"id":null,"error":{"code":-32005,"message":"limit exceeded"}})", 400);
    EXPECT_THAT(call().error().message, HasSubstr("limit exceeded"));
}

TEST_F(FakeEndpoint, IsLeftAloneForAsLongAsItAsks) {
    respond("slow down", 429);
    response.headers["Retry-After"] = "1";
    EXPECT_EQ(call().error().kind, ErrorKind::transient);
    response.headers.clear();
    respond(R"({"jsonrpc":"2.0","id":2,"result":"0x1"})");
    const Milliseconds asked = system_clock().monotonic();
    EXPECT_TRUE(call().has_value());
    EXPECT_GE(system_clock().monotonic() - asked, Milliseconds(900));
}

TEST_F(FakeEndpoint, AnswersNonsense) {
    for (const char* body :
         {"", "{", "[]", "null", R"({"id":1})", R"({"jsonrpc":"2.0","id":99,"result":"0x1"})", "\xff\xfe"}) {
        respond(body);
        const Result<boost::json::value> result = call();
        ASSERT_FALSE(result) << body;
        EXPECT_EQ(result.error().kind, ErrorKind::transient) << body;
        EXPECT_THAT(result.error().message, HasSubstr("eth_chainId at " + server.url())) << body;
    }
}

TEST_F(FakeEndpoint, AnswersTooMuch) {
    respond(std::string(rpc::answer_bytes_max + 1, ' '));
    EXPECT_EQ(call().error().kind, ErrorKind::transient);
}

TEST_F(FakeEndpoint, AnswersTooLate) {
    respond(R"({"jsonrpc":"2.0","id":1,"result":"0x1"})");
    delay = Milliseconds(5'000);
    const Result<boost::json::value> result = call();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::transient);
}

TEST_F(FakeEndpoint, AnswersValuesOfOtherTypes) {
    RpcChain chain(*rpc, Address{}, Address{});
    for (std::uint64_t id = 1;
         const char* result : {"null", "{}", "[]", "\"0x\"", "\"0xzz\"", "17", "\"0x1ffffffffffffffff\""}) {
        respond(fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id++, result));
        EXPECT_FALSE(complete(io, chain.chain_id())) << result;
        respond(fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id++, result));
        EXPECT_FALSE(complete(io, chain.latest_block())) << result;
        respond(fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id++, result));
        EXPECT_FALSE(complete(io, chain.job(JobId{}))) << result;
    }
}

}  // namespace
}  // namespace emeth::chain::test
