// The process under test is a child: it dies, and what it left is read.
#include "runtime/crash_marker.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/race.hpp"
#include "runtime/task_group.hpp"
#include "runtime/wakeup.hpp"
#include "runtime/working_executor.hpp"
#include "support/temporary_folder.hpp"

namespace emeth {
namespace {

using crash::Marker;

/// Where nothing may be written; the compiler must not know.
volatile int* nowhere() {
    static volatile std::uintptr_t address = 64;
    return reinterpret_cast<volatile int*>(address);
}
void fault() {
    *nowhere() = 1;
}
void abort_here() {
    std::abort();
}
void throw_here() {
    throw std::runtime_error("not caught");
}

/// Calls itself until the stack is at its end.
int overflow(int depth) {
    volatile char frame[4096];  // NOLINT: it is to be large
    frame[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

class CrashMarker : public ::testing::Test {
protected:
    /// Runs `life` in a child with an armed marker; the signal that ended it.
    int end_of(const std::function<void()>& life) {
        const pid_t child = ::fork();
        if (child == 0) {
            const int quiet = ::open("/dev/null", O_WRONLY);  // of what the runtime says on an uncaught exception
            ::dup2(quiet, STDERR_FILENO);
            for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
                ::signal(number, SIG_DFL);  // a sanitizer has handlers of its own
            auto marker = Marker::open(file);
            marker->arm();
            life();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    std::optional<crash::Crash> left() { return Marker::open(file)->left_behind(); }
    void write(const std::string& text) { std::ofstream(file) << text; }

    test::TemporaryFolder folder;
    std::filesystem::path file = folder / "crash";
};

TEST_F(CrashMarker, TellsWhoWasAtWorkWhenTheProcessAborted) {
    const auto life = [] {
        crash::Work work("0x11");
        work.enter("download", 17);
        const crash::AtWork mark(&work);
        std::abort();
    };
    EXPECT_EQ(end_of(life), SIGABRT);
    const auto crash = left();
    ASSERT_TRUE(crash);
    EXPECT_EQ(crash->signal, SIGABRT);
    EXPECT_EQ(crash->work, "0x11");
    EXPECT_EQ(crash->step, "download");
    EXPECT_EQ(crash->position, 17U);
}

TEST_F(CrashMarker, IsWrittenForEveryWayAProcessEndsItself) {
    EXPECT_EQ(end_of(fault), SIGSEGV);
    EXPECT_EQ(left().value().signal, SIGSEGV);
    EXPECT_EQ(left()->work, "") << "nobody was at work";
    EXPECT_EQ(end_of([]() noexcept { throw_here(); }), SIGABRT);
    EXPECT_EQ(left().value().signal, SIGABRT);
    EXPECT_EQ(end_of([] { ::raise(SIGFPE); }), SIGFPE);
    EXPECT_EQ(left().value().signal, SIGFPE);
    EXPECT_EQ(end_of([] { overflow(0); }), SIGSEGV);
    EXPECT_EQ(left().value().signal, SIGSEGV) << "the handler has a stack of its own";
}

TEST_F(CrashMarker, IsNotWrittenForWhatOthersDo) {
    EXPECT_EQ(end_of([] { ::kill(::getpid(), SIGKILL); }), SIGKILL);
    EXPECT_FALSE(left());
    EXPECT_EQ(end_of([] { ::kill(::getpid(), SIGTERM); }), SIGTERM);
    EXPECT_FALSE(left());
    const auto killed_from_outside = [] {
        const pid_t parent = ::getpid();
        if (::fork() == 0) {
            ::kill(parent, SIGABRT);
            ::_exit(0);
        }
        for (;;) ::pause();
    };
    EXPECT_EQ(end_of(killed_from_outside), SIGABRT) << "as a watchdog does it";
    EXPECT_FALSE(left());
    const auto child_of_it_dies = [] {
        const pid_t child = ::fork();
        if (child == 0) std::abort();
        ::waitpid(child, nullptr, 0);
    };
    EXPECT_EQ(end_of(child_of_it_dies), 0);
    EXPECT_FALSE(left());
}

TEST_F(CrashMarker, IsClearedAndOverwritten) {
    end_of(fault);
    auto marker = Marker::open(file);
    ASSERT_TRUE(marker->left_behind());
    ASSERT_TRUE(marker->clear().has_value());
    EXPECT_FALSE(marker->left_behind());
    EXPECT_FALSE(left());
    write("11 18446744073709551615 a_long_step 0x11111111111111111111111111111111\n");
    ASSERT_TRUE(left());
    end_of(abort_here);
    EXPECT_EQ(left().value().signal, SIGABRT) << "nothing of the longer text is left";
}

TEST_F(CrashMarker, WhatIsTornOrForeignCountsForNothing) {
    for (const char* text : {"", "11 17 download 0x11", "11 17 download\n", "11  download 0x11\n",
                             "0 17 download 0x11\n", "65 17 download 0x11\n", "x 17 download 0x11\n",
                             "11 -1 download 0x11\n", "11 17 down\tload 0x11\n", "11 17 download 0x11 more\n", "\n"}) {
        write(text);
        EXPECT_FALSE(left()) << text;
        EXPECT_EQ(std::filesystem::file_size(file), 0U) << "said once";
    }
    write(std::string(10'000, 'x').append("\n"));
    EXPECT_FALSE(left());
    write("11 17 download 0x11\n");
    EXPECT_TRUE(left());
}

/// Several works in one io thread, as the pipelines of a master are.
class Workplace {
public:
    Workplace() {
        innocent = add("innocent", wait_for_ever(&system_clock()));
        culprit = std::make_shared<crash::Work>("culprit");
        busy = add("busy", stay_busy(&system_clock()));
    }
    /// Until the process ends.
    void run(Task<> crashing) {
        group.start(std::move(crashing), working_on(culprit, io.get_executor()));
        io.run_for(std::chrono::seconds(10));
    }

    asio::io_context io{1};
    TaskGroup group{io.get_executor(), 8};
    BlockingPool pool{2};
    std::shared_ptr<crash::Work> innocent, culprit, busy;
    Wakeup wakeup{io.get_executor()};

private:
    std::shared_ptr<crash::Work> add(const char* name, Task<> task) {
        auto work = std::make_shared<crash::Work>(name);
        group.start(std::move(task), working_on(work, io.get_executor()));
        return work;
    }
    static Task<> wait_for_ever(Clock* clock) { co_await clock->sleep(Milliseconds(3'600'000)); }
    static Task<> stay_busy(Clock* clock) {
        for (;;) co_await clock->sleep(Milliseconds(1));
    }
};

Task<> crash_after_sleep() {
    co_await system_clock().sleep(Milliseconds(20));
    fault();
}
Task<> crash_in_race() {
    Task<> first = crash_after_sleep();
    Task<> second = system_clock().sleep(Milliseconds(5'000));
    co_await race(std::move(first), std::move(second));
}
Task<> crash_after_wakeup(Workplace* place) {
    co_await place->wakeup.wait();
    fault();
}
Task<> wake_up(Workplace* place) {
    co_await system_clock().sleep(Milliseconds(20));
    place->wakeup.notify();
}
Task<> crash_in_pool(Workplace* place) {
    auto work = [] { fault(); };
    co_await place->pool.run(std::move(work));
}
Task<> crash_after_pool(Workplace* place) {
    auto work = [] {};
    co_await place->pool.run(std::move(work));
    fault();
}
Task<> work_in_pool(Workplace* place) {
    for (;;) {
        auto work = [] {};
        co_await place->pool.run(std::move(work));
    }
}
Task<> crash_unmarked() {
    co_await system_clock().sleep(Milliseconds(20));
    std::abort();
}

TEST_F(CrashMarker, IsToldOfTheCoroutineThatCrashedAmongMany) {
    const auto culprit_of = [this](const std::function<void(Workplace&)>& life) {
        Marker::open(file)->clear().value();
        const auto signal = end_of([&life] {
            Workplace place;
            life(place);
        });
        EXPECT_EQ(signal, SIGSEGV);
        return left().value_or(crash::Crash{}).work;
    };
    EXPECT_EQ(culprit_of([](Workplace& place) { place.run(crash_after_sleep()); }), "culprit");
    EXPECT_EQ(culprit_of([](Workplace& place) { place.run(crash_in_race()); }), "culprit");
    EXPECT_EQ(culprit_of([](Workplace& place) { place.run(crash_in_pool(&place)); }), "culprit");
    EXPECT_EQ(culprit_of([](Workplace& place) {
                  place.group.start(work_in_pool(&place), working_on(place.innocent, place.io.get_executor()));
                  place.run(crash_after_pool(&place));
              }),
              "culprit");
    EXPECT_EQ(culprit_of([](Workplace& place) {
                  place.group.start(wake_up(&place), working_on(place.innocent, place.io.get_executor()));
                  place.run(crash_after_wakeup(&place));
              }),
              "culprit")
        << "who woke it is not to blame";
}

TEST_F(CrashMarker, WhatRunsForNobodyIsNotHeldAgainstAJob) {
    const auto life = [] {
        Workplace place;
        place.group.start(crash_unmarked());
        place.io.run_for(std::chrono::seconds(10));
    };
    EXPECT_EQ(end_of(life), SIGABRT);
    EXPECT_EQ(left().value().work, "");
}

}  // namespace
}  // namespace emeth
