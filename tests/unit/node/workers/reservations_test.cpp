#include "node/workers/reservations.hpp"

#include <gmock/gmock.h>

#include <boost/asio/detached.hpp>

#include "support/io_fixture.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using worker_protocol::PartUploaded;
using worker_protocol::Progress;
using worker_protocol::Report;

template <class Bytes>
Bytes filled(std::uint8_t byte) {
    Bytes value;
    value.bytes.fill(byte);
    return value;
}

const Address ann = filled<Address>(1), bob = filled<Address>(2);
const JobId job = filled<JobId>(1), other_job = filled<JobId>(2);

Report part(std::uint32_t number, const JobId& of, std::uint64_t lease) {
    return {number, of, lease, PartUploaded{number, "etag"}};
}

class ReservationsTest : public test::IoFixture {
protected:
    void connect(const Address& worker, std::map<JobId, std::uint64_t> held = {}) {
        reservations.connect(worker, {27'300, "10.0.0.1", std::move(held), test::fit_for_everything()});
    }
    void run_what_is_ready() {
        io.restart();
        io.run_for(std::chrono::milliseconds(10));
    }
    /// The JOB joins `served` when it gets a worker.
    void want_worker(const JobId& wanting, SpawnedTask& reserving) {
        reserving.start(reserve(wanting), [](const std::exception_ptr&) {});
        run_what_is_ready();
    }

    Task<> reserve(JobId wanting) {
        Task<Address> reserving = reservations.reserve(wanting, {});
        co_await std::move(reserving);
        served.push_back(wanting);
    }

    std::vector<worker_protocol::Stop> stops;
    std::vector<JobId> served;
    SpawnedTask first{executor()}, second{executor()};
    Reservations reservations{executor(), system_clock(), [this](const Address&, worker_protocol::Stop order) {
                                  stops.push_back(std::move(order));
                              }};
};

TEST_F(ReservationsTest, WhoeverWaitsIsServedWhenAWorkerProvesItself) {
    reservations.set_recovered({});
    reservations.connect(ann, {27'300, "10.0.0.1", {}, std::nullopt});
    want_worker(job, first);
    EXPECT_TRUE(served.empty());
    reservations.set_fitness(ann, test::fit_for_everything());
    run_what_is_ready();
    EXPECT_EQ(served, std::vector{job});
}

TEST_F(ReservationsTest, WhoeverWaitsIsServedInTurn) {
    reservations.set_recovered({});
    want_worker(job, first);
    want_worker(other_job, second);
    EXPECT_THAT(served, IsEmpty());
    connect(ann);
    run_what_is_ready();
    EXPECT_THAT(served, ElementsAre(job));
    reservations.release(job, false, "given back");
    run_what_is_ready();
    EXPECT_THAT(served, ElementsAre(job, other_job));
}

TEST_F(ReservationsTest, TwoWorkersServeTwoThatWait) {
    want_worker(job, first);
    want_worker(other_job, second);
    connect(ann);
    connect(bob);
    run_what_is_ready();
    EXPECT_THAT(served, IsEmpty()) << "the JOBs of the master come first";
    reservations.set_recovered({});
    run_what_is_ready();
    EXPECT_THAT(served, ElementsAre(job, other_job));
}

TEST_F(ReservationsTest, ACancelledOneLeavesTheQueue) {
    reservations.set_recovered({});
    want_worker(job, first);
    want_worker(other_job, second);
    first.cancel();
    run_what_is_ready();
    connect(ann);
    run_what_is_ready();
    EXPECT_THAT(served, ElementsAre(other_job));
}

TEST_F(ReservationsTest, AReservationThatTheJobStillHasEndsFirst) {
    reservations.set_recovered({});
    connect(ann);
    EXPECT_EQ(run(reservations.reserve(job, {})), ann);
    const auto inbox = reservations.adopt(job, 1, ann, Hold::work);
    EXPECT_EQ(run(reservations.reserve(job, {})), ann);
    EXPECT_TRUE(inbox->closed());
}

TEST_F(ReservationsTest, AnInboxTellsOfTheConnectionFromTheBeginning) {
    const auto inbox = reservations.adopt(job, 1, ann, Hold::work);
    EXPECT_TRUE(std::holds_alternative<WorkerDisconnected>(inbox->front()->body));
    inbox->pop();
    connect(ann, {{job, 1}});
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(inbox->front()->body));
    inbox->pop();
    reservations.disconnect(ann, "gone");
    EXPECT_EQ(std::get<WorkerDisconnected>(inbox->front()->body).reason, "gone");
    const auto fresh = reservations.adopt(job, 2, bob, Hold::work);
    EXPECT_TRUE(inbox->closed());
    EXPECT_FALSE(fresh->closed());
    reservations.release(job, false, "given back");
    EXPECT_TRUE(fresh->closed());
}

TEST_F(ReservationsTest, AReportWaitsUntilItsLeaseIsKnown) {
    connect(ann, {{job, 5}});
    asio::co_spawn(io, reservations.deliver(ann, part(1, job, 5)), asio::detached);
    run_what_is_ready();
    EXPECT_FALSE(reservations.offer(ann, part(1, job, 5)));
    const auto inbox = reservations.adopt(job, 5, ann, Hold::work);
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(inbox->front()->body));
    inbox->pop();
    run_what_is_ready();
    ASSERT_NE(inbox->front(), nullptr);
    EXPECT_EQ(inbox->front()->report_id, 1U);
    EXPECT_THAT(stops, IsEmpty());
}

TEST_F(ReservationsTest, AReportOfALeaseThatIsNotAdoptedIsAnsweredStop) {
    connect(ann, {{job, 5}});
    asio::co_spawn(io, reservations.deliver(ann, part(1, other_job, 5)), asio::detached);
    run_what_is_ready();
    reservations.set_recovered({job});
    ASSERT_EQ(stops.size(), 1U) << "what it holds";
    EXPECT_FALSE(stops[0].forget);
    run_what_is_ready();
    ASSERT_EQ(stops.size(), 2U);
    EXPECT_EQ(stops[1].job, other_job);
    EXPECT_TRUE(stops[1].forget);
}

/// The inbox is full, and the lease ends before there is space.
TEST_F(ReservationsTest, AReportThatWaitsForSpaceIsAnsweredStopWhenItsLeaseEnds) {
    reservations.set_recovered({job});
    connect(ann);
    const auto inbox = reservations.adopt(job, 5, ann, Hold::work);
    for (std::uint32_t number = 1; number <= WorkerInbox::reports_max; ++number)
        ASSERT_TRUE(reservations.offer(ann, part(number, job, 5)));
    EXPECT_FALSE(reservations.offer(ann, part(1'000, job, 5)));
    EXPECT_TRUE(reservations.offer(ann, {0, job, 5, Progress{}})) << "progress never waits";
    asio::co_spawn(io, reservations.deliver(ann, part(1'000, job, 5)), asio::detached);
    run_what_is_ready();
    EXPECT_THAT(stops, IsEmpty());
    reservations.release(job, false, "revoked");
    run_what_is_ready();
    ASSERT_EQ(stops.size(), 1U);
    EXPECT_EQ(stops[0].lease, 5U);
}

}  // namespace
}  // namespace emeth::node
