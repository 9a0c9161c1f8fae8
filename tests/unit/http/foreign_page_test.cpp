// Which host names are a server's own.
#include "http/foreign_page.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

TEST(OwnHost, IsLoopbackOrWhereTheServerListens) {
    for (const char* own : {"127.0.0.1", "127.0.0.1:5000", "127.9.9.9:1", "localhost", "LOCALHOST:5000", "[::1]:5000",
                            "[::1]", "192.168.1.5:5000"})
        EXPECT_TRUE(is_own_host(own, "192.168.1.5")) << own;
    for (const char* foreign : {"", ":5000", "evil.example", "evil.example:5000", "localhost.evil.example",
                                "127.0.0.1.evil.example:5000", "10.0.0.9:5000", "[::2]:5000", "[", "[]"})
        EXPECT_FALSE(is_own_host(foreign, "192.168.1.5")) << foreign;
}

TEST(OwnHost, IsAnyAddressButNoNameWhereTheServerListensOnAll) {
    for (const char* everywhere : {"0.0.0.0", "::"}) {
        EXPECT_TRUE(is_own_host("192.168.1.5:5000", everywhere));
        EXPECT_TRUE(is_own_host("[fd00::7]:5000", everywhere));
        EXPECT_FALSE(is_own_host("evil.example:5000", everywhere));
    }
}

TEST(OwnHost, ARequestToAnyOtherIsRefused) {
    ServerRequest request;
    EXPECT_EQ(refuse_foreign_host(request, "127.0.0.1").error().status, 403u);
    request.headers["host"] = "evil.example:3000";
    EXPECT_EQ(refuse_foreign_host(request, "127.0.0.1").error().status, 403u);
    request.headers["host"] = "localhost:3000";
    EXPECT_TRUE(refuse_foreign_host(request, "127.0.0.1"));
}

TEST(ForeignPage, IsOneOfAnotherHostUnderEitherScheme) {
    ServerRequest request;
    request.headers["host"] = "node.example:5000";
    for (const char* own : {"http://node.example:5000", "https://node.example:5000", "https://NODE.example:5000"}) {
        request.headers["origin"] = own;
        EXPECT_TRUE(refuse_foreign_page(request)) << own;
    }
    for (const char* foreign : {"http://evil.example", "https://evil.example:5000", "null", "https://node.example",
                                "ftp://node.example:5000", "http://", "node.example:5000"}) {
        request.headers["origin"] = foreign;
        EXPECT_EQ(refuse_foreign_page(request).error().status, 403u) << foreign;
    }
    request.headers.erase("host");
    request.headers["origin"] = "null";
    EXPECT_EQ(refuse_foreign_page(request).error().status, 403u);
}

}  // namespace
}  // namespace emeth::http
