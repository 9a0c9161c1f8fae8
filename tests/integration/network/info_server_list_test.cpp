// What GET /api/v1/jobs answers: filters, orders, pages, entity tags, waiting for changes, and events of them.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "integration/network/info_server_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InfoServerList : public InfoServerTest {
protected:
    /// JOB `number` of owner 0xa0 + number % 3, with a fee of `fee` wei; a later one is newer.
    void request_of(std::uint8_t number, std::uint64_t fee, std::int64_t deadline) {
        chain.request(repeated<JobId>(number), owner(number % 3), "text", "{}", test::wei(fee), deadline);
    }
    static Address owner(int number) { return repeated<Address>(static_cast<std::uint8_t>(0xa0 + number)); }
    static std::string owned(int number) { return "?owner=" + owner(number).hex(); }
    static std::string id(std::uint8_t number) { return repeated<JobId>(number).hex(); }

    /// The first byte of each id, in order.
    std::vector<int> numbers(const std::string& query) {
        std::vector<int> numbers;
        for (const auto& job : jobs(query))
            numbers.push_back(JobId::parse(std::string_view(job.at("id").as_string()))->bytes[0]);
        return numbers;
    }
    std::string refusal(const std::string& query) {
        const auto response = get("/api/v1/jobs" + query);
        EXPECT_EQ(response.status, 400u) << query;
        return std::string(json::parse(response.body).at("error").as_string());
    }
};

using Numbers = std::vector<int>;

TEST_F(InfoServerList, IsFilteredAndOrdered) {
    const std::int64_t day = deadline_unix_s;
    request_of(1, 30, day + 3);
    request_of(2, 10, day + 1);
    request_of(3, 300, day + 2);
    request_of(4, 20, day + 9);
    chain.process(repeated<JobId>(4), repeated<Address>(0xbb));
    start();
    wait_for(4);
    EXPECT_EQ(numbers("?sort=newest"), (Numbers{4, 3, 2, 1}));
    EXPECT_EQ(numbers("?sort=oldest"), (Numbers{1, 2, 3, 4}));
    EXPECT_EQ(numbers("?status=0"), (Numbers{3, 2, 1}));
    EXPECT_EQ(numbers("?status=0&sort=oldest"), (Numbers{1, 2, 3}));
    EXPECT_EQ(numbers("?status=0&sort=fee"), (Numbers{3, 1, 2}));
    EXPECT_EQ(numbers("?status=0&sort=deadline"), (Numbers{2, 3, 1}));
    EXPECT_EQ(numbers(owned(1)), (Numbers{4, 1}));
    EXPECT_EQ(numbers(owned(1) + "&status=0"), (Numbers{1}));
    EXPECT_EQ(numbers("?node=" + repeated<Address>(0xbb).hex()), (Numbers{4}));
    EXPECT_EQ(numbers("?node=" + repeated<Address>(0xbb).hex() + "&status=0"), (Numbers{}));
    EXPECT_EQ(numbers("?id=" + id(2)), (Numbers{2}));
    EXPECT_EQ(numbers("?id=" + id(2) + "&status=3"), (Numbers{}));
    EXPECT_EQ(numbers("?id=" + id(9)), (Numbers{}));
    EXPECT_EQ(numbers("?colour=red"), (Numbers{4, 3, 2, 1})) << "unknown parameters are ignored";
}

TEST_F(InfoServerList, ComesInPages) {
    for (std::uint8_t number = 1; number <= 5; ++number) request_of(number, 100u - number, deadline_unix_s + number);
    start();
    wait_for(5);
    for (const std::string query : {"?sort=newest", "?sort=oldest", "?status=0&sort=fee", "?status=0&sort=deadline"}) {
        Numbers all, page;
        std::string after;
        do {
            const auto response = get("/api/v1/jobs" + query + "&limit=2" + after);
            page = numbers(query + "&limit=2" + after);
            all.insert(all.end(), page.begin(), page.end());
            const auto next = response.headers.find("x-emeth-next");
            after = next == response.headers.end() ? "" : "&after=" + next->second;
        } while (!after.empty());
        EXPECT_EQ(all, numbers(query)) << query;
        EXPECT_EQ(all.size(), 5u);
    }
    // A JOB that has left the list meanwhile still says where the next page begins.
    chain.cancel(repeated<JobId>(3));
    wait_for(4, "?status=0");
    EXPECT_EQ(numbers("?status=0&sort=newest&after=" + id(3)), (Numbers{2, 1}));
}

TEST_F(InfoServerList, RefusesWhatItDoesNotUnderstandWithTheParameterItsValueAndWhatIsAllowed) {
    start();
    EXPECT_EQ(refusal("?status=10"), "status is '10'; it must be a number from 0 (REQUESTED) to 9 (DECLINED)");
    EXPECT_EQ(refusal("?limit=0"), "limit is '0'; it must be a number from 1 to 10000");
    EXPECT_EQ(refusal("?limit=10001"), "limit is '10001'; it must be a number from 1 to 10000");
    EXPECT_EQ(refusal("?sort=name"), "sort is 'name'; it must be newest, oldest, fee or deadline");
    EXPECT_THAT(refusal("?id=0x12"), HasSubstr("id is '0x12'; it must be the id of a JOB"));
    EXPECT_THAT(refusal("?owner=me"), HasSubstr("owner is 'me'; it must be an address"));
    EXPECT_THAT(refusal("?node=you"), HasSubstr("node is 'you'; it must be an address"));
    EXPECT_THAT(refusal("?wait=61"), HasSubstr("wait is '61'; it must be a number of seconds from 0 to 60"));
    EXPECT_THAT(refusal("?after=" + id(7)), HasSubstr("it must be the id of a JOB in the list"));
    EXPECT_THAT(refusal("?sort=fee"), HasSubstr("except with status=0"));
    EXPECT_THAT(refusal("?status=0&sort=fee&owner=" + owner(1).hex()), HasSubstr("except with status=0"));
    EXPECT_THAT(refusal("?owner=" + owner(1).hex() + "&node=" + owner(2).hex()), HasSubstr("node is '0x"));
}

TEST_F(InfoServerList, HasATagThatChangesWithTheAnswerAlone) {
    request_of(1, 10, deadline_unix_s);
    start();
    job_with_size();
    const std::string open = get("/api/v1/jobs?status=0").headers.at("etag");
    const std::string processing = get("/api/v1/jobs?status=2").headers.at("etag");
    EXPECT_NE(open, processing);
    chain.mine(3);
    run(system_clock().sleep(Milliseconds{100}));
    EXPECT_EQ(get("/api/v1/jobs?status=0").headers.at("etag"), open);
    chain.process(repeated<JobId>(1), repeated<Address>(0xbb));
    wait_for(1, "?status=2");
    EXPECT_NE(get("/api/v1/jobs?status=0").headers.at("etag"), open);
    EXPECT_NE(get("/api/v1/jobs?status=2").headers.at("etag"), processing);
}

TEST_F(InfoServerList, AClientWaitsForAChangeOfWhatItKnows) {
    start();
    wait_for(0);
    const std::string empty = get("/api/v1/jobs?status=0").headers.at("etag");
    EXPECT_EQ(get("/api/v1/jobs?status=0&wait=60", {{"if-none-match", "\"another\""}}).body, "[]") << "at once";
    EXPECT_EQ(get("/api/v1/jobs?status=0&wait=0").body, "[]");
    auto requesting = [this]() -> Task<> {
        co_await system_clock().sleep(Milliseconds{100});
        request_of(1, 10, deadline_unix_s);
    };
    asio::co_spawn(io, requesting(), asio::detached);
    const auto changed = get("/api/v1/jobs?status=0&wait=9", {{"if-none-match", empty}});
    EXPECT_EQ(json::parse(changed.body).as_array().size(), 1u);
    EXPECT_NE(changed.headers.at("etag"), empty);
}

TEST_F(InfoServerList, ABoundedNumberOfClientsWaits) {
    start();
    wait_for(0);
    std::size_t ended = 0;
    const auto wait = [this, &ended]() -> Task<> {
        http::ClientRequest asked;
        asked.url = http::Url::parse(service->url()).value().at("/api/v1/jobs?wait=60");
        asked.timeout = Milliseconds{60'000};
        const auto answer = co_await http::request(std::move(asked));
        if (answer.has_value()) ++ended;
    };
    for (std::size_t client = 0; client < InfoServerService::waiting_max; ++client)
        asio::co_spawn(io, wait(), asio::detached);
    http::ClientResponse refused;
    for (int tries = 0; tries < 100 && refused.status != 503; ++tries) refused = get("/api/v1/jobs?wait=0");
    EXPECT_EQ(refused.status, 503u);
    EXPECT_EQ(refused.headers.at("retry-after"), "10");
    EXPECT_EQ(get("/api/v1/jobs").status, 200u) << "who does not wait is served";
    request_of(1, 10, deadline_unix_s);
    for (int tries = 0; tries < 500 && ended < InfoServerService::waiting_max; ++tries)
        run(system_clock().sleep(Milliseconds{10}));
    EXPECT_EQ(ended, InfoServerService::waiting_max);
}

TEST_F(InfoServerList, TellsListenersOfEveryChange) {
    start();
    wait_for(0);
    bool requested = false, withdrawn = false;
    const auto is_enough = [&](const std::string& answer) {
        if (!std::exchange(requested, true)) request_of(1, 10, deadline_unix_s);
        if (answer.find("event: job") != std::string::npos && !std::exchange(withdrawn, true)) chain.reorganise(1, 2);
        return answer.find("event: gone") != std::string::npos;
    };
    const auto port = http::Url::parse(service->url()).value().port;
    const std::string heard =
        run(test::raw_exchange_until(port, "GET /api/v1/jobs/events HTTP/1.1\r\nHost: h\r\n\r\n", is_enough));
    EXPECT_THAT(heard, HasSubstr("text/event-stream"));
    EXPECT_THAT(heard, HasSubstr("event: block\ndata: {\"block\":"));
    EXPECT_THAT(heard, HasSubstr("event: job\ndata: {\"id\":\"" + id(1) + "\""));
    EXPECT_THAT(heard, HasSubstr("event: gone\ndata: {\"id\":\"" + id(1) + "\"}"));
}

TEST_F(InfoServerList, SaysHowFarItLags) {
    start();
    request_of(1, 10, deadline_unix_s);
    wait_for(1);
    const auto health = [this] { return json::parse(get("/healthz").body).as_object(); };
    json::object seen = health();
    for (int tries = 0; tries < 200 && seen.at("stale").as_bool(); ++tries) seen = health();
    EXPECT_EQ(seen.at("block").to_number<std::uint64_t>(), chain.head());
    EXPECT_EQ(seen.at("lagBlocks"), 0);
    EXPECT_EQ(seen.at("lagSeconds"), 0);
    EXPECT_EQ(get("/api/v1/jobs").headers.count("x-emeth-stale"), 0u);
    chain.failure = transient_error("connection refused");
    for (int tries = 0; tries < 200 && !seen.at("stale").as_bool(); ++tries) {
        run(system_clock().sleep(Milliseconds{10}));
        seen = health();
    }
    EXPECT_TRUE(seen.at("stale").as_bool());
    EXPECT_EQ(get("/api/v1/jobs").headers.at("x-emeth-stale"), "1");
    EXPECT_EQ(get("/healthz").status, 200u) << "it is alive";
}

TEST_F(InfoServerList, AStorageApiThatKnowsNoDatasetHoldsNothingUp) {
    storage.sizes.clear();
    start();
    request_of(1, 10, deadline_unix_s);
    EXPECT_EQ(wait_for(1).at(0).at("datasetSize"), 0);
    EXPECT_EQ(get("/readyz").status, 200u);
    storage.sizes["text"] = 5'000;
    EXPECT_EQ(job_with_size().at("datasetSize"), 5'000);
}

}  // namespace
}  // namespace emeth::network
