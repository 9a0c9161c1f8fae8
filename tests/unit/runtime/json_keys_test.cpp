#include "runtime/json_keys.hpp"

#include <gtest/gtest.h>

namespace emeth {
namespace {

std::string error_of(std::string_view json) {
    const Result<void> unique = require_unique_keys(json, "manifest.json");
    return unique ? "" : unique.error().message;
}

TEST(JsonKeys, EachObjectHasItsOwn) {
    EXPECT_EQ(error_of(R"({"a":{"a":1,"b":[{"a":1},{"a":2}]},"b":"a","c":["c","c"]})"), "");
    EXPECT_EQ(error_of(R"([1,"x",null,true,-2.5])"), "");
}

TEST(JsonKeys, OneThatIsGivenTwiceIsNamed) {
    EXPECT_EQ(error_of(R"({"a":1,"b":2,"a":1})"), "manifest.json: field 'a' is given twice");
    EXPECT_EQ(error_of(R"({"x":[{"y":{"steps":1,"steps":2}}]})"), "manifest.json: field 'steps' is given twice");
    EXPECT_EQ(error_of(R"({"job":1,"\u006aob":2})"), "manifest.json: field 'job' is given twice") << "however written";
}

TEST(JsonKeys, WhatIsNoJsonIsAnError) {
    EXPECT_NE(error_of(R"({"a":)"), "");
    EXPECT_NE(error_of(std::string(100, '[')), "");
}

}  // namespace
}  // namespace emeth
