// The screen of emeth top at any size: what matters is on it, and no line is wider than the terminal.
#include "cli/top_screen.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "runtime/utf8.hpp"

namespace emeth::test {
namespace {

using cli::ScreenLine;
using cli::Style;
using cli::TopView;
using ::testing::HasSubstr;

std::size_t columns(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) at += utf8_character(std::string_view(text).substr(at));
    return count;
}

TopView busy(std::size_t jobs) {
    TopView view;
    boost::json::array list;
    for (std::size_t i = 0; i < jobs; ++i)
        list.push_back(boost::json::object{{"id", "0x" + std::string(32, static_cast<char>('a' + i % 6))},
                                           {"state", "training"},
                                           {"why", std::string(300, 'w')},
                                           {"next", "trains until about 14:20:10 UTC, then uploads the result"},
                                           {"chance", 0.973},
                                           {"secondsLeft", 3'600},
                                           {"finishEstimate", 600},
                                           {"atRisk", "10000000000000000000"},
                                           {"deposit", "40000000000000000000"}});
    view.status = boost::json::parse(R"({"address":"0x1111111111111111111111111111111111111111","master":true,
        "locked":"40000000000000000000","atRisk":"10000000000000000000","workers":[{"address":"0x2222222222",
        "connected":true}],"network":{"servers":[{"name":"chain","up":true,"latencyMs":3}],"warnings":[]},
        "days":[{"day":"2026-11-29","earned":"0","penalties":"0"}]})")
                      .as_object();
    view.status["jobs"] = std::move(list);
    for (int i = 0; i < 100; ++i) view.log.push_back("info line " + std::to_string(i));
    return view;
}

std::string joined(const std::vector<ScreenLine>& lines) {
    std::string text;
    for (const ScreenLine& line : lines) text += line.text + "\n";
    return text;
}

TEST(TopScreen, FillsTheTerminalAndIsNoWider) {
    for (const std::size_t jobs : {0U, 1U, 7U, 300U})
        for (const auto& [width, height] : {std::pair(80U, 24U), std::pair(40U, 10U), std::pair(200U, 60U)}) {
            const auto lines = top_screen(busy(jobs), width, height);
            EXPECT_EQ(lines.size(), height);
            for (const ScreenLine& line : lines) EXPECT_LE(columns(line.text), width) << line.text;
        }
}

TEST(TopScreen, ShowsMoneyJobsWorkersAndTheNewestOfTheLog) {
    const std::string text = joined(top_screen(busy(2), 80, 24));
    EXPECT_THAT(text, HasSubstr("40 EMT locked, 10 at risk"));
    EXPECT_THAT(text, HasSubstr("JOBs: 2 training"));
    EXPECT_THAT(text, HasSubstr("0xaaaaaaaa…  training"));
    EXPECT_THAT(text, HasSubstr(" 97% "));
    EXPECT_THAT(text, HasSubstr("workers: 1 connected"));
    EXPECT_THAT(text, HasSubstr("info line 99"));
}

TEST(TopScreen, ScrollsNoFurtherThanTheLastJob) {
    TopView view = busy(300);
    EXPECT_THAT(joined(top_screen(view, 80, 24)), HasSubstr(", 1 to "));
    view.first_job = 10'000;
    EXPECT_THAT(joined(top_screen(view, 80, 24)), HasSubstr(" to 300"));
}

TEST(TopScreen, AJobInDangerStandsOut) {
    TopView view = busy(1);
    view.status["jobs"].as_array()[0].as_object()["danger"] = "it cannot be finished before its deadline";
    bool stands_out = false;
    for (const ScreenLine& line : top_screen(view, 80, 24))
        stands_out =
            stands_out || (line.style == Style::danger && line.text.find("cannot be finished") != std::string::npos);
    EXPECT_TRUE(stands_out);
}

TEST(TopScreen, SaysWhatIsDoneNextWhereThereIsRoom) {
    TopView view = busy(1);
    view.status["jobs"].as_array()[0].as_object()["why"] = "it trains";
    EXPECT_THAT(joined(top_screen(view, 160, 24)), HasSubstr("it trains; next: trains until about 14:20:10 UTC"));
}

TEST(TopScreen, SaysWhenWhatItShowsIsOld) {
    TopView view = busy(1);
    view.trouble = "no master answers";
    EXPECT_THAT(joined(top_screen(view, 80, 24)), HasSubstr("not fresh: no master answers"));
    view.status = {};
    EXPECT_THAT(joined(top_screen(view, 80, 24)), HasSubstr("no master answers"));
}

TEST(TopScreen, TheLogAloneFillsTheScreen) {
    TopView view = busy(1);
    view.shows_log = true;
    const std::string text = joined(top_screen(view, 80, 24));
    EXPECT_THAT(text, HasSubstr("info line 80"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("workers:")));
}

}  // namespace
}  // namespace emeth::test
