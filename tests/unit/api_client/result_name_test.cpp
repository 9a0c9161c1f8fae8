#include "api_client/result_name.hpp"

#include <gtest/gtest.h>

namespace emeth::api_client {
namespace {

const auto job = JobId::parse("0x11111111111111111111111111111111").value();
const std::string job_digits(32, '1');
const std::string digest_digits = std::string(62, '0') + "ab";
const auto digest = Hash256::parse("0x" + digest_digits).value();

TEST(ResultName, HoldsTheDigest) {
    const std::string name = bound_result_name(job, digest, ".tar");
    EXPECT_EQ(name, job_digits + "-" + digest_digits + ".tar");
    EXPECT_TRUE(is_result_name(name, job, ".tar"));
    EXPECT_EQ(digest_in(name, job, ".tar"), digest);
}

TEST(ResultName, OrHoldsNone) {
    const std::string name = unbound_result_name(job, digest_digits, ".pt");
    EXPECT_EQ(name, job_digits + "-0000000000000000.pt");
    EXPECT_TRUE(is_result_name(name, job, ".pt"));
    EXPECT_FALSE(digest_in(name, job, ".pt"));
}

/// A node may submit any text.
TEST(ResultName, IsOfItsJobAndExtensionAlone) {
    const std::string name = bound_result_name(job, digest, ".tar");
    std::string upper = name, other_job = name;
    upper[40] = 'A';
    other_job[0] = '2';
    for (const std::string& other : {std::string(), std::string(".tar"), job_digits + "-.tar", "0x" + name, name + "x",
                                     "/" + name, upper, other_job, name.substr(0, 96) + ".tar",
                                     name.substr(0, 97) + "0.tar", job_digits + "_" + digest_digits + ".tar",
                                     job_digits + "-" + std::string(64, '/') + ".tar", name.substr(0, 97) + ".pt"}) {
        EXPECT_FALSE(is_result_name(other, job, ".tar")) << other;
        EXPECT_FALSE(digest_in(other, job, ".tar")) << other;
    }
    EXPECT_FALSE(is_result_name(name, job, ".evidence"));
}

}  // namespace
}  // namespace emeth::api_client
