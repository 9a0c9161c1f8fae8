#include "http/redirect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::http {
namespace {

using ::testing::HasSubstr;

constexpr bool with_signature = true, without = false;

Result<std::optional<Url>> ask(std::string_view url, std::string location, bool carries_credentials,
                               unsigned status = 307) {
    return redirection(Url::parse(url).value(), status, {{"location", std::move(location)}}, carries_credentials);
}

std::string target(std::string_view url, std::string location, bool carries_credentials = without) {
    const auto next = ask(url, std::move(location), carries_credentials);
    if (next.has_error()) return next.error().message;
    return *next ? (*next)->text() : "none";
}

TEST(Redirection, IsOfFourStatusesAndNeedsALocation) {
    for (const unsigned status : {301u, 302u, 307u, 308u})
        EXPECT_TRUE(ask("http://a/x", "/y", without, status).value().has_value()) << status;
    for (const unsigned status : {200u, 201u, 300u, 303u, 304u, 404u, 500u})
        EXPECT_FALSE(ask("http://a/x", "/y", without, status).value().has_value()) << status;
    EXPECT_FALSE(redirection(Url::parse("http://a/x").value(), 302, {}, without).value().has_value());
}

TEST(Redirection, ResolvesTheLocation) {
    EXPECT_EQ(target("http://a/x/y?q=1", "/z?r=2"), "http://a:80/z?r=2");
    EXPECT_EQ(target("http://a:81/x/y?q=1", "z"), "http://a:81/x/z");
    EXPECT_EQ(target("http://a/x", "https://b:444/z#part"), "https://b:444/z");
    EXPECT_EQ(target("https://a/x", "//b/z"), "https://b:443/z");
}

TEST(Redirection, NeverLeavesTlsAndNeverGoesToOtherSchemes) {
    EXPECT_THAT(target("https://a/x", "http://a/x"), HasSubstr("from https to http"));
    for (const char* location :
         {"ftp://a/x", "file:///etc/passwd", "ws://a/x", "http://", "http://a b/", "http://u:p@a/"})
        EXPECT_THAT(target("http://a/x", location), HasSubstr("no http or https URL")) << location;
}

TEST(Redirection, DoesNotPassASignatureToAnotherHost) {
    EXPECT_EQ(target("http://a/x", "http://b/x", without), "http://b:80/x");
    EXPECT_THAT(target("http://a/x", "http://b/x", with_signature), HasSubstr("not passed to another host"));
    EXPECT_THAT(target("http://a:81/x", "http://a:82/x", with_signature), HasSubstr("not passed to another host"));
    EXPECT_THAT(target("http://a/x", "https://b/x", with_signature),
                HasSubstr("http://a:80 sends the request on to https://b:443"));
    EXPECT_EQ(target("http://a/x", "https://a/x", with_signature), "https://a:443/x");
    EXPECT_EQ(target("http://a:81/x", "/y", with_signature), "http://a:81/y");
    for (const char* other_port : {"https://a:8443/x", "https://a:22/x"})
        EXPECT_THAT(target("http://a/x", other_port, with_signature), HasSubstr("not passed to another host"));
    EXPECT_THAT(target("http://a:81/x", "https://a/x", with_signature), HasSubstr("not passed to another host"));
}

}  // namespace
}  // namespace emeth::http
