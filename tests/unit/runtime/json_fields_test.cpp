#include "runtime/json_fields.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <boost/json/parse.hpp>
#include <cmath>
#include <random>

namespace emeth {
namespace {

using testing::HasSubstr;

boost::json::value json(std::string_view text) {
    return parse_json(text, 1 << 16, "test").value();
}

/// The message that reading `text` with `read` ends with.
template <class Read>
std::string error_of(std::string_view text, Read read) {
    const boost::json::value value = json(text);
    JsonObject object(value, "info server's job list");
    read(object);
    const Result<void> check = object.check();
    if (check) return "no error";
    EXPECT_EQ(check.error().kind, ErrorKind::permanent);
    return check.error().message;
}

/// Boost's own parser reads one in nine of these as the double beside it: a loss was another after a dump was loaded.
TEST(ParseJson, ReadsEachDoubleAsItWasWritten) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        const std::string text = fmt::format("{}", value);
        const boost::json::value read = json(text);
        EXPECT_TRUE(!read.is_double() ||
                    std::bit_cast<std::uint64_t>(read.get_double()) == std::bit_cast<std::uint64_t>(value))
            << text;
        const double loss = static_cast<double>(random() >> 11) * 0x1p-50;
        EXPECT_EQ(json(fmt::format(R"({{"losses":[{}, 1]}})", loss)).at_pointer("/losses/0").to_number<double>(), loss);
    }
    EXPECT_EQ(json("1e-400").get_double(), 0);
}

TEST(ParseJson, RefusesNumbersThatNoDoubleHolds) {
    for (const char* text : {"1e400", "-1e400", "[1e99999]", R"({"loss":1e309})"})
        EXPECT_THAT(parse_json(text, 100, "test").error().message, HasSubstr("exponent overflow")) << text;
}

TEST(ParseJson, ReadsAllElseAsBoostDoes) {
    for (const char* text :
         {"{}", "[]", "null", " true ", "-0", "18446744073709551615", "-9223372036854775808", "1.5", "\"\"",
          R"("\u00e9\ud83d\ude00\\\n")", R"({"a":{"b":[1,-2,3.25,"x",null,{}]},"":false,"c":""})", R"({"a":1,"a":2})"})
        EXPECT_EQ(json(text), boost::json::parse(text)) << text;
    for (const char* text :
         {"", "{", "[1,]", "1 2", "01", "nul", "\"\\ud83d\"", "{\"a\":}", "1e", "[1]]", "\"\x01\""}) {
        boost::system::error_code error;
        boost::json::parse(text, error);
        EXPECT_THAT(parse_json(text, 100, "test").error().message, HasSubstr(error.message())) << text;
    }
}

TEST(ParseJson, BoundsSizeDepthAndForm) {
    EXPECT_EQ(parse_json("[1]", 2, "storage answer").error().message, "storage answer has 3 bytes; at most 2 are read");
    EXPECT_THAT(parse_json("{\"a\":", 100, "storage answer").error().message,
                HasSubstr("storage answer is not valid JSON: "));
    EXPECT_TRUE(parse_json("{} x", 100, "x").has_error());
    EXPECT_TRUE(parse_json("\"\xff\"", 100, "x").has_error());
    EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']'), 100, "x").has_value());
    EXPECT_TRUE(parse_json(std::string(33, '[') + std::string(33, ']'), 100, "x").has_error());
}

/// One param on chain with the byte 0xFF once made the whole list of JOBs unreadable for every node.
TEST(ParseJsonLeniently, LosesNoMoreThanAString) {
    const auto first = [](std::string_view text) {
        const Result<boost::json::value> json = parse_json_leniently(text, 1 << 10, "list");
        return json.has_error() ? json.error().message : std::string(json->at(0).at("param").as_string());
    };
    EXPECT_EQ(first("[{\"param\":\"a\xff\"}]"), "a\xef\xbf\xbd") << "not UTF-8";
    EXPECT_EQ(first("[{\"param\":\"caf\xe9\"}]"), "caf\xef\xbf\xbd") << "Latin-1";
    EXPECT_EQ(first("\xef\xbb\xbf[{\"param\":\"a\"}]"), "a") << "byte order mark";
    EXPECT_EQ(first(R"([{"param":"\ud83dx"}])"), "\xef\xbf\xbdx") << "high surrogate alone";
    EXPECT_EQ(first(R"([{"param":"\ude00"}])"), "\xef\xbf\xbd") << "low surrogate alone";
    EXPECT_EQ(first("[{\"param\":\"\\ud83d\\ude00\xff\"}]"), "\xf0\x9f\x98\x80\xef\xbf\xbd") << "a pair stays";
    EXPECT_EQ(first("[{\"param\":\"\\\\ud83d\xff\"}]"), "\\ud83d\xef\xbf\xbd") << "an escaped backslash is no escape";
    EXPECT_EQ(first("[{\"param\":\"a\nb\x1b\"}]"), "a b ") << "control characters";
    EXPECT_THAT(first("[{\"param\":\"\xff\\"), HasSubstr("list is not valid JSON")) << "what is cut is still refused";
    EXPECT_TRUE(parse_json_leniently("[\"\xff\"]", 4, "list").has_error()) << "the bound is that of the text";
    EXPECT_TRUE(parse_json_leniently("[\"\xff\"]", 5, "list").has_value());
}

TEST(JsonText, IsJsonWhateverTheStringsHold) {
    const auto text = [](std::string_view content) { return json_text(boost::json::value(content)); };
    EXPECT_EQ(text("日本語"), "\"日本語\"");
    EXPECT_EQ(text("a\xff"), R"("a\ufffd")");
    EXPECT_EQ(text("\x1b\x7f"), R"("\u001b\u007f")");
    EXPECT_EQ(text("\xc2\x9b"), R"("\u009b")");
    EXPECT_EQ(parse_json(text("a\xff\xc2\x9b"), 100, "test").value(), boost::json::value("a\xef\xbf\xbd\xc2\x9b"));
    const boost::json::object keyed{{"\xff", 1}};
    EXPECT_EQ(json_text(keyed), R"({"\ufffd":1})");
}

TEST(JsonArray, BoundsItsCount) {
    const boost::json::value value = json("[1, 2, 3]");
    EXPECT_EQ(json_array(value, 3, "list").value().size(), 3u);
    EXPECT_EQ(json_array(value, 2, "list").error().message, "list has 3 elements; at most 2 are read");
    EXPECT_EQ(json_array(json("{}"), 2, "list").error().message, "list is an object of 0 fields; expected an array");
}

TEST(JsonObject, ReadsEveryType) {
    const boost::json::value value = json(R"({
        "text": "words", "count": 7, "offset": -7, "rate": 1.5, "whole_rate": 2, "flag": true, "fee": "10000000000000000000",
        "id": "0x000102030405060708090a0b0c0d0e0f", "inner": {"x": 1}, "list": [1, 2], "parts": [{"n": 1}, {"n": 2}],
        "large": 18446744073709551615, "nothing": null})");
    JsonObject object(value, "test");
    EXPECT_EQ(object.string("text", 5), "words");
    EXPECT_EQ(object.u64("count"), 7u);
    EXPECT_EQ(object.u64("large"), 18446744073709551615u);
    EXPECT_EQ(object.i64("offset"), -7);
    EXPECT_EQ(object.number("rate"), 1.5);
    EXPECT_EQ(object.number("whole_rate"), 2.0);
    EXPECT_TRUE(object.boolean("flag"));
    EXPECT_EQ(object.decimal("fee"), "10000000000000000000");
    EXPECT_EQ(object.fixed<JobId>("id").hex(), "0x000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(object.object("inner").u64("x"), 1u);
    EXPECT_EQ(object.array("list", 2).size(), 2u);
    EXPECT_EQ(object.objects("parts", 2).at(1).u64("n"), 2u);
    EXPECT_EQ(object.optional_string("text", 5), "words");
    EXPECT_EQ(object.optional_string("absent", 5), std::nullopt);
    EXPECT_EQ(object.optional_u64("nothing"), std::nullopt);
    EXPECT_EQ(object.optional_fixed<Address>("nothing"), std::nullopt);
    EXPECT_FALSE(object.has("nothing"));
    EXPECT_TRUE(object.check().has_value());
}

TEST(JsonObject, ErrorNamesPlaceFieldValueAndExpectation) {
    EXPECT_EQ(error_of(R"({"fee": 12.5})", [](JsonObject& o) { o.decimal("fee"); }),
              "info server's job list: field 'fee' is 1.25E1; expected a decimal string");
    EXPECT_EQ(error_of(R"({})", [](JsonObject& o) { o.boolean("flag"); }),
              "info server's job list: field 'flag' is missing; expected true or false");
    EXPECT_EQ(error_of(R"({"n": null})", [](JsonObject& o) { o.u64("n"); }),
              "info server's job list: field 'n' is null; expected a whole number, not negative");
    EXPECT_EQ(error_of(R"({"n": 11})", [](JsonObject& o) { o.u64("n", 1, 10); }),
              "info server's job list: field 'n' is 11; expected a whole number from 1 to 10");
    EXPECT_EQ(error_of(R"({"id": "0x12"})", [](JsonObject& o) { o.fixed<Address>("id"); }),
              "info server's job list: field 'id' is \"0x12\"; expected 0x and 40 hex digits");
    EXPECT_EQ(error_of(R"({"o": []})", [](JsonObject& o) { o.object("o"); }),
              "info server's job list: field 'o' is an array of 0; expected an object");
    EXPECT_EQ(error_of("[]", [](JsonObject& o) { o.string("x", 1); }),
              "info server's job list is an array of 0; expected an object");
}

TEST(JsonObject, RefusesWhatIsOutOfBounds) {
    const auto refused = [](std::string_view text, auto read) { return error_of(text, read) != "no error"; };
    EXPECT_TRUE(refused(R"({"x": "123456"})", [](JsonObject& o) { o.string("x", 5); }));
    EXPECT_TRUE(refused(R"({"x": -1})", [](JsonObject& o) { o.u64("x"); }));
    EXPECT_TRUE(refused(R"({"x": 1.0})", [](JsonObject& o) { o.u64("x"); }));
    EXPECT_TRUE(refused(R"({"x": "1"})", [](JsonObject& o) { o.u64("x"); }));
    EXPECT_TRUE(refused(R"({"x": 9223372036854775808})", [](JsonObject& o) { o.i64("x"); }));
    EXPECT_TRUE(refused(R"({"x": 5})", [](JsonObject& o) { o.i64("x", -5, 4); }));
    EXPECT_TRUE(refused(R"({"x": "1"})", [](JsonObject& o) { o.number("x"); }));
    EXPECT_TRUE(refused(R"({"x": ""})", [](JsonObject& o) { o.decimal("x"); }));
    EXPECT_TRUE(refused(R"({"x": "-1"})", [](JsonObject& o) { o.decimal("x"); }));
    EXPECT_TRUE(refused(R"({"x": [1, 2]})", [](JsonObject& o) { o.array("x", 1); }));
    EXPECT_TRUE(refused(R"({"x": [1]})", [](JsonObject& o) { o.objects("x", 1); }));
    EXPECT_TRUE(refused(R"({"x": "000102030405060708090a0b0c0d0e0f"})", [](JsonObject& o) { o.fixed<JobId>("x"); }));
    EXPECT_TRUE(refused("{\"x\": \"" + std::string(79, '9') + "\"}", [](JsonObject& o) { o.decimal("x"); }));
    EXPECT_TRUE(refused(R"({"x": "y"})", [](JsonObject& o) { o.optional_u64("x"); }));
}

TEST(JsonObject, NumberMustBeFinite) {
    const boost::json::value value(boost::json::object{{"x", std::numeric_limits<double>::infinity()}});
    JsonObject object(value, "test");
    object.number("x");
    EXPECT_TRUE(object.check().has_error());
}

TEST(JsonObject, NestedReadersShareTheFirstErrorAndNameFieldsInFull) {
    EXPECT_EQ(error_of(R"({"a": {"b": {}}, "c": 1})",
                       [](JsonObject& o) {
                           JsonObject b = o.object("a").object("b");
                           b.u64("step");
                           o.string("c", 1);
                       }),
              "info server's job list: field 'a.b.step' is missing; expected a whole number, not negative");
    EXPECT_EQ(error_of(R"({"parts": [{"n": 1}, {"n": false}]})",
                       [](JsonObject& o) {
                           for (JsonObject& part : o.objects("parts", 2)) part.u64("n", 1);
                       }),
              "info server's job list: field 'parts[1].n' is false; expected a whole number from 1");
}

TEST(JsonObject, LongValuesAreNotRepeated) {
    EXPECT_EQ(error_of("{\"x\": \"" + std::string(1000, 'a') + "\"}", [](JsonObject& o) { o.u64("x"); }),
              "info server's job list: field 'x' is a string of 1000 bytes; expected a whole number, not negative");
}

TEST(JsonObject, CallersMayRejectByTheirOwnRules) {
    EXPECT_EQ(error_of(R"({"language": "fr"})", [](JsonObject& o) { o.reject("language", "en or ja"); }),
              "info server's job list: field 'language' is \"fr\"; expected en or ja");
}

}  // namespace
}  // namespace emeth
