#include "runtime/energy_counters.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;

class EnergyCountersTest : public testing::Test {
protected:
    void set(const std::string& zone, const std::string& name, const std::string& energy_uj,
             const std::string& range_uj = "262143328850") {
        fs::create_directories(folder / zone);
        test::write_text(folder / zone / "name", name + "\n");
        test::write_text(folder / zone / "energy_uj", energy_uj + "\n");
        test::write_text(folder / zone / "max_energy_range_uj", range_uj + "\n");
    }
    void count(const std::string& zone, const std::string& energy_uj) {
        test::write_text(folder / zone / "energy_uj", energy_uj + "\n");
    }

    test::TemporaryFolder folder;
};

TEST_F(EnergyCountersTest, AddUpTheProcessorsSinceTheLastCall) {
    set("intel-rapl:0", "package-0", "1000000");
    set("intel-rapl:1", "package-1", "5000000");
    EnergyCounters counters(folder.path());
    EXPECT_EQ(counters.joules_since_last(), std::nullopt) << "nothing to compare with";
    count("intel-rapl:0", "3000000");
    count("intel-rapl:1", "5500000");
    EXPECT_EQ(counters.joules_since_last(), 2.5);
    EXPECT_EQ(counters.joules_since_last(), 0);
}

TEST_F(EnergyCountersTest, GoOnAfterTheyWrappedAround) {
    set("intel-rapl:0", "package-0", "9000000", "10000000");
    EnergyCounters counters(folder.path());
    counters.joules_since_last();
    count("intel-rapl:0", "500000");
    EXPECT_EQ(counters.joules_since_last(), 1.5);
}

TEST_F(EnergyCountersTest, ThatWrappedAroundAtAnUnknownValueSayNothing) {
    set("intel-rapl:0", "package-0", "9000000", "");
    EnergyCounters counters(folder.path());
    counters.joules_since_last();
    count("intel-rapl:0", "500000");
    EXPECT_EQ(counters.joules_since_last(), std::nullopt);
    count("intel-rapl:0", "700000");
    EXPECT_EQ(counters.joules_since_last(), 0.2);
}

/// Parts of a processor, its second interface and what else there is would count twice.
TEST_F(EnergyCountersTest, OfOtherThingsDoNotCount) {
    set("intel-rapl:0", "package-0", "0");
    set("intel-rapl:0:0", "core", "0");
    set("intel-rapl:1", "dram", "0");
    set("intel-rapl-mmio:0", "package-0", "0");
    set("dtpm", "package-0", "0");
    EnergyCounters counters(folder.path());
    counters.joules_since_last();
    for (const char* zone : {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl-mmio:0", "dtpm"})
        count(zone, "2000000");
    EXPECT_EQ(counters.joules_since_last(), 2);
}

TEST_F(EnergyCountersTest, OfThePlatformCoverTheProcessors) {
    set("intel-rapl:0", "package-0", "0");
    set("intel-rapl:1", "psys", "0");
    EnergyCounters counters(folder.path());
    counters.joules_since_last();
    count("intel-rapl:0", "2000000");
    count("intel-rapl:1", "3000000");
    EXPECT_EQ(counters.joules_since_last(), 3);
    count("intel-rapl:0", "4000000");
    EXPECT_EQ(counters.joules_since_last(), 2) << "a platform that does not count";
}

/// Half of the processors would look like a machine that draws half as much.
TEST_F(EnergyCountersTest, ThatCannotAllBeReadSayNothing) {
    set("intel-rapl:0", "package-0", "0");
    set("intel-rapl:1", "package-1", "0");
    EnergyCounters counters(folder.path());
    counters.joules_since_last();
    count("intel-rapl:0", "2000000");
    fs::remove(folder / "intel-rapl:1" / "energy_uj");
    EXPECT_EQ(counters.joules_since_last(), std::nullopt);
}

TEST_F(EnergyCountersTest, ThatAreNotThereOrNonsenseSayNothing) {
    for (const fs::path& place : {folder.path(), folder / "absent"}) {
        EnergyCounters counters(place);
        EXPECT_EQ(counters.joules_since_last(), std::nullopt);
        EXPECT_EQ(counters.joules_since_last(), std::nullopt);
    }
    set("intel-rapl:0", "package-0", "much");
    EnergyCounters counters(folder.path());
    counters.joules_since_last();
    count("intel-rapl:0", "-5");
    EXPECT_EQ(counters.joules_since_last(), std::nullopt);
}

}  // namespace
}  // namespace emeth
