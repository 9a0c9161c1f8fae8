// The JOB info server over a chain in memory, and its client against servers that lie.
#include "api_client/info_server_client.hpp"
#include "integration/network/info_server_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

TEST_F(InfoServerTest, ListsAJobWithAllItsFields) {
    start();
    request(0x11);
    chain.process(repeated<JobId>(0x11), repeated<Address>(0xbb));
    const json::object job = job_with_size("?status=2");
    EXPECT_EQ(job.at("id").as_string(), "0x11111111111111111111111111111111");
    EXPECT_EQ(job.at("owner").as_string(), repeated<Address>(0xaa).hex());
    EXPECT_EQ(job.at("status").to_number<int>(), 2);
    EXPECT_EQ(job.at("programId").to_number<int>(), 112);
    EXPECT_EQ(job.at("datasetPath").as_string(), "text");
    EXPECT_EQ(job.at("param").as_string(), R"({"language":"en","epoch":2})");
    EXPECT_EQ(job.at("datasetSize").to_number<int>(), 5'000);
    EXPECT_EQ(job.at("fee").as_string(), "20");
    EXPECT_EQ(job.at("deadline").to_number<std::int64_t>(), deadline_unix_s);
    EXPECT_EQ(job.at("node").as_string(), repeated<Address>(0xbb).hex());
    EXPECT_EQ(job.at("deposit").as_string(), "20");
    EXPECT_GT(job.at("startedAt").to_number<std::int64_t>(), job.at("requestedAt").to_number<std::int64_t>());
    EXPECT_FALSE(job.contains("submittedAt"));
    EXPECT_FALSE(job.contains("verifiedAt"));
}

TEST_F(InfoServerTest, ListsAJobWhoseStringsAreNotUtf8) {
    start();
    storage.sizes["text\xe9"] = 5'000;
    chain.request(repeated<JobId>(0x22), repeated<Address>(0xaa), "text\xe9", "{\"a\":\"\xff\xc2\x9b\"}", test::wei(20),
                  deadline_unix_s);
    const json::object job = job_with_size();
    EXPECT_EQ(job.at("datasetPath").as_string(), "text\xef\xbf\xbd");
    EXPECT_EQ(job.at("param").as_string(), "{\"a\":\"\xef\xbf\xbd\xc2\x9b\"}");
    EXPECT_EQ(job.at("datasetSize").to_number<int>(), 5'000);
    EXPECT_THAT(get("/api/v1/jobs").body, ::testing::Not(HasSubstr("\xc2\x9b"))) << "C1 is escaped";
}

TEST_F(InfoServerTest, FollowsAJobThroughItsStates) {
    start();
    request(0x11);
    request(0x22);
    wait_for(2, "?status=0");
    chain.cancel(repeated<JobId>(0x22));
    chain.process(repeated<JobId>(0x11), repeated<Address>(0xbb));
    wait_for(1, "?status=6");
    wait_for(1, "?status=2");
    chain.submit(repeated<JobId>(0x11), "result");
    wait_for(1, "?status=3");
    chain.verify(repeated<JobId>(0x11), 5);
    EXPECT_TRUE(wait_for(1, "?status=4").at(0).as_object().contains("verifiedAt"));
    EXPECT_EQ(jobs("?status=0").size(), 0u);
    EXPECT_EQ(jobs().size(), 2u);
}

class InfoServerReasons : public InfoServerTest {
protected:
    void submit(std::uint8_t number) {
        request(number);
        chain.process(repeated<JobId>(number), repeated<Address>(0xbb));
        chain.submit(repeated<JobId>(number), "result");
    }
    void reject(std::uint8_t number) {
        submit(number);
        chain.reject_result(repeated<JobId>(number));
    }
    /// Of the only FAILED JOB; empty: none.
    std::string listed_reason() {
        const json::object job = wait_for(1, "?status=8").at(0).as_object();
        return job.contains("verdictReason") ? std::string(job.at("verdictReason").as_string()) : std::string();
    }
    std::string reason_in_time() {
        for (int tries = 0; tries < 400 && listed_reason().empty(); ++tries)
            run(system_clock().sleep(Milliseconds{10}));
        return listed_reason();
    }
};

TEST_F(InfoServerReasons, SaysWhyAResultWasRejected) {
    storage.reasons[repeated<JobId>(0x11)] = "the artifact is no tar";
    storage.reasons[repeated<JobId>(0x22)] = "that of a verdict which is not on chain";
    reject(0x11);
    submit(0x22);
    start();
    EXPECT_EQ(reason_in_time(), "the artifact is no tar");
    EXPECT_FALSE(wait_for(1, "?status=3").at(0).as_object().contains("verdictReason"));
    EXPECT_EQ(storage.reason_questions, 1) << "of FAILED JOBs alone, and once";
}

TEST_F(InfoServerReasons, AsksAgainForWhatIsNotThereYet) {
    storage.reasons_failure = transient_error("the Storage API answered 503");
    reject(0x11);
    start();
    EXPECT_EQ(listed_reason(), "");
    while (storage.reason_questions < 1) run(system_clock().sleep(Milliseconds{10}));
    storage.reasons_failure.reset();
    while (storage.reason_questions < 2) run(system_clock().sleep(Milliseconds{10}));
    storage.reasons[repeated<JobId>(0x11)] = "the artifact is no tar";
    EXPECT_EQ(reason_in_time(), "the artifact is no tar");
}

TEST_F(InfoServerReasons, AStorageApiThatHangsHoldsNothingUp) {
    storage.hang_reasons = true;
    reject(0x11);
    start();
    EXPECT_EQ(listed_reason(), "");
    request(0x22);
    wait_for(1, "?status=0");
}

/// The next verdict may have another reason.
TEST_F(InfoServerReasons, AVerdictThatWasTakenBackIsForgotten) {
    storage.reasons[repeated<JobId>(0x11)] = "first";
    reject(0x11);
    start();
    EXPECT_EQ(reason_in_time(), "first");
    chain.reorganise(1, 2);
    wait_for(0, "?status=8");
    EXPECT_FALSE(wait_for(1, "?status=3").at(0).as_object().contains("verdictReason"));
    storage.reasons[repeated<JobId>(0x11)] = "second";
    chain.reject_result(repeated<JobId>(0x11));
    EXPECT_EQ(reason_in_time(), "second");
}

TEST_F(InfoServerTest, FindsWhatHappenedBeforeItsStartNewestFirst) {
    for (std::uint8_t number = 1; number <= 20; ++number) request(number);
    start();
    const json::array listed = wait_for(20);
    EXPECT_EQ(listed.at(0).at("id").as_string(), repeated<JobId>(20).hex());
    EXPECT_EQ(listed.at(19).at("id").as_string(), repeated<JobId>(1).hex());
}

TEST_F(InfoServerTest, TakesBackWhatAReorganisationTookBack) {
    start();
    request(0x11);
    request(0x22);
    chain.process(repeated<JobId>(0x11), repeated<Address>(0xbb));
    wait_for(2);
    chain.reorganise(2, 5);
    wait_for(1);
    const json::object job = wait_for(1, "?status=0").at(0).as_object();
    EXPECT_EQ(job.at("id").as_string(), repeated<JobId>(0x11).hex());
    EXPECT_FALSE(job.contains("node"));
}

TEST_F(InfoServerTest, ServesWhatItKnowsWhileTheChainIsDown) {
    start();
    request(0x11);
    wait_for(1);
    chain.failure = transient_error("connection refused");
    run(system_clock().sleep(Milliseconds{60}));
    const http::ClientResponse stale = get("/api/v1/jobs?status=0");
    EXPECT_EQ(json::parse(stale.body).as_array().size(), 1u);
    EXPECT_GE(std::stoull(stale.headers.at("x-emeth-block")), 1u);
    chain.failure.reset();
    request(0x22);
    wait_for(2);
}

TEST_F(InfoServerTest, IsReadyWhileItsListIsUpToDate) {
    chain.failure = transient_error("http://10.0.0.1: connection refused");
    start();
    EXPECT_EQ(get("/healthz").status, 200u);
    const http::ClientResponse early = get("/readyz");
    EXPECT_EQ(early.status, 503u);
    EXPECT_THAT(early.body, HasSubstr("as of block 0"));
    EXPECT_THAT(early.body, ::testing::Not(HasSubstr("10.0.0.1")));
    chain.failure.reset();
    unsigned status = 0;
    for (int tries = 0; tries < 200 && status != 200; ++tries) {
        run(system_clock().sleep(Milliseconds{10}));
        status = get("/readyz").status;
    }
    EXPECT_EQ(status, 200u);
}

TEST_F(InfoServerTest, TellsABrowserWhichServerItIsAndWhetherItIsReady) {
    chain.failure = transient_error("http://10.0.0.1: connection refused");
    start();
    const http::ClientResponse page = get("/");
    EXPECT_EQ(page.status, 200u);
    EXPECT_THAT(page.headers.at("content-type"), HasSubstr("text/html"));
    EXPECT_THAT(page.headers.at("content-security-policy"), HasSubstr("default-src 'self'"));
    EXPECT_THAT(page.body, HasSubstr("/assets/network.js"));
    EXPECT_EQ(get("/assets/network.js").status, 200u);
    EXPECT_EQ(get("/assets/actions.js").status, 404u) << "the node's dashboard";

    const json::object said = json::parse(get("/api/v1/network").body).as_object();
    EXPECT_EQ(said.size(), 2u) << "no more than /readyz says";
    EXPECT_TRUE(said.contains("at"));
    ASSERT_EQ(said.at("servers").as_array().size(), 1u);
    const json::object server = said.at("servers").at(0).as_object();
    EXPECT_EQ(server.at("name"), "job_info_server");
    EXPECT_EQ(server.at("ready"), false);
    EXPECT_THAT(std::string(server.at("reasons").at(0).as_string()), HasSubstr("as of block 0"));
}

TEST_F(InfoServerTest, SaysNothingToPagesOfStrangers) {
    start();
    for (const char* target : {"/", "/api/v1/network", "/api/v1/network/events", "/assets/network.js"}) {
        EXPECT_EQ(get(target, {{"origin", "http://evil.example"}}).status, 403u) << target;
        EXPECT_EQ(get(target, {{"sec-fetch-site", "cross-site"}}).status, 403u) << target;
    }
    EXPECT_EQ(get("/", {{"host", "infoserver.example"}}).status, 200u) << "the name of a proxy in front of it";
    EXPECT_EQ(get("/api/v1/jobs", {{"origin", "http://explorer.example"}}).status, 200u) << "as ever";
}

TEST_F(InfoServerTest, TheDevnetPutsThePageOfTheWholeNetworkInPlaceOfItsOwn) {
    Task<http::Answer> (*answer)(http::ServerRequest) = [](http::ServerRequest) -> Task<http::Answer> {
        co_return http::ServerResponse(json::value("the whole network"));
    };
    InfoServerOptions options;
    options.add_page = [answer](http::Server& server) { server.route("GET", "/", 0, answer); };
    start(std::move(options));
    EXPECT_EQ(get("/").body, "\"the whole network\"");
    EXPECT_EQ(get("/api/v1/network").status, 404u);
}

TEST_F(InfoServerTest, RefusesAStatusThatIsNone) {
    start();
    for (const char* query :
         {"?status=10", "?status=-1", "?status=x", "?status=", "?status=1e0", "?status=99999999999999999999"})
        EXPECT_EQ(get(std::string("/api/v1/jobs") + query).status, 400u) << query;
    for (int status = 0; status <= 9; ++status)
        EXPECT_EQ(get(fmt::format("/api/v1/jobs?status={}", status)).status, 200u) << status;
}

TEST_F(InfoServerTest, ItsClientReadsTheOpenJobs) {
    start();
    request(0x11);
    job_with_size();
    api_client::InfoServerClient client(http::Url::parse(service->url()).value());
    const std::vector<api_client::JobOffer> offers = run(client.open_jobs()).value();
    ASSERT_EQ(offers.size(), 1u);
    EXPECT_EQ(offers[0].id, repeated<JobId>(0x11));
    EXPECT_EQ(offers[0].fee, test::wei(20));
    EXPECT_EQ(offers[0].dataset_bytes, 5'000u);
    EXPECT_EQ(offers[0].deadline_unix_s, deadline_unix_s);
}

class InfoClient : public test::IoFixture {
protected:
    Result<std::vector<api_client::JobOffer>> ask(const std::string& body, const std::string& status = "200 OK") {
        test::CannedServer server(
            executor(), fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body));
        const Background serving(io, server.run());
        api_client::InfoServerClient client(
            http::Url::parse(fmt::format("http://127.0.0.1:{}/", server.port())).value());
        return run(client.open_jobs());
    }
    static std::string entry(const std::string& id, const std::string& fee) {
        return fmt::format(R"({{"id":"{}","fee":{},"datasetSize":10,"deadline":20}})", id, fee);
    }
    const std::string good = entry("0x11111111111111111111111111111111", "\"5\"");
};

TEST_F(InfoClient, LeavesOutEntriesThatDoNotParse) {
    const auto offers = ask("[1,null,{}," + entry("0x12", "\"5\"") + "," + good + "]");
    ASSERT_TRUE(offers) << offers.error().message;
    ASSERT_EQ(offers->size(), 1u);
    EXPECT_EQ((*offers)[0].fee, test::wei(5));
}

/// A param with the byte 0xFF, copied into the list as it is, once hid every JOB from every node.
TEST_F(InfoClient, ReadsAListWithStrangersStrings) {
    for (const std::string param : {"\xff", "caf\xe9", "\\ud83d", "\\udc00x", "\x1b[2J", "\xc2\x9b"}) {
        const auto offers =
            ask(R"([{"id":"0x22222222222222222222222222222222","fee":5,"param":")" + param + R"("},)" + good + "]");
        ASSERT_TRUE(offers) << offers.error().message;
        EXPECT_EQ(offers->size(), 2u) << param;
    }
    EXPECT_EQ(ask("\xef\xbb\xbf[" + good + "]").value().size(), 1u) << "byte order mark";
}

TEST_F(InfoClient, ReadsHintsInAnyForm) {
    const std::string too_much = "\"" + std::string(78, '9') + "\"";
    for (const std::string& fee : {std::string("5"), std::string("\"-5\""), std::string("null"), too_much}) {
        const auto offers = ask("[" + entry("0x11111111111111111111111111111111", fee) + "]");
        ASSERT_EQ(offers.value().size(), 1u) << fee;
        EXPECT_EQ((*offers)[0].fee, fee == "5" ? test::wei(5) : Wei{}) << fee;
    }
}

/// A JOB that is listed twice is offered once: taking it a second time would fail.
TEST_F(InfoClient, OffersEachJobOnce) {
    EXPECT_EQ(ask("[" + good + "," + good + "]").value().size(), 1u);
}

TEST_F(InfoClient, WhatIsNoListIsATransientError) {
    for (const char* body : {"", "{}", "null", "[", R"({"jobs":[]})", "<html><body>Bad gateway</body></html>"}) {
        const auto offers = ask(body);
        ASSERT_FALSE(offers) << body;
        EXPECT_EQ(offers.error().kind, ErrorKind::transient) << body;
    }
    EXPECT_THAT(ask("<html>").error().message, HasSubstr("HTML"));
    EXPECT_EQ(ask("[]", "404 Not Found").error().kind, ErrorKind::transient);
    EXPECT_EQ(ask("[]", "502 Bad Gateway").error().kind, ErrorKind::transient);
}

TEST_F(InfoClient, ReadsABoundedNumberOfEntries) {
    std::string body = "[" + good;
    for (std::size_t i = 1; i < api_client::InfoServer::offers_max + 500; ++i)
        body += "," + entry(fmt::format("0x{:032x}", i), "5");
    EXPECT_EQ(ask(body + "]").value().size(), api_client::InfoServer::offers_max);
}

}  // namespace
}  // namespace emeth::network
