// A Storage API whose clock differs from this machine's: it refuses what is not signed by its own time.
#include <boost/json/object.hpp>

#include "api_client/info_server_client.hpp"
#include "api_client/storage_api_client.hpp"
#include "crypto/api_signature.hpp"
#include "http/date.hpp"
#include "http/server.hpp"
#include "runtime/random.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

class ServerTime : public IoFixture {
protected:
    ServerTime() : server(executor(), {}) {
        server.route_json("GET", "/api/v1/sizeOf", 0, [this](http::ServerRequest) { return size(); });
        server.route_json("GET", "/api/v1/jobs", 0, [this](http::ServerRequest) { return jobs(); });
        server.route_json("POST", "/api/v1/node/signed-get-url", 4'096,
                          [this](http::ServerRequest request) { return sign(std::move(request)); });
        server.listen().value();
        serving.emplace(io, server.run());
        url = http::Url::parse(server.url()).value();
    }
    [[nodiscard]] std::int64_t now_ms() const { return system_clock().unix_ms() + server_is_ahead_ms; }
    [[nodiscard]] http::ServerResponse dated(http::ServerResponse response) const {
        response.headers["date"] = http::format_date(now_ms() / 1'000);
        return response;
    }
    Task<http::Answer> size() {
        const boost::json::value answer{{"result", 5}};
        co_return dated(answer);
    }
    Task<http::Answer> jobs() {
        const boost::json::value none = boost::json::array{};
        co_return dated(none);
    }
    Task<http::Answer> sign(http::ServerRequest request) {
        const auto& fields = request.json.as_object();
        const std::int64_t signed_at = fields.at("signedtime").to_number<std::int64_t>();
        const auto checked =
            crypto::check_signature(crypto::job_request_digest(job, signed_at),
                                    std::string(fields.at("sig").as_string()), key.address(), signed_at, now_ms());
        const boost::json::value answer{{"url", "http://storage/dataset"}};
        http::ServerResponse response = answer;
        if (checked.has_error()) response.status = 401;
        co_return dated(std::move(response));
    }

    const JobId job{{0x11}};
    const crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
    std::int64_t server_is_ahead_ms = 0;
    http::Server server;
    std::optional<Background> serving;
    http::Url url;
};

TEST_F(ServerTime, IsWhatRequestsAreSignedWithOnceAnAnswerHasToldIt) {
    for (const std::int64_t ahead : {600'000, -600'000}) {
        server_is_ahead_ms = ahead;
        api_client::StorageApiClient client(url, key, system_clock());
        ASSERT_TRUE(run(client.dataset_bytes("text")).has_value()) << "asked before every deposit, unsigned";
        EXPECT_TRUE(run(client.dataset_url(job)).has_value()) << ahead;
    }
}

TEST_F(ServerTime, IsToldAlsoByARefusal) {
    server_is_ahead_ms = 600'000;
    api_client::StorageApiClient client(url, key, system_clock());
    EXPECT_TRUE(run(client.dataset_url(job)).has_error());
    EXPECT_TRUE(run(client.dataset_url(job)).has_value());
}

TEST_F(ServerTime, IsNotFollowedAboveTheBound) {
    server_is_ahead_ms = 2 * 3'600'000;
    api_client::NetworkClock time(system_clock());
    api_client::StorageApiClient client(url, key, time);
    ASSERT_TRUE(run(client.dataset_bytes("text")).has_value());
    EXPECT_TRUE(run(client.dataset_url(job)).has_error());
    EXPECT_FALSE(time.judge(system_clock().unix_ms() / 1'000).may_deposit);
}

TEST_F(ServerTime, OfASecondServerConfirmsTheFirst) {
    server_is_ahead_ms = 1'200'000;
    api_client::NetworkClock time(system_clock());
    api_client::StorageApiClient storage(url, key, time);
    api_client::InfoServerClient info(url, &time);
    const std::int64_t chain_s = system_clock().unix_ms() / 1'000;
    ASSERT_TRUE(run(storage.dataset_bytes("text")).has_value());
    EXPECT_FALSE(time.judge(chain_s).may_deposit);
    ASSERT_TRUE(run(info.open_jobs()).has_value());
    EXPECT_TRUE(time.judge(chain_s).may_deposit);
}

TEST_F(ServerTime, IsInEveryAnswerOfOurServers) {
    server.route_json("GET", "/undated", 0, [](http::ServerRequest) -> Task<http::Answer> {
        const boost::json::value none = boost::json::array{};
        co_return none;
    });
    http::ClientRequest request;
    request.url = url.at("/undated");
    const auto response = run(http::request(request)).value();
    const auto date = http::parse_date(response.headers.at("date"));
    ASSERT_TRUE(date);
    EXPECT_NEAR(static_cast<double>(*date), static_cast<double>(system_clock().unix_ms()) / 1'000, 30);
}

}  // namespace
}  // namespace emeth::test
