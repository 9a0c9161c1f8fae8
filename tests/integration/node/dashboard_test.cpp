// The dashboard over HTTP, in front of a node that a test plays.
#include "node/dashboard/dashboard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "storage/store.hpp"
#include "support/io_fixture.hpp"
#include "support/job_events.hpp"
#include "support/raw_http.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::node {
namespace {

using boost::json::object;
using boost::json::value;
using test::Background;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string token(64, 'a');

class DashboardTest : public test::IoFixture {
protected:
    void SetUp() override {
        DashboardPorts ports{
            [this](std::string method, object params) { return answer(this, std::move(method), std::move(params)); },
            [this](const Address& worker) { return worker == connected; },
            store->jobs(),
            pool,
            system_clock(),
            log};
        DashboardAccess access{[](const std::string&) { return false; }, "127.0.0.1", token};
        dashboard.emplace(executor(), std::move(ports), std::move(access));
        dashboard->add_routes(server);
        server.listen().value();
        serving.emplace(io, server.run());
    }
    void TearDown() override { serving.reset(); }

    static Task<Result<value>> answer(DashboardTest* test, std::string method, object params) {
        test->commands.push_back(method + " " + json_text(params));
        if (test->trouble) co_return transient_error(*test->trouble);
        co_return value(object{{"at", 1}, {"method", method}});
    }

    http::ClientResponse ask(std::string method, const std::string& path, http::Headers headers = {},
                             std::string body = {}) {
        http::ClientRequest request;
        request.method = std::move(method);
        request.url = http::Url::parse(server.url() + path).value();
        request.headers = std::move(headers);
        request.body = std::move(body);
        return run(http::request(std::move(request))).value();
    }
    http::ClientResponse get(const std::string& path) { return ask("GET", path); }
    http::ClientResponse act(const std::string& name, std::string body, const std::string& with_token = token) {
        return ask("POST", "/api/v1/node/" + name,
                   {{"authorization", "Bearer " + with_token}, {"content-type", "application/json"}}, std::move(body));
    }
    std::string listen(const std::string& headers = "") {
        return run(test::raw_exchange(server.port(),
                                      "GET /api/v1/node/events HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n",
                                      Milliseconds(1'500)));
    }

    test::TemporaryFolder folder;
    std::unique_ptr<storage::NodeStore> store =
        std::move(storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value());
    BlockingPool pool{0};
    LogRing log;
    Address connected = test::numbered<Address>(7);
    std::vector<std::string> commands;
    std::optional<std::string> trouble;
    std::optional<Dashboard> dashboard;
    http::Server server{executor(), {}};
    std::optional<Background> serving;
};

TEST_F(DashboardTest, ServesItsPageFromTheProgramAlone) {
    const auto page = get("/");
    EXPECT_EQ(page.status, 200u);
    EXPECT_THAT(page.headers.at("content-type"), HasSubstr("text/html"));
    EXPECT_THAT(page.body, HasSubstr("/assets/app.js"));
    EXPECT_THAT(page.body, Not(HasSubstr("<script>"))) << "nothing inline";
    EXPECT_THAT(page.body, Not(HasSubstr("://"))) << "nothing from elsewhere";
    EXPECT_THAT(get("/assets/app.js").headers.at("content-type"), HasSubstr("text/javascript"));
    EXPECT_EQ(get("/assets/uPlot.esm.js").status, 200u);
    EXPECT_THAT(get("/assets/uPlot-LICENSE.txt").body, HasSubstr("MIT"));
    EXPECT_EQ(get("/assets/../store").status, 400u);
}

TEST_F(DashboardTest, EachAnswerKeepsStrangersOut) {
    for (const char* path : {"/", "/api/v1/node", "/api/v1/node/log", "/api/v1/node/jobs/0x12"}) {
        const auto answer = get(path);
        EXPECT_THAT(answer.headers.at("content-security-policy"),
                    AllOf(HasSubstr("default-src 'self'"), HasSubstr("frame-ancestors 'none'")))
            << path;
        EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff") << path;
        EXPECT_EQ(answer.headers.at("referrer-policy"), "no-referrer") << path;
    }
}

TEST_F(DashboardTest, AFileThatTheBrowserHasIsNotSentAgain) {
    const auto first = get("/assets/app.js");
    const auto again = ask("GET", "/assets/app.js", {{"if-none-match", first.headers.at("etag")}});
    EXPECT_EQ(again.status, 304u);
    EXPECT_THAT(again.body, IsEmpty());
}

TEST_F(DashboardTest, TheSnapshotIsTheAdminSocketsAndTakenOnceForAll) {
    EXPECT_EQ(get("/api/v1/node").body, R"({"at":1,"method":"status"})");
    EXPECT_THAT(listen(), HasSubstr("event: snapshot\ndata: {\"at\":1,\"method\":\"status\"}\n\n"));
    EXPECT_LE(commands.size(), 3u);
}

TEST_F(DashboardTest, AStoreThatCannotBeReadIsSaid) {
    trouble = "the disk is gone";
    EXPECT_EQ(get("/api/v1/node").status, 503u);
    EXPECT_THAT(listen(), HasSubstr("event: trouble\ndata: {\"error\":\"the disk is gone\"}\n\n"));
}

TEST_F(DashboardTest, EventsAreForPagesOfOursAlone) {
    EXPECT_THAT(listen("Origin: http://evil.example\r\nConnection: close\r\n"), HasSubstr("403"));
    EXPECT_THAT(commands, IsEmpty());
}

TEST_F(DashboardTest, EventsEndForWhoMayLookNoMore) {
    web::SnapshotFeed feed(executor(), [this] { return answer(this, "status", {}); }, system_clock());
    int looks = 0;
    http::Server other(executor(), {});
    feed.add_routes(other, "/feed", [&looks](const http::ServerRequest&) -> http::OrRefusal<void> {
        if (++looks > 2) return http::forbidden("no longer on the list");  // after its request and one event
        return {};
    });
    other.listen().value();
    const Background serving_other(io, other.run());
    const std::string told = run(
        test::raw_exchange(other.port(), "GET /feed/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    EXPECT_THAT(told, HasSubstr("event: snapshot"));
    EXPECT_EQ(told.find("event: snapshot"), told.rfind("event: snapshot")) << told;
}

TEST_F(DashboardTest, AJobsPageComesFromTheStore) {
    const auto terms = test::terms(1);
    store->jobs().create({terms}, 5'000).value();
    const auto page = get("/api/v1/node/jobs/" + terms.id.hex());
    ASSERT_EQ(page.status, 200u);
    EXPECT_EQ(boost::json::parse(page.body).at("record").at("state"), "discovered");
    EXPECT_EQ(get("/api/v1/node/jobs/" + test::numbered<JobId>(99).hex()).status, 404u);
    EXPECT_EQ(get("/api/v1/node/jobs/none").status, 400u);
}

TEST_F(DashboardTest, TheLogIsReadFromALineOn) {
    spdlog::default_logger()->set_level(spdlog::level::info);
    spdlog::info("first");
    spdlog::warn("second");
    const auto all = boost::json::parse(get("/api/v1/node/log").body).at("lines").as_array();
    ASSERT_GE(all.size(), 2u);
    EXPECT_EQ(all.back().at("text"), "second");
    const auto number = all[all.size() - 2].at("number").to_number<std::uint64_t>();
    const auto rest = boost::json::parse(get("/api/v1/node/log?after=" + std::to_string(number)).body);
    EXPECT_EQ(rest.at("lines").as_array().size(), 1u);
    EXPECT_EQ(get("/api/v1/node/log?after=-1").status, 400u);
}

TEST_F(DashboardTest, ADeclineIsTheOperatorsCommand) {
    const std::string id = test::numbered<JobId>(3).hex();
    EXPECT_EQ(act("decline", R"({"job":")" + id + R"("})").status, 200u);
    ASSERT_EQ(commands.size(), 1u);
    EXPECT_EQ(commands[0], R"(decline {"job":")" + id + R"("})");
    trouble = "no active JOB";
    const auto refused = act("decline", R"({"job":")" + id + R"("})");
    EXPECT_EQ(refused.status, 409u);
    EXPECT_THAT(refused.body, HasSubstr("no active JOB"));
}

TEST_F(DashboardTest, NothingIsDeclinedWithoutATokenOrAJob) {
    EXPECT_EQ(act("decline", R"({"job":")" + test::numbered<JobId>(3).hex() + R"("})", std::string(64, 'b')).status,
              401u);
    for (const char* body : {"", "{}", "[]", R"({"job":"all"})", R"({"job":null})"})
        EXPECT_EQ(act("decline", body).status, 400u) << body;
    EXPECT_EQ(act("decline", std::string(5'000, ' ')).status, 413u);
    EXPECT_THAT(commands, IsEmpty());
}

TEST_F(DashboardTest, ARetryIsTheOperatorsCommandAndNeedsTheTokenToo) {
    const std::string body = R"({"job":")" + test::numbered<JobId>(3).hex() + R"("})";
    EXPECT_EQ(act("retry", body, std::string(64, 'b')).status, 401u);
    EXPECT_EQ(ask("POST", "/api/v1/node/retry",
                  {{"authorization", "Bearer " + token},
                   {"content-type", "application/json"},
                   {"origin", "http://evil.example"}},
                  body)
                  .status,
              403u);
    EXPECT_EQ(act("retry", "{}").status, 400u);
    ASSERT_THAT(commands, IsEmpty());
    EXPECT_EQ(act("retry", body).status, 200u);
    EXPECT_THAT(commands, ::testing::ElementsAre("retry " + body));
    trouble = "it waits for no retry";
    EXPECT_EQ(act("retry", body).status, 409u);
}

TEST_F(DashboardTest, ADrainIsTheOperatorsCommandToo) {
    EXPECT_EQ(act("drain", R"({"on":true})").status, 200u);
    EXPECT_EQ(act("drain", R"({"on":"yes"})").status, 400u);
    ASSERT_EQ(commands.size(), 1u);
    EXPECT_EQ(commands[0], R"(drain {"on":true})");
}

TEST_F(DashboardTest, AWorkerThatIsConnectedIsDisconnected) {
    EXPECT_EQ(act("disconnect", R"({"worker":")" + connected.hex() + R"("})").status, 200u);
    EXPECT_EQ(act("disconnect", R"({"worker":")" + test::numbered<Address>(8).hex() + R"("})").status, 404u);
    EXPECT_EQ(act("disconnect", "{}").status, 400u);
}

}  // namespace
}  // namespace emeth::node
