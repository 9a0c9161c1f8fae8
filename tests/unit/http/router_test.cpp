#include "http/router.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

Target target(std::string_view text) {
    return Target::parse(text).value();
}

TEST(Target, IsPercentDecodedSegmentBySegment) {
    const Target parsed = target("/objects/a%20b.txt?key=dataset%2Fx&n=1+2&flag");
    EXPECT_EQ(parsed.segments, (std::vector<std::string>{"objects", "a b.txt"}));
    EXPECT_EQ(parsed.path(), "/objects/a b.txt");
    EXPECT_EQ(parsed.query.at("key"), "dataset/x");
    EXPECT_EQ(parsed.query.at("n"), "1 2");
    EXPECT_EQ(parsed.query.at("flag"), "");
}

TEST(Target, RefusesWaysOut) {
    for (const std::string_view text :
         {"", "*", "objects", "http://h/", "/..", "/objects/../secret", "/objects/%2e%2e/secret", "/objects/%2E./x",
          "/./x", "/objects/a%2fb", "/objects/a%00b", "/objects/a%0ab", "/x?y=%00", "/%", "/%1", "/%zz", "/x?y=%f"})
        EXPECT_FALSE(Target::parse(text)) << text;
}

TEST(Target, IsBounded) {
    std::string deep, wide = "/x?";
    for (int i = 0; i < 100; ++i) {
        deep += "/a";
        wide += "k" + std::to_string(i) + "=1&";
    }
    EXPECT_FALSE(Target::parse(deep));
    EXPECT_FALSE(Target::parse(wide));
}

class Routes : public ::testing::Test {
protected:
    Routes() {
        add("GET", "/jobs");
        add("POST", "/jobs");
        add("GET", "/objects/{name}");
        add("PUT", "/objects/{name}/parts/{number}");
    }
    void add(const std::string& method, const std::string& pattern) {
        Route route;
        route.method = method;
        router.add(pattern, std::move(route));
    }
    Router router;
};

TEST_F(Routes, AreFoundByMethodAndPath) {
    const Router::Match jobs = router.match("POST", target("/jobs?x=1"));
    ASSERT_NE(jobs.route, nullptr);
    EXPECT_EQ(jobs.route->method, "POST");
    const Router::Match part = router.match("PUT", target("/objects/a.tar/parts/3"));
    ASSERT_NE(part.route, nullptr);
    EXPECT_EQ(part.captures, (std::map<std::string, std::string>{{"name", "a.tar"}, {"number", "3"}}));
}

TEST_F(Routes, OfGetAnswerHead) {
    EXPECT_NE(router.match("HEAD", target("/jobs")).route, nullptr);
}

TEST_F(Routes, TellAnotherMethodFromAnUnknownPath) {
    const Router::Match wrong_method = router.match("DELETE", target("/jobs"));
    EXPECT_EQ(wrong_method.route, nullptr);
    EXPECT_EQ(wrong_method.allowed, "GET, POST");
    for (const std::string_view unknown : {"/", "/job", "/jobs/", "/objects", "/objects/", "/objects/a/b"}) {
        const Router::Match match = router.match("GET", target(unknown));
        EXPECT_EQ(match.route, nullptr) << unknown;
        EXPECT_EQ(match.allowed, "") << unknown;
    }
}

}  // namespace
}  // namespace emeth::http
