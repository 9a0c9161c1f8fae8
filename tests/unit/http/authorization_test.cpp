#include "http/authorization.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

TEST(Authorization, OfAFile) {
    EXPECT_EQ(read_authorization("basic Aladdin:open sesame").value(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        << "the example of RFC 7617";
    EXPECT_EQ(read_authorization("Basic a:b:c").value(), "Basic YTpiOmM=") << "a password may have a colon";
    EXPECT_EQ(read_authorization("bearer mF_9.B5f-4.1JqM").value(), "Bearer mF_9.B5f-4.1JqM")
        << "the example of RFC 6750";
    EXPECT_EQ(read_authorization("BEARER \t abc=").value(), "Bearer abc=");
}

TEST(Authorization, IsNeverRepeatedWhereItIsRefused) {
    for (const std::string text : {"", "sesame", "sesame:sesame", "basic sesame", "bearer", "bearer ses ame",
                                   "bearer sesame\r\nHost: evil", "basic a:sesame\nx: y", "digest sesame:sesame"}) {
        const auto refused = read_authorization(text);
        ASSERT_TRUE(refused.has_error()) << text;
        EXPECT_EQ(refused.error().message.find("ses"), std::string::npos) << refused.error().message;
    }
}

TEST(Authorization, OfAUrl) {
    const auto login = parse_url_with_login("https://Aladdin:open%20sesame@host:1/x?y").value();
    EXPECT_EQ(login.authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_EQ(login.url.text(), "https://host:1/x?y") << "the URL itself never has it";
    EXPECT_EQ(parse_url_with_login("http://a@host").value().authorization, "Basic YTo=");
    EXPECT_EQ(parse_url_with_login("http://host/a@b").value().authorization, "");
    EXPECT_EQ(parse_url_with_login("http://host/a@b").value().url.text(), "http://host:80/a@b");
    EXPECT_EQ(parse_url_with_login("http://a:b@[::1]:7/").value().url.text(), "http://[::1]:7/");
}

TEST(Authorization, OfAUrlIsNeverRepeatedWhereItIsRefused) {
    for (const std::string text :
         {"https://alice:sesame@", "https://alice:sesame@host:x/", "ftp://alice:sesame@host/",
          "https://alice:sesame@host/#x", "alice:sesame@host", "https://alice:ses%0aame@host",
          "https://alice%3asesame:x@host", "https://alice:se/sesame@host", "https://alice:ses ame@h"}) {
        const auto refused = parse_url_with_login(text);
        ASSERT_TRUE(refused.has_error()) << text;
        EXPECT_EQ(refused.error().message.find("alice"), std::string::npos) << refused.error().message;
        EXPECT_EQ(refused.error().message.find("ame@"), std::string::npos) << refused.error().message;
    }
    EXPECT_EQ(Url::parse("https://alice:sesame@host").error().message,
              "'https://…@host' is no usable URL: user names and passwords are not accepted in a URL");
}

}  // namespace
}  // namespace emeth::http
