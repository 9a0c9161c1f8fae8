#include "http/preconditions.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

const Validators strong{"\"a,b\"", "Sun, 06 Nov 1994 08:49:37 GMT"};
const Validators weak{"W/\"a,b\"", ""};
const Validators none{};

Precondition with(const char* name, const char* value, const Validators& validators = strong) {
    return evaluate({{name, value}}, validators);
}

TEST(Preconditions, WhatTheClientKnowsIsNotSentAgain) {
    for (const char* known : {"\"a,b\"", "W/\"a,b\"", "\"x\", \"a,b\"", "\"x\",W/\"a,b\" ,\"y\"", "*"}) {
        EXPECT_EQ(with("if-none-match", known), Precondition::not_modified) << known;
        EXPECT_EQ(with("if-none-match", known, weak), Precondition::not_modified) << known;
    }
    for (const char* known : {"\"a\"", "a,b", "\"a", "", ",", "\"b\", \"c\"", "W/"})
        EXPECT_EQ(with("if-none-match", known), Precondition::holds) << known;
    EXPECT_EQ(with("if-none-match", "\"a,b\"", none), Precondition::holds);
}

TEST(Preconditions, WhatWasNotModifiedIsNotSentAgain) {
    EXPECT_EQ(with("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), Precondition::not_modified);
    EXPECT_EQ(with("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT"), Precondition::holds);
    EXPECT_EQ(with("if-modified-since", "yesterday"), Precondition::holds);
    EXPECT_EQ(with("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", none), Precondition::holds);
    EXPECT_EQ(evaluate({{"if-none-match", "\"x\""}, {"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, strong),
              Precondition::holds)
        << "the ETag decides where there are both";
}

TEST(Preconditions, FailWhenItIsNotWhatTheClientWants) {
    EXPECT_EQ(with("if-match", "\"x\", \"a,b\""), Precondition::holds);
    EXPECT_EQ(with("if-match", "*"), Precondition::holds);
    EXPECT_EQ(with("if-match", "\"x\""), Precondition::failed);
    EXPECT_EQ(with("if-match", "W/\"a,b\"", weak), Precondition::failed) << "a weak ETag says too little";
    EXPECT_EQ(with("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT"), Precondition::failed);
    EXPECT_EQ(with("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), Precondition::holds);
}

TEST(Preconditions, ARangeAppliesToTheVeryStateThatIsNamed) {
    EXPECT_TRUE(range_applies({}, strong));
    EXPECT_TRUE(range_applies({{"if-range", "\"a,b\""}}, strong));
    EXPECT_TRUE(range_applies({{"if-range", "Sun, 06 Nov 1994 08:49:37 GMT"}}, strong));
    for (const char* condition : {"\"x\"", "W/\"a,b\"", "Sun, 06 Nov 1994 08:49:38 GMT", "a,b", ""})
        EXPECT_FALSE(range_applies({{"if-range", condition}}, strong)) << condition;
    EXPECT_FALSE(range_applies({{"if-range", "W/\"a,b\""}}, weak));
    EXPECT_FALSE(range_applies({{"if-range", ""}}, none));
}

TEST(Preconditions, AnEtagBecomesWeakOnce) {
    EXPECT_EQ(weak_etag("\"a\""), "W/\"a\"");
    EXPECT_EQ(weak_etag("W/\"a\""), "W/\"a\"");
    EXPECT_TRUE(is_strong_etag("\"a\""));
    EXPECT_FALSE(is_strong_etag("W/\"a\""));
    EXPECT_FALSE(is_strong_etag("\""));
}

}  // namespace
}  // namespace emeth::http
