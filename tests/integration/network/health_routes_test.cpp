// /healthz and /readyz of a server, for whom they are meant and for others.
#include "http/health_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "http/client.hpp"
#include "support/io_fixture.hpp"

namespace emeth::http {
namespace {

using test::Background;
using ::testing::HasSubstr;

class HealthRoutes : public test::IoFixture {
protected:
    void start(Admission admission = {}) {
        server.emplace(executor(), ServerOptions{});
        add_health_routes(*server, [this] { return why_not_ready(); }, std::move(admission));
        server->listen().value();
        serving.emplace(io, server->run());
    }
    Task<std::vector<std::string>> why_not_ready() {
        ++times_asked;
        co_return reasons;
    }
    ClientResponse get(std::string_view target) {
        ClientRequest asked;
        asked.url = Url::parse(server->url()).value().at(target);
        return run(request(std::move(asked))).value();
    }

    static Task<> nap() { return system_clock().sleep(Milliseconds(20)); }

    int times_asked = 0;
    std::vector<std::string> reasons;
    std::optional<Server> server;
    std::optional<Background> serving;
};

TEST_F(HealthRoutes, AServerThatAdvancesIsAliveAndReady) {
    start();
    const ClientResponse alive = get("/healthz");
    EXPECT_EQ(alive.status, 200U);
    EXPECT_EQ(alive.body, "ok\n");
    EXPECT_THAT(alive.headers.at("content-type"), HasSubstr("text/plain"));
    const ClientResponse ready = get("/readyz");
    EXPECT_EQ(ready.status, 200U);
    EXPECT_EQ(ready.body, R"({"ready":true})");
}

TEST_F(HealthRoutes, AServerThatDoesNotAdvanceIsAliveAndSaysWhy) {
    reasons = {"the chain does not answer", "there is no space left"};
    start();
    EXPECT_EQ(get("/healthz").status, 200U);
    const ClientResponse ready = get("/readyz");
    EXPECT_EQ(ready.status, 503U);
    EXPECT_EQ(ready.body, R"({"ready":false,"reasons":["the chain does not answer","there is no space left"]})");
    reasons.clear();
    for (int round = 0; round < 500 && get("/readyz").status != 200U; ++round) run(nap());
    EXPECT_EQ(get("/readyz").status, 200U) << "it is asked again";
}

TEST_F(HealthRoutes, WhoeverAsksOftenIsAnsweredFromWhatIsKnown) {
    start();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(get("/readyz").status, 200U);
    EXPECT_LT(times_asked, 50);
}

TEST_F(HealthRoutes, WhoIsNotAdmittedLearnsNothing) {
    reasons = {"the chain does not answer"};
    start([](const ServerRequest&) -> OrRefusal<void> { return forbidden("not you"); });
    for (const char* target : {"/healthz", "/readyz"}) {
        EXPECT_EQ(get(target).status, 403U);
        EXPECT_EQ(get(target).body, R"({"error":"not you"})");
    }
}

}  // namespace
}  // namespace emeth::http
