// An independent reader: Python's torch, with a GPT-2 of its own, loads the artifact and gets the same validation loss.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"

namespace emeth::test {
namespace {

TEST(ArtifactReader, PythonComputesTheSameLoss) {
    const Bench bench;
    train_to_end(bench);
    const char* sources = std::getenv("EMETH_SOURCE_DIR");
    ASSERT_NE(sources, nullptr);
    const std::string command = std::string(EMETH_PYTHON) + " " + sources +
                                "/tests/integration/trainer/read_artifact.py " + bench.path().string() + " > " +
                                bench.log().string() + " 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_text(bench.log());
}

}  // namespace
}  // namespace emeth::test
