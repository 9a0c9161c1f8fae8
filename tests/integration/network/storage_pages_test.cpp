// Our client gathers the URLs of an upload from pages, also of servers that err or lie.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json/object.hpp>
#include <functional>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "http/server.hpp"
#include "runtime/random.hpp"
#include "statemachine/upload_parts.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// A Storage API that answers as a test says.
class ScriptedPages : public IoFixture {
protected:
    ScriptedPages() : server(executor(), {}) {
        server.route_json("POST", std::string(api_client::open_upload_path), 65'536,
                          [this](http::ServerRequest request) { return serve(std::move(request)); });
        server.listen().value();
        serving.emplace(io, server.run());
    }

    Task<http::Answer> serve(http::ServerRequest request) {
        asked.push_back(request.json.as_object());
        const std::size_t index = asked.size() - 1;
        co_return json::value(pages ? pages(index) : answers.at(index));
    }
    Result<api_client::OpenedUpload> open(std::uint32_t parts,
                                          const std::optional<std::string>& upload_id = std::nullopt) {
        asked.clear();
        api_client::StorageApiClient client(http::Url::parse(server.url()).value(), key, system_clock());
        return run(client.open_upload(JobId{}, {Hash256{}, parts * upload_part_bytes}, ".tar", upload_id));
    }
    /// The URLs of the parts from `first` on and before `end`.
    static json::object page(const std::string& id, std::size_t first, std::size_t end) {
        json::object urls;
        for (std::size_t index = first; index < end; ++index)
            urls[std::to_string(index)] = fmt::format("url {}", index);
        return {{"uploadId", id}, {"fileName", "f.tar"}, {"urls", std::move(urls)}};
    }
    static json::object with(json::object page, const char* field, json::value value) {
        page[field] = std::move(value);
        return page;
    }

    const crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
    std::vector<json::object> answers;                     ///< to one question after the other
    std::function<json::object(std::size_t index)> pages;  ///< instead
    std::vector<json::object> asked;
    http::Server server;
    std::optional<Background> serving;
};

TEST_F(ScriptedPages, EachPageIsAskedForByTheUploadAndItsFirstPart) {
    answers = {with(page("u", 0, 2), "nextPart", 2), with(page("u", 2, 3), "nextPart", 3), page("u", 3, 5)};
    const auto opened = open(5);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->urls, (std::vector<std::string>{"url 0", "url 1", "url 2", "url 3", "url 4"}));
    ASSERT_EQ(asked.size(), 3u);
    EXPECT_FALSE(asked[0].contains("uploadId"));
    EXPECT_FALSE(asked[0].contains("firstPart"));
    for (const std::size_t index : {1, 2}) EXPECT_EQ(asked[index].at("uploadId"), "u");
    EXPECT_EQ(asked[1].at("firstPart"), 2);
    EXPECT_EQ(asked[2].at("firstPart"), 3);
    EXPECT_NE(asked[1].at("sig"), asked[2].at("sig")) << "each request is signed anew";
}

TEST_F(ScriptedPages, MayIgnoreWhichUploadIsNamedAndOpenAnother) {
    answers = {page("new", 0, 3)};
    const auto opened = open(3, "old");
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->upload_id, "new");
    EXPECT_EQ(opened->urls.size(), 3u);
    EXPECT_EQ(asked.at(0).at("uploadId"), "old");
}

TEST_F(ScriptedPages, PagesThatLeadNowhereAreAnError) {
    const json::object good = with(page("u", 0, 2), "nextPart", 2);
    const std::vector<std::pair<std::vector<json::object>, std::string>> hostile{
        {{with(page("u", 0, 2), "nextPart", 0)}, "nextPart"},
        {{with(page("u", 0, 4), "nextPart", 4)}, "nextPart"},
        {{with(page("u", 0, 2), "nextPart", -1)}, "nextPart"},
        {{with(page("u", 0, 2), "nextPart", 1e18)}, "nextPart"},
        {{with(page("u", 0, 2), "nextPart", "2")}, "nextPart"},
        {{with(page("u", 0, 0), "nextPart", 2)}, "urls.0"},
        {{page("u", 0, 2)}, "urls.2"},
        {{good, with(page("u", 2, 4), "nextPart", 2)}, "nextPart"},
        {{good, with(page("u", 0, 2), "nextPart", 3)}, "urls.2"},
        {{good, page("another", 2, 4)}, "another upload when it was asked for the URLs from part 3 on"},
        {{good, with(page("u", 2, 4), "fileName", "g.tar")}, "another upload"}};
    for (const auto& [told, message] : hostile) {
        answers = told;
        const auto opened = open(4);
        ASSERT_TRUE(opened.has_error()) << message;
        EXPECT_THAT(opened.error().message, HasSubstr(message));
        EXPECT_EQ(asked.size(), told.size());
    }
}

TEST_F(ScriptedPages, IsNotAskedForPagesWithoutEnd) {
    pages = [](std::size_t index) { return with(page("secret", index, index + 1), "nextPart", index + 1); };
    const auto opened = open(10'000);
    ASSERT_TRUE(opened.has_error());
    EXPECT_THAT(opened.error().message, HasSubstr("the URLs of 100 of 10000 parts in 100 answers"));
    EXPECT_THAT(opened.error().message, Not(HasSubstr("secret")));
    EXPECT_EQ(asked.size(), 100u);
}

}  // namespace
}  // namespace emeth::test
