// Who may look and who may act, request by request.
#include "node/dashboard/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::node {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string token(64, 'a');

DashboardAccess access(const std::string& listen_host = "127.0.0.1") {
    return {[](const std::string& peer_ip) { return peer_ip == "10.1.2.3"; }, listen_host, token};
}

/// As the page itself sends it.
http::ServerRequest own_request() {
    http::ServerRequest request;
    request.peer_address = "127.0.0.1";
    request.headers["host"] = "127.0.0.1:5000";
    return request;
}

http::ServerRequest own_action() {
    http::ServerRequest request = own_request();
    request.headers["origin"] = "http://127.0.0.1:5000";
    request.headers["authorization"] = "Bearer " + token;
    request.headers["content-type"] = "application/json";
    return request;
}

/// 0: admitted.
unsigned status(const http::OrRefusal<void>& admitted) {
    return admitted.has_error() ? admitted.error().status : 0;
}

TEST(DashboardAccess, LoopbackAndWhoIsListedMayLook) {
    http::ServerRequest request = own_request();
    EXPECT_EQ(status(may_read(request, access())), 0u);
    request.peer_address = "10.1.2.3";
    EXPECT_EQ(status(may_read(request, access())), 0u);
    request.peer_address = "192.168.1.9";
    EXPECT_EQ(status(may_read(request, access())), 403u);
}

TEST(DashboardAccess, WhoComesThroughAProxyThatIsNotNamedMayNotLook) {
    http::ServerRequest request = own_request();
    request.through_unnamed_proxy = true;
    for (const char* ip : {"127.0.0.1", "10.1.2.3"}) {
        request.peer_address = ip;
        const auto refused = may_read(request, access());
        EXPECT_EQ(status(refused), 403u) << ip;
        EXPECT_THAT(refused.error().message, HasSubstr("trusted_proxies"));
    }
}

TEST(DashboardAccess, TheTokenLooksFromAnywhere) {
    http::ServerRequest request = own_request();
    request.peer_address = "192.168.1.9";
    request.headers["host"] = "master.example.org:5001";
    request.headers["authorization"] = "Bearer " + token;
    EXPECT_EQ(status(may_read(request, access())), 0u);
    request.headers["authorization"] = "Bearer " + std::string(64, 'b');
    EXPECT_EQ(status(may_read(request, access())), 403u);
    DashboardAccess none = access();
    none.token.clear();
    request.headers["authorization"] = "Bearer ";
    EXPECT_EQ(status(may_read(request, none)), 403u);
}

TEST(DashboardAccess, ANameThatWasMadeToPointHereIsRefused) {
    http::ServerRequest request = own_request();
    request.headers["host"] = "evil.example:5000";
    EXPECT_EQ(status(may_read(request, access())), 403u);
    request.headers.erase("host");
    EXPECT_EQ(status(may_read(request, access())), 403u);
}

TEST(DashboardAccess, APageOfStrangersMayNotEvenLook) {
    http::ServerRequest request = own_request();
    for (const char* own : {"http://127.0.0.1:5000", "https://127.0.0.1:5000"}) {
        request.headers["origin"] = own;
        EXPECT_EQ(status(may_read(request, access())), 0u) << own;
    }
    for (const char* foreign : {"null", "http://evil.example", "https://127.0.0.1:5001", "http://127.0.0.1:5001",
                                "http://127.0.0.1", "http://127.0.0.1:5000.evil.example"}) {
        request.headers["origin"] = foreign;
        EXPECT_EQ(status(may_read(request, access())), 403u) << foreign;
    }
}

TEST(DashboardAccess, WhatABrowserFetchesForAnotherSiteIsRefusedButALinkMayBeFollowed) {
    http::ServerRequest request = own_request();
    request.method = "GET";
    for (const char* foreign : {"cross-site", "same-site"}) {
        request.headers["sec-fetch-site"] = foreign;
        request.headers["sec-fetch-mode"] = "no-cors";
        EXPECT_EQ(status(may_read(request, access())), 403u) << foreign;
        request.headers["sec-fetch-mode"] = "navigate";
        request.headers["sec-fetch-dest"] = "iframe";
        EXPECT_EQ(status(may_read(request, access())), 403u) << foreign;
        request.headers["sec-fetch-dest"] = "document";
        EXPECT_EQ(status(may_read(request, access())), 0u) << foreign;
    }
    request.headers["sec-fetch-site"] = "same-origin";
    request.headers["sec-fetch-mode"] = "cors";
    EXPECT_EQ(status(may_read(request, access())), 0u);
}

TEST(DashboardAccess, AnActionNeedsTheTokenAndJson) {
    EXPECT_EQ(status(may_act(own_action(), access())), 0u);
    http::ServerRequest request = own_action();
    request.headers.erase("authorization");
    EXPECT_EQ(status(may_act(request, access())), 401u);
    for (const std::string& wrong :
         std::vector<std::string>{"Bearer " + std::string(64, 'b'), "Bearer " + token + "a", "Bearer ",
                                  "Bearer " + token.substr(1), "Basic " + token, token, ""}) {
        request.headers["authorization"] = wrong;
        EXPECT_EQ(status(may_act(request, access())), 401u) << wrong;
    }
    request = own_action();
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""}) {
        request.headers["content-type"] = type;
        EXPECT_EQ(status(may_act(request, access())), 415u) << type;
    }
    request.headers["content-type"] = "Application/JSON; charset=utf-8";
    EXPECT_EQ(status(may_act(request, access())), 0u);
}

TEST(DashboardAccess, TheTokenDoesNotHelpAPageOfStrangers) {
    http::ServerRequest request = own_action();
    request.headers["origin"] = "http://evil.example";
    EXPECT_EQ(status(may_act(request, access())), 403u);
    request = own_action();
    request.headers["host"] = "evil.example:5000";
    EXPECT_EQ(status(may_act(request, access())), 403u);
}

TEST(DashboardAccess, WithoutATokenNobodyMayAct) {
    DashboardAccess none = access();
    none.token.clear();
    http::ServerRequest request = own_action();
    request.headers["authorization"] = "Bearer ";
    const auto admitted = may_act(request, none);
    ASSERT_EQ(status(admitted), 401u);
    EXPECT_THAT(admitted.error().message, HasSubstr("log"));
}

TEST(DashboardAccess, ARefusalNeverRepeatsTheToken) {
    http::ServerRequest request = own_action();
    request.headers["authorization"] = "Bearer " + std::string(64, 'b');
    EXPECT_THAT(may_act(request, access()).error().message, Not(HasSubstr("bbbb")));
    request.headers["host"] = std::string(64, 'c');
    EXPECT_THAT(may_act(request, access()).error().message, Not(HasSubstr(std::string(64, 'c'))));
}

}  // namespace
}  // namespace emeth::node
