#include "runtime/power_meter.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/temporary_folder.hpp"
#include "unit/runtime/run_task.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;

class PowerMeterTest : public testing::Test {
protected:
    PowerMeterTest() {
        fs::create_directories(zone);
        test::write_text(zone / "name", "package-0\n");
        test::write_text(zone / "max_energy_range_uj", "262143328850\n");
        draw(0);
    }

    void draw(std::uint64_t joules) {
        joules_ += joules;
        test::write_text(zone / "energy_uj", std::to_string(joules_ * 1'000'000) + "\n");
    }
    /// A program that answers like nvidia-smi.
    void write_gpu(const std::string& answer) {
        const fs::path program = folder / "nvidia-smi";
        test::write_text(program, "#!/bin/sh\necho \"$@\" >>'" + (folder / "asked").string() + "'\n" + answer + "\n");
        fs::permissions(program, fs::perms::owner_all);
        sources.gpu = 1;
        sources.gpu_program = program;
        sources.gpu_answer = folder / "answer";
    }
    Task<Result<int>> work_for(Milliseconds duration) {
        co_await clock.sleep(duration);
        co_return 7;
    }
    /// A second of it draws `joules`.
    std::optional<std::uint64_t> measure(std::size_t seconds, std::uint64_t joules) {
        PowerMeter meter(sources, pool, clock);
        const auto duration = Milliseconds(seconds * 1'000 + 500);
        test::Started<Result<int>> working(io, meter.during(work_for(duration)));
        clock.waits = 0;
        for (std::size_t second = 1; second <= seconds; ++second) {
            run_until_it_waits(second);
            draw(joules);
            clock.advance(Milliseconds(1'000));
        }
        run_until_it_waits(seconds + 1);
        clock.advance(Milliseconds(500));
        test::settle(io);
        EXPECT_TRUE(working.ended());
        EXPECT_EQ(working.result().value(), 7);
        return meter.watts();
    }
    /// For its next sample: nvidia-smi has ended.
    void run_until_it_waits(std::size_t times) {
        io.restart();
        while (clock.waits < times) io.run_one();
    }

    /// Counts the waits between samples, of a second each at first.
    struct CountingClock final : test::SteppedClock {
        Task<> sleep(Milliseconds duration) override {
            if (duration == Milliseconds(1'000)) ++waits;
            return SteppedClock::sleep(duration);
        }
        std::size_t waits = 0;
    };

    asio::io_context io;
    test::TemporaryFolder folder;
    fs::path zone = folder / "powercap/intel-rapl:0";
    PowerSources sources{folder / "powercap"};
    BlockingPool pool{0};
    CountingClock clock;

private:
    std::uint64_t joules_ = 10;
};

TEST_F(PowerMeterTest, MeasuresTheMeanWhileTheWorkIsDone) {
    EXPECT_EQ(measure(5, 120), 120U);
}

TEST_F(PowerMeterTest, SaysNothingAfterTooShortAWork) {
    EXPECT_EQ(measure(2, 120), std::nullopt);
}

TEST_F(PowerMeterTest, SaysNothingWhereTheMachineDoesNotTell) {
    sources.counters = folder / "absent";
    EXPECT_EQ(measure(5, 120), std::nullopt);
}

TEST_F(PowerMeterTest, DoesNotBelieveAPowerThatNoMachineHas) {
    EXPECT_EQ(measure(5, 262'000), std::nullopt) << "a counter that was reset";
    EXPECT_EQ(measure(5, 0), std::nullopt) << "one that does not count";
}

TEST_F(PowerMeterTest, AddsWhatTheGpuDraws) {
    write_gpu("echo 230.4");
    EXPECT_EQ(measure(4, 100), 330U);
    EXPECT_TRUE(test::read_text(folder / "asked").starts_with("--id=1 --query-gpu=power.draw "));
}

TEST_F(PowerMeterTest, TheGpuAloneWillDo) {
    write_gpu("echo 230.4");
    sources.counters = folder / "absent";
    EXPECT_EQ(measure(4, 100), 230U);
}

TEST_F(PowerMeterTest, TheProcessorsAloneDoNotWhereAGpuTrains) {
    for (const std::string answer : {"echo '[N/A]'", "echo 230; exit 9", "echo 1e300", "echo nan", "echo -3", "true"}) {
        write_gpu(answer);
        sources.needs_gpu = true;
        EXPECT_EQ(measure(4, 100), std::nullopt) << answer;
        sources.needs_gpu = false;
        EXPECT_EQ(measure(4, 100), 100U) << answer;
    }
    sources.gpu_program = folder / "absent";
    EXPECT_EQ(measure(4, 100), 100U);
}

/// A sleep counts for nvidia-smi's time, too.
TEST_F(PowerMeterTest, AGpuThatDoesNotAnswerIsNotWaitedForForEver) {
    write_gpu("exec sleep 1000");
    PowerMeter meter(sources, pool, clock);
    test::Started<Result<int>> working(io, meter.during(work_for(Milliseconds(20'000))));
    for (int second = 0; second < 20; ++second) {
        test::settle(io);
        draw(100);
        clock.advance(Milliseconds(1'000));
    }
    io.restart();
    while (!working.ended()) io.run_one();
    EXPECT_EQ(meter.watts(), 100U);
}

TEST_F(PowerMeterTest, IsCancelledWithItsWork) {
    PowerMeter meter(sources, pool, clock);
    test::Started<Result<int>> working(io, meter.during(work_for(Milliseconds(20'000))));
    test::settle(io);
    working.cancel();
    test::settle(io);
    EXPECT_TRUE(working.ended());
    EXPECT_THROW(working.result(), boost::system::system_error);
}

}  // namespace
}  // namespace emeth
