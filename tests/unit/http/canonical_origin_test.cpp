#include "http/canonical_origin.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

std::string of(const std::string& url) {
    return canonical_origin(Url::parse(url).value());
}

TEST(CanonicalOrigin, IsOneSpellingOfOnePlace) {
    for (const char* same : {"http://m.example.org:80/x?y", "ws://M.Example.ORG", "HTTP://m.example.org.:80"})
        EXPECT_EQ(of(same), "http://m.example.org:80") << same;
    EXPECT_EQ(of("wss://m.example.org/api"), "https://m.example.org:443");
    EXPECT_EQ(of("http://[0:0:0:0:0:0:0:1]:5000"), "http://[::1]:5000");
    EXPECT_EQ(of("ws://127.0.0.1:5000/api/v1/worker-session"), "http://127.0.0.1:5000");
}

}  // namespace
}  // namespace emeth::http
