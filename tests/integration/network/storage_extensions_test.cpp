#include "api_client/storage_extensions.hpp"

#include "http/server.hpp"
#include "integration/network/storage_api_fixture.hpp"

namespace emeth::network {
namespace {

constexpr Milliseconds timeout{10'000};

TEST_F(StorageApi, OffersAllExtensions) {
    api_client::NetworkClock time(system_clock());
    auto asking = api_client::storage_extensions(url("/"), &time, timeout);
    const auto offered = run(std::move(asking));
    ASSERT_TRUE(offered.has_value()) << offered.error().message;
    EXPECT_TRUE(offered->upload_state);
    EXPECT_TRUE(offered->evidence);
    EXPECT_TRUE(offered->verdict_reason);
}

class OtherStorageApi : public test::IoFixture {
protected:
    OtherStorageApi() : server(executor(), {}) {
        server.listen().value();
        serving.emplace(io, server.run());
    }
    Result<api_client::StorageExtensions> offered() {
        api_client::NetworkClock time(system_clock());
        auto asking = api_client::storage_extensions(http::Url::parse(server.url()).value(), &time, timeout);
        return run(std::move(asking));
    }

    http::Server server;
    std::optional<test::Background> serving;
};

TEST_F(OtherStorageApi, OffersNoneOfThem) {
    const auto found = offered();
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_FALSE(found->upload_state || found->evidence || found->verdict_reason);
}

TEST_F(OtherStorageApi, ThatFailsOffersNothingThatIsKnown) {
    server.route_json("POST", std::string(api_client::upload_state_path), 4'096,
                      [](http::ServerRequest) -> Task<http::Answer> {
                          http::ServerResponse response;
                          response.status = 503;
                          co_return response;
                      });
    EXPECT_EQ(offered().error().fault, Fault::service);
}

}  // namespace
}  // namespace emeth::network
