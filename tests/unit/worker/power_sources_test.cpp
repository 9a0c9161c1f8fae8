#include "worker/power_sources.hpp"

#include <gtest/gtest.h>

namespace emeth::worker {
namespace {

PowerSources sources_of(std::string device) {
    WorkerSettings settings;
    settings.compute.device = std::move(device);
    return power_sources(settings, "/data");
}

TEST(PowerSourcesOfAWorker, AreTheProcessorsAndTheGpuThatTrains) {
    EXPECT_EQ(sources_of("cpu").gpu, std::nullopt);
    EXPECT_EQ(sources_of("cpu").counters, "/sys/class/powercap");
    EXPECT_EQ(sources_of("cuda").gpu, 0U);
    EXPECT_EQ(sources_of("cuda:12").gpu, 12U);
    EXPECT_EQ(sources_of("cuda:12").gpu_answer, "/data/nvidia-smi.txt");
    EXPECT_TRUE(sources_of("cuda:12").needs_gpu);
}

/// Who knows whether there is one.
TEST(PowerSourcesOfAWorker, WithDeviceAutoAGpuCountsIfThereIsOne) {
    EXPECT_EQ(sources_of("auto").gpu, 0U);
    EXPECT_FALSE(sources_of("auto").needs_gpu);
}

}  // namespace
}  // namespace emeth::worker
