#include <boost/json/parse.hpp>

#include "master_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::test {
namespace {

using ::testing::HasSubstr;

class WorkerAdminApiTest : public MasterFixture {
protected:
    http::ClientResponse ask(std::string method, const std::string& path, std::string body = {},
                             http::Headers headers = {}) {
        http::ClientRequest request;
        request.headers = std::move(headers);
        request.method = std::move(method);
        request.url = http::Url::parse(server->url() + path).value();
        request.body = std::move(body);
        return run(http::request(std::move(request))).value();
    }
    boost::json::object call(std::string body) {
        const http::ClientResponse response =
            ask("POST", "/api/json-rpc", std::move(body),
                {{"authorization", "Bearer " + token}, {"content-type", "application/json"}});
        EXPECT_EQ(response.status, 200u);
        return boost::json::parse(response.body).as_object();
    }
    [[nodiscard]] std::string disconnect() const {
        return R"({"jsonrpc":"2.0","method":"disconnect","param":{"workerAddress":")" + key.address().hex() +
               R"("},"id":1})";
    }
    std::int64_t error_code(std::string body) { return call(std::move(body)).at("error").at("code").as_int64(); }

    crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
};

TEST_F(WorkerAdminApiTest, DisconnectEndsTheWorkersConnection) {
    start();
    const WorkerPtr worker = connect(key);
    const auto answer = call(disconnect());
    EXPECT_EQ(answer.at("result").as_string(), "disconnected");
    EXPECT_EQ(answer.at("jsonrpc").as_string(), "2.0");
    EXPECT_EQ(answer.at("id").as_int64(), 1);
    EXPECT_FALSE(run(worker->end()).empty());
    run(let_others_run());
    EXPECT_TRUE(hub->workers().empty());
}

TEST_F(WorkerAdminApiTest, DisconnectTakesParamsAndAnyCaseOfTheAddress) {
    start();
    const WorkerPtr worker = connect(key);
    const auto answer = call(R"({"jsonrpc":"2.0","method":"disconnect","params":{"workerAddress":")" +
                             crypto::checksum_address(key.address()) + R"("},"id":"seven"})");
    EXPECT_EQ(answer.at("result").as_string(), "disconnected");
    EXPECT_EQ(answer.at("id").as_string(), "seven");
}

TEST_F(WorkerAdminApiTest, AWorkerThatIsNotThereDoesNotExist) {
    start();
    const auto answer = call(R"({"jsonrpc":"2.0","method":"disconnect","param":{"workerAddress":")" +
                             key.address().hex() + R"("},"id":2})");
    EXPECT_EQ(answer.at("result").as_string(), "not exist");
}

TEST_F(WorkerAdminApiTest, WrongRequestsGetTheirCodes) {
    start();
    EXPECT_EQ(error_code("{"), -32600);
    EXPECT_EQ(error_code("[]"), -32600);
    EXPECT_EQ(error_code(R"({"method":"disconnect","id":1})"), -32600);
    EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","id":1})"), -32600);
    EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","method":"disconnect","id":1})"), -32600);
    EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","method":"disconnect","param":{"workerAddress":"0x12"},"id":1})"), -32600);
    EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","method":"reboot","id":1})"), -32601);
}

TEST_F(WorkerAdminApiTest, TheListTellsWhoWorksOnWhat) {
    start();
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    run(hub->reserve(job_id(7), {}));
    const JobId absent = job_id(8);
    const Address away = crypto::PrivateKey::generate(system_random()).address();
    adopt(absent, 1, away);
    const auto list = boost::json::parse(ask("GET", "/api/v1/workers").body).as_array();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].at("address").as_string(), key.address().hex());
    EXPECT_TRUE(list[0].at("connected").as_bool());
    EXPECT_EQ(list[0].at("powerCapacity").as_int64(), 27'300);
    EXPECT_EQ(list[0].at("job").as_string(), job_id(7).hex());
    EXPECT_EQ(list[1].at("address").as_string(), away.hex());
    EXPECT_FALSE(list[1].at("connected").as_bool());
    EXPECT_EQ(list[1].at("job").as_string(), absent.hex());
}

TEST_F(WorkerAdminApiTest, TheListTellsWhoIsNotFit) {
    start();
    const WorkerPtr worker = connect(key);
    run(worker->send(unfit("device 'cuda' is not available")));
    const auto is_listed = [&] {
        const auto list = boost::json::parse(ask("GET", "/api/v1/workers").body).as_array();
        const auto* reason = list.at(0).as_object().if_contains("unfit");
        return reason != nullptr && reason->as_string() == "device 'cuda' is not available";
    };
    EXPECT_TRUE(eventually(is_listed));
}

/// "text/plain" is what a page may send anywhere without asking first.
TEST_F(WorkerAdminApiTest, APageOfStrangersDisconnectsNobodyReadsNothingAndIsNoWorker) {
    start();
    const WorkerPtr worker = connect(key);
    http::Headers headers{{"authorization", "Bearer " + token}, {"content-type", "text/plain"}};
    EXPECT_EQ(ask("POST", "/api/json-rpc", disconnect(), headers).status, 415u);
    headers["content-type"] = "application/json";
    for (const std::string& origin : std::vector<std::string>{"http://evil.example", "null"}) {
        headers["origin"] = origin;
        EXPECT_EQ(ask("POST", "/api/json-rpc", disconnect(), headers).status, 403u) << origin;
        EXPECT_EQ(ask("GET", "/api/v1/workers", "", {{"origin", origin}}).status, 403u) << origin;
    }
    EXPECT_EQ(hub->workers().size(), 1u);
    const http::Headers upgrade{{"origin", "http://evil.example"}, {"connection", "upgrade"}, {"upgrade", "websocket"}};
    EXPECT_EQ(ask("GET", std::string(worker_protocol::session_path), "", upgrade).status, 403u);
}

TEST_F(WorkerAdminApiTest, WhoComesThroughAProxyThatIsNotNamedIsForbidden) {
    start();
    for (const char* header : {"via", "forwarded", "x-forwarded-for", "x-real-ip"}) {
        const auto refused = ask("GET", "/api/v1/workers", "", {{header, "127.0.0.1"}});
        EXPECT_EQ(refused.status, 403u) << header;
        EXPECT_THAT(refused.body, HasSubstr("trusted_proxies"));
        EXPECT_EQ(ask("POST", "/api/json-rpc", "{}", {{header, "127.0.0.1"}}).status, 403u) << header;
    }
}

TEST_F(WorkerAdminApiTest, WhoComesThroughANamedProxyIsTakenForWhoHeIs) {
    bounds.trusted_proxies = {*IpBlock::parse("127.0.0.1")};
    start();
    EXPECT_EQ(ask("GET", "/api/v1/workers", "", {{"x-forwarded-for", "127.0.0.1"}}).status, 200u);
    const auto refused = ask("GET", "/api/v1/workers", "", {{"x-forwarded-for", "127.0.0.1, 203.0.113.9"}});
    EXPECT_EQ(refused.status, 403u);
    EXPECT_THAT(refused.body, HasSubstr("203.0.113.9 is not on the master's jsonrpc_whitelist"));
}

TEST_F(WorkerAdminApiTest, ANameThatWasMadeToPointHereReadsAndChangesNothing) {
    start();
    const WorkerPtr worker = connect(key);
    const std::string evil = "Host: evil.example:5000\r\n";
    EXPECT_THAT(run(raw_exchange(port, "GET /api/v1/workers HTTP/1.1\r\n" + evil + "Connection: close\r\n\r\n")),
                HasSubstr("HTTP/1.1 403"));
    const std::string body = disconnect();
    EXPECT_THAT(
        run(raw_exchange(port, "POST /api/json-rpc HTTP/1.1\r\n" + evil + "Origin: http://evil.example:5000\r\n" +
                                   "Content-Type: application/json\r\nAuthorization: Bearer " + token +
                                   "\r\nContent-Length: " + std::to_string(body.size()) +
                                   "\r\nConnection: close\r\n\r\n" + body)),
        HasSubstr("HTTP/1.1 403"));
    EXPECT_EQ(hub->workers().size(), 1u);
}

TEST_F(WorkerAdminApiTest, WhoHasNoTokenDisconnectsNobody) {
    start();
    const WorkerPtr worker = connect(key);
    EXPECT_EQ(ask("POST", "/api/json-rpc", disconnect(), {{"content-type", "application/json"}}).status, 401u);
    EXPECT_EQ(hub->workers().size(), 1u);
}

}  // namespace
}  // namespace emeth::test
