#include "http/event_stream.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

TEST(EventText, NamesTheEventAndEndsWithAnEmptyLine) {
    EXPECT_EQ(event_text("snapshot", R"({"at":1})"), "event: snapshot\ndata: {\"at\":1}\n\n");
    EXPECT_EQ(event_text("nothing", ""), "event: nothing\ndata: \n\n");
}

TEST(EventText, NoLineOfTheDataBecomesAFieldOfItsOwn) {
    EXPECT_EQ(event_text("a", "one\nevent: b\r\n\rid: 7"),
              "event: a\ndata: one\ndata: event: b\ndata: \ndata: id: 7\n\n");
    EXPECT_EQ(event_text("a", "one\n"), "event: a\ndata: one\ndata: \n\n");
}

}  // namespace
}  // namespace emeth::http
