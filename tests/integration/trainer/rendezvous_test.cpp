// When a leader may ask a helper into a group.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "trainer/team/rendezvous_client.hpp"
#include "trainer/team/rendezvous_server.hpp"

namespace emeth::trainer {
namespace {

/// A helper that was asked while it still made its model did not answer in time, and was left out for a minute.
TEST(Rendezvous, AHelperIsAskedOnceItWaits) {
    auto leader = RendezvousServer::open("127.0.0.1", Precision::float32).value();
    const Hash256 run{{7}};
    leader->admit(run);
    auto helper = RendezvousClient::connect(leader->rendezvous(), run, {}, Milliseconds(10'000)).value();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_FALSE(leader->anybody_waits()) << "it has connected, and makes its model";
    std::thread waiting([&] { EXPECT_FALSE(helper->await_call([] {})) << "until the leader is gone"; });
    while (!leader->anybody_waits()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(leader->ask(Milliseconds(10'000)), 1);
    leader.reset();
    waiting.join();
}

}  // namespace
}  // namespace emeth::trainer
