// Our client puts a dataset in parts, also to a store that damages what it receives.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json/object.hpp>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "crypto/md5.hpp"
#include "http/server.hpp"
#include "runtime/random.hpp"
#include "statemachine/upload_parts.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;

constexpr std::uint64_t dataset_bytes = upload_part_bytes + 3;

/// Its ETags are MD5s, as S3's are.
class DatasetParts : public IoFixture {
protected:
    DatasetParts() : server(executor(), {}) {
        write_text(file, std::string(dataset_bytes, 't'));
        server.route_json("POST", std::string(api_client::signed_put_url_path), 65'536,
                          [this](http::ServerRequest) -> Task<http::Answer> { co_return json::value(opened()); });
        server.route_json("POST", std::string(api_client::complete_upload_path), 65'536,
                          [this](http::ServerRequest request) -> Task<http::Answer> {
                              completed.push_back(request.json.as_object());
                              co_return json::value(json::object{});
                          });
        server.route("PUT", "/parts/{part}", upload_part_bytes,
                     [this](http::ServerRequest request) { return receive(std::move(request)); });
        server.listen().value();
        serving.emplace(io, server.run());
    }

    [[nodiscard]] json::object opened() const {
        json::object urls;
        for (int part = 1; part <= 2; ++part)
            urls[std::to_string(part - 1)] = fmt::format("{}/parts/{}", server.url(), part);
        return {{"fileName", "name"}, {"uploadId", "u"}, {"urls", std::move(urls)}};
    }
    Task<http::Answer> receive(http::ServerRequest request) {
        const std::string part = request.captures.at("part");
        received.push_back(part);
        if (part == "2" && damaged > 0) {
            --damaged;
            request.body[0] ^= 1;
        }
        write_text(folder / "received", request.body);
        http::ServerResponse response;
        response.headers["ETag"] =
            fmt::format("\"{}\"", crypto::md5_of_range(folder / "received", 0, request.body.size()).value());
        co_return response;
    }
    Result<std::string> upload() {
        api_client::StorageApiClient client(http::Url::parse(server.url()).value(), key, system_clock());
        return run(client.upload_dataset(JobId{}, file));
    }

    const TemporaryFolder folder;
    const std::filesystem::path file = folder / "dataset";
    const crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
    int damaged = 0;                    ///< how often the second part arrives with a wrong bit
    std::vector<std::string> received;  ///< parts
    std::vector<json::object> completed;
    http::Server server;
    std::optional<Background> serving;
};

TEST_F(DatasetParts, ArePutAndCompleted) {
    EXPECT_EQ(upload().value(), "name");
    EXPECT_THAT(received, ElementsAre("1", "2"));
    ASSERT_EQ(completed.size(), 1u);
    EXPECT_EQ(completed[0].at("uploadId"), "u");
}

TEST_F(DatasetParts, OneThatArrivesDamagedIsPutAgain) {
    damaged = 1;
    EXPECT_EQ(upload().value(), "name");
    EXPECT_THAT(received, ElementsAre("1", "2", "2"));
    EXPECT_EQ(completed.size(), 1u);
}

}  // namespace
}  // namespace emeth::test
