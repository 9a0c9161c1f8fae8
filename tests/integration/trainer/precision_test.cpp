// bfloat16 changes the loss curve only by noise.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>
#include <sstream>

#include "integration/trainer/workshop.hpp"

namespace emeth::test {
namespace {

std::vector<double> loss_curve(const std::string& precision) {
    Bench bench(english_text(128'000));
    bench.request.compute.precision = precision;
    bench.request.compute.checkpoint_interval_ms = 60'000;
    train_to_end(bench);
    std::vector<TarEntry> entries = read_tar(bench.artifact());
    std::istringstream log(content_of(entries, "training_log.jsonl"));
    std::vector<double> losses;
    for (std::string line; std::getline(log, line);)
        losses.push_back(boost::json::parse(line).at("loss").to_number<double>());
    return losses;
}

/// The licences of Debian 12 and 13 are not quite the same text: at most 0.129 and 0.0151 were seen.
TEST(Precision, TheLossCurveOfBf16IsThatOfFloat32) {
    const std::vector<double> exact = loss_curve("float32");
    const std::vector<double> rounded = loss_curve("bf16");
    ASSERT_EQ(rounded.size(), exact.size());
    ASSERT_GT(exact.size(), 60u);
    EXPECT_LT(exact.back(), exact.front() - 1);
    double squares = 0;
    for (std::size_t step = 0; step < exact.size(); ++step) {
        EXPECT_NEAR(rounded[step], exact[step], 0.2) << "step " << step;  // it falls steeply at first
        squares += (rounded[step] - exact[step]) * (rounded[step] - exact[step]);
    }
    EXPECT_LT(std::sqrt(squares / static_cast<double>(exact.size())), 0.02);
    EXPECT_NE(rounded, exact);  // they were really computed differently
}

}  // namespace
}  // namespace emeth::test
