#include "runtime/progress_bar.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "runtime/durable_file.hpp"
#include "runtime/file_descriptor.hpp"
#include "support/temporary_folder.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth {
namespace {

using namespace std::chrono_literals;
using test::SteppedClock;

TEST(RenderProgress, ShowsShareAmountsAndTheTimeLeft) {
    EXPECT_EQ(render_progress("downloading", 4'200'000, 10'000'000, ProgressUnit::bytes, 8'400ms, true),
              "downloading  [########............]  42 %  4.2 of 10.0 MB, 12 s left");
    EXPECT_EQ(render_progress("steps", 3, 4, ProgressUnit::count, 3h, false), "steps  75 %  3 of 4, 60 min left");
}

TEST(RenderProgress, SurvivesTheEdges) {
    EXPECT_EQ(render_progress("x", 0, 10, ProgressUnit::count, 5s, false), "x  0 %  0 of 10");
    EXPECT_EQ(render_progress("x", 10, 10, ProgressUnit::count, 5s, false), "x  100 %  10 of 10");
    EXPECT_EQ(render_progress("x", 20, 10, ProgressUnit::count, 5s, true),
              "x  [####################]  100 %  20 of 10");
    EXPECT_EQ(render_progress("x", 1500, 0, ProgressUnit::bytes, 5s, true), "x  1.5 kB");
}

TEST(ProgressBar, PlainLinesEveryTwoSecondsAndNoneForWhatIsFast) {
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "output";
    const FileDescriptor output(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    SteppedClock clock;
    {
        ProgressBar bar("work", 8, ProgressUnit::count, clock, output.get());
        for (std::uint64_t done = 1; done <= 8; ++done) {
            clock.advance(900ms);
            bar.update(done);
        }
    }
    EXPECT_EQ(read_file(file, 1000).value(), "work  38 %  3 of 8, 5 s left\nwork  75 %  6 of 8, 2 s left\n");
}

TEST(ProgressBar, RedrawsInPlaceOnATerminal) {
    const FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(master.is_open());
    ASSERT_EQ(::grantpt(master.get()), 0);
    ASSERT_EQ(::unlockpt(master.get()), 0);
    const FileDescriptor terminal(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    SteppedClock clock;
    {
        ProgressBar bar("work", 4, ProgressUnit::count, clock, terminal.get());
        for (std::uint64_t done = 1; done <= 3; ++done) {
            clock.advance(1s);
            bar.update(done);
            bar.update(done);  // within 100 ms: not drawn again
        }
    }
    // The kernel may hand over what was written in several pieces.
    std::string text;
    std::array<char, 1000> piece{};
    while (!text.ends_with('\n')) {
        const ssize_t count = ::read(master.get(), piece.data(), piece.size());
        ASSERT_GT(count, 0) << text;
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    EXPECT_EQ(text,
              "\rwork  [##########..........]  50 %  2 of 4, 2 s left\x1b[K"
              "\rwork  [###############.....]  75 %  3 of 4, 1 s left\x1b[K\r\n");
}

}  // namespace
}  // namespace emeth
