// An endpoint that wants to know who asks: over real HTTP, what it is told, and that nobody else is.
#include <gmock/gmock.h>

#include "chain/rpc/rpc_client.hpp"
#include "deployed_network.hpp"
#include "http/server.hpp"

namespace emeth::chain::test {
namespace {

using emeth::test::Started;
using testing::HasSubstr;
using testing::Not;

/// Lets in who has the password, and remembers what everybody said.
class GuardedServer {
public:
    explicit GuardedServer(asio::io_context& io) : io_(io), server_(io.get_executor(), {}) {
        for (const char* path : {"/", "/moved"})
            server_.route("POST", path, 1 << 20,
                          [this](http::ServerRequest request) { return answer(this, std::move(request)); });
        server_.listen().value();
        serving_ = std::make_unique<Started<void>>(io, server_.run());
    }
    ~GuardedServer() {
        serving_->cancel();
        while (!serving_->ended()) io_.run_one();
    }
    [[nodiscard]] std::string url() const { return server_.url(); }

    std::string redirect_to;  ///< from "/"
    std::vector<std::string> heard;

private:
    static Task<http::Answer> answer(GuardedServer* self, http::ServerRequest request) {
        const auto header = request.headers.find("authorization");
        const std::string said = header == request.headers.end() ? "" : header->second;
        self->heard.push_back(said);
        http::ServerResponse response;
        response.body = R"({"jsonrpc":"2.0","id":1,"result":"0xea61"})";
        if (said.empty()) {
            response.status = 401;
            response.body = "who are you?";
        } else if (said != "Bearer sesame") {
            response.status = 403;
            response.body = "you are not " + said;
        } else if (request.path == "/" && !self->redirect_to.empty()) {
            response.status = 307;
            response.headers["Location"] = self->redirect_to;
        }
        co_return response;
    }

    asio::io_context& io_;
    http::Server server_;
    std::unique_ptr<Started<void>> serving_;
};

class EndpointCredentials : public testing::Test {
protected:
    Result<boost::json::value> ask(std::string authorization) {
        RpcClient rpc(Endpoint(http::Url::parse(server.url()).value(), std::move(authorization)), Milliseconds(2'000));
        return complete(io, rpc.call("eth_chainId", {}));
    }

    asio::io_context io;
    GuardedServer server{io}, stranger{io};
};

TEST_F(EndpointCredentials, AreSentWithEveryRequest) {
    EXPECT_EQ(ask("Bearer sesame").value(), boost::json::value("0xea61"));
    EXPECT_EQ(server.heard, std::vector<std::string>{"Bearer sesame"});
}

TEST_F(EndpointCredentials, ThatAreMissingOrWrongAreNamedByTheirSettingAndNotRepeated) {
    for (const std::string wrong : {"", "Bearer guess"}) {
        const Error refused = ask(wrong).error();
        EXPECT_EQ(refused.kind, ErrorKind::transient);
        EXPECT_THAT(refused.message, HasSubstr("endpoint " + server.url() + " does not let us in"));
        EXPECT_THAT(refused.message, HasSubstr("check `endpoint_auth_file`"));
        EXPECT_THAT(refused.message, Not(HasSubstr("guess")));
    }
}

TEST_F(EndpointCredentials, FollowARedirectAtTheSameOriginOnly) {
    server.redirect_to = "/moved";
    EXPECT_TRUE(ask("Bearer sesame").has_value());
    EXPECT_EQ(server.heard.size(), 2U);
    server.redirect_to = stranger.url() + "/moved";
    EXPECT_THAT(ask("Bearer sesame").error().message, HasSubstr("is not passed to another host"));
    EXPECT_TRUE(stranger.heard.empty());
}

}  // namespace
}  // namespace emeth::chain::test
