#include "node/workers/reservation_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/worker_fitness.hpp"

namespace emeth::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Standing = ReservationBook::Standing;

template <class Bytes>
Bytes filled(std::uint8_t byte) {
    Bytes value;
    value.bytes.fill(byte);
    return value;
}

/// In the order of their addresses, which is the book's order where nothing else decides.
const Address ann = filled<Address>(1), bob = filled<Address>(2), cid = filled<Address>(3);
const JobId job = filled<JobId>(1), other_job = filled<JobId>(2), third_job = filled<JobId>(3);
constexpr Milliseconds now{1'000'000}, minute{60'000};
const std::string machine = "10.0.0.1", other_machine = "10.0.0.2";

WorkerConnection fit_at(std::string peer, std::map<JobId, std::uint64_t> held = {}) {
    return {27'300, std::move(peer), std::move(held), test::fit_for_everything()};
}

class ReservationBookTest : public ::testing::Test {
protected:
    /// A master that has looked through its JOBs, with these workers connected.
    void open(const std::vector<Address>& workers, const std::vector<JobId>& active = {}) {
        for (const Address& worker : workers) book.connect(worker, fit_at(machine));
        EXPECT_THAT(book.set_recovered(active), IsEmpty());
    }
    std::optional<ReservationBook::Reserved> reserve(const JobId& wanting,
                                                     const std::optional<Address>& preferred = std::nullopt) {
        const auto ticket = book.take_ticket({preferred});
        auto reserved = book.reserve(ticket, wanting, now);
        book.drop_ticket(ticket);
        return reserved;
    }
    std::optional<Address> reserved_for(const JobId& wanting, const std::optional<Address>& preferred = std::nullopt) {
        const auto reserved = reserve(wanting, preferred);
        return reserved ? std::optional(reserved->worker) : std::nullopt;
    }
    [[nodiscard]] WorkerInfo info(const Address& worker) const {
        for (const WorkerInfo& entry : book.workers(now))
            if (entry.address == worker) return entry;
        ADD_FAILURE() << worker.hex() << " is not in the list";
        return {};
    }

    ReservationBook book;
};

TEST_F(ReservationBookTest, AReservedWorkerIsNotIdleUntilItsReservationEnds) {
    open({ann});
    EXPECT_EQ(book.idle_workers(now), 1U);
    EXPECT_EQ(reserved_for(job), ann);
    EXPECT_EQ(book.idle_workers(now), 0U);
    EXPECT_EQ(info(ann).job, job);
    EXPECT_EQ(reserved_for(other_job), std::nullopt);
    book.adopt(job, 1, ann, Hold::work);
    EXPECT_EQ(reserved_for(other_job), std::nullopt);
    book.release(job, false, "the result is uploaded");
    EXPECT_EQ(info(ann).job, std::nullopt);
    EXPECT_EQ(reserved_for(other_job), ann);
}

TEST_F(ReservationBookTest, ThePreferredWorkerIsTakenWhereItIsIdle) {
    open({ann, bob});
    EXPECT_EQ(reserved_for(job, bob), bob);
    EXPECT_EQ(reserved_for(other_job, bob), ann);
}

TEST_F(ReservationBookTest, OneThatRestsComesLastAndTheOneWithTheLeastRestLeftFirst) {
    open({ann, bob, cid});
    book.lease_failed(ann, true, now);
    book.lease_failed(bob, false, now);  // a short rest
    EXPECT_EQ(book.idle_workers(now), 1U);
    EXPECT_EQ(info(ann).rest, SickList::first_rest);
    EXPECT_EQ(reserved_for(job, ann), cid) << "although ann may hold files of the JOB";
    EXPECT_EQ(reserved_for(other_job), bob) << "for a locked deposit it is better than none";
    EXPECT_EQ(reserved_for(third_job), ann);
    book.lease_fulfilled(ann);
    EXPECT_EQ(info(ann).rest, Milliseconds::zero());
}

TEST_F(ReservationBookTest, OneThatHasDeliveredAResultComesBeforeAStranger) {
    open({ann, bob});
    book.lease_fulfilled(bob);
    EXPECT_EQ(reserved_for(job), bob);
    EXPECT_EQ(reserved_for(other_job), ann);
}

TEST_F(ReservationBookTest, AHelperComesAfterThoseThatDoNothing) {
    open({ann, bob, cid});
    book.adopt(job, 5, cid, Hold::work);
    book.disconnect(bob);
    book.call_helpers(job, 5, {machine, 7'000, filled<Hash256>(1)}, now);
    book.connect(bob, fit_at(machine));
    EXPECT_EQ(info(ann).helps, job);
    EXPECT_EQ(reserved_for(other_job), bob);
    EXPECT_EQ(reserved_for(third_job), ann);
}

TEST_F(ReservationBookTest, WhoeverIsHeldForItsFilesAloneIsIdle) {
    open({ann});
    book.adopt(job, 3, ann, Hold::files);
    EXPECT_EQ(book.idle_workers(now), 1U);
    EXPECT_EQ(info(ann).job, std::nullopt);
    EXPECT_EQ(reserved_for(other_job), ann);
    book.adopt(other_job, 1, ann, Hold::work);
    EXPECT_EQ(book.standing(ann, job, 3), Standing::stands) << "beside the work on another JOB";
    EXPECT_EQ(book.standing(ann, other_job, 1), Standing::stands);
    EXPECT_THAT(book.leases_of(ann), SizeIs(2));
    book.disconnect(ann);
    EXPECT_THAT(book.workers(now), SizeIs(1)) << "listed for its work alone";
}

TEST_F(ReservationBookTest, WorkersAreHandedOutInTheOrderOfTheTickets) {
    open({});
    const auto first = book.take_ticket();
    const auto second = book.take_ticket();
    book.connect(ann, fit_at(machine));
    EXPECT_THAT(book.served_tickets(now), ElementsAre(first));
    EXPECT_FALSE(book.reserve(second, other_job, now)) << "it is not its turn";
    const auto reserved = book.reserve(first, job, now);
    ASSERT_TRUE(reserved);
    EXPECT_EQ(reserved->worker, ann);
    book.drop_ticket(first);
    EXPECT_FALSE(book.reserve(second, other_job, now)) << "nobody is idle";
    book.release(job, false, "given back");
    EXPECT_THAT(book.served_tickets(now), ElementsAre(second));
    EXPECT_TRUE(book.reserve(second, other_job, now));
}

/// Of two JOBs that wait for two workers, the one with less time gets the faster worker, whoever came first.
TEST_F(ReservationBookTest, TheTightestDeadlineGetsTheFastestWorker) {
    open({ann, bob});
    const auto wish_due = [](Milliseconds due) {
        WorkerWish wish;
        wish.due = due;
        wish.estimate_s = [](const WorkerInfo& worker) { return worker.address == bob ? 100 : 1'000; };
        return wish;
    };
    const auto lax = book.take_ticket(wish_due(now + Milliseconds(100'000'000)));
    const auto tight = book.take_ticket(wish_due(now + Milliseconds(200'000)));
    EXPECT_THAT(book.served_tickets(now), UnorderedElementsAre(lax, tight));
    EXPECT_EQ(book.reserve(lax, job, now)->worker, ann);
    book.drop_ticket(lax);
    EXPECT_EQ(book.reserve(tight, other_job, now)->worker, bob);
}

TEST_F(ReservationBookTest, ATicketThatIsDroppedLetsTheNextOneThrough) {
    open({ann});
    const auto cancelled = book.take_ticket();
    const auto next = book.take_ticket();
    EXPECT_FALSE(book.reserve(next, job, now));
    book.drop_ticket(cancelled);
    EXPECT_TRUE(book.reserve(next, job, now));
}

TEST_F(ReservationBookTest, AWorkerThatHasNotProvedItselfGetsNothing) {
    open({});
    book.connect(ann, {27'300, machine, {}, std::nullopt});
    EXPECT_EQ(book.idle_workers(now), 0U);
    EXPECT_EQ(reserved_for(job), std::nullopt);
    book.set_fitness(ann, test::unfit("cannot start emeth-trainer: No such file or directory"));
    EXPECT_EQ(book.idle_workers(now), 0U);
    EXPECT_EQ(reserved_for(job), std::nullopt);
    EXPECT_EQ(info(ann).fitness->unfit, "cannot start emeth-trainer: No such file or directory");
    book.set_fitness(ann, test::fit_for_everything());
    EXPECT_EQ(reserved_for(job), ann);
    book.set_fitness(bob, test::fit_for_everything());
    EXPECT_FALSE(book.is_connected(bob)) << "a message of one that has just left";
}

TEST_F(ReservationBookTest, AnUnfitHelperIsNotCalled) {
    open({ann, bob});
    book.adopt(job, 5, ann, Hold::work);
    book.set_fitness(bob, test::unfit("device 'cuda' is not available"));
    EXPECT_EQ(book.helpers_to_call(job, {machine, 7'000, filled<Hash256>(1)}, now), 0U);
}

TEST_F(ReservationBookTest, AJobThatNobodyCanTrainYetDoesNotHoldUpTheNext) {
    open({});
    auto small = test::fit_for_everything();
    small.tokens_per_s.erase("gpt2");
    book.connect(ann, {27'300, machine, {}, small});
    const auto large_job = book.take_ticket({std::nullopt, "gpt2"});
    const auto small_job = book.take_ticket({std::nullopt, "nano"});
    EXPECT_THAT(book.served_tickets(now), ElementsAre(small_job));
    EXPECT_FALSE(book.reserve(large_job, job, now));
    EXPECT_TRUE(book.reserve(small_job, other_job, now));
    book.connect(bob, fit_at(machine));
    const auto reserved = book.reserve(large_job, job, now);
    ASSERT_TRUE(reserved);
    EXPECT_EQ(reserved->worker, bob);
}

TEST_F(ReservationBookTest, AWorkerWithoutRoomComesLastUnlessItHoldsTheFiles) {
    open({});
    auto full = test::fit_for_everything();
    full.disk_free_bytes = 10;
    book.connect(ann, {27'300, machine, {}, full});
    book.connect(bob, fit_at(machine));
    book.lease_fulfilled(ann);
    const auto ticket = book.take_ticket({std::nullopt, "nano", {1'000, 0}});
    EXPECT_EQ(book.reserve(ticket, job, now)->worker, bob) << "although ann has delivered a result";
    book.drop_ticket(ticket);
    book.release(job, false, "given back");
    const auto again = book.take_ticket({ann, "nano", {1'000, 0}});
    EXPECT_EQ(book.reserve(again, job, now)->worker, ann) << "the JOB's own files may fill its disk";
}

TEST_F(ReservationBookTest, NobodyIsHandedOutBeforeTheMasterKnowsItsJobs) {
    book.connect(ann, fit_at(machine, {{job, 5}}));
    EXPECT_EQ(book.idle_workers(now), 0U);
    EXPECT_EQ(reserved_for(other_job), std::nullopt);
    book.adopt(job, 5, ann, Hold::work);
    EXPECT_THAT(book.set_recovered({job, other_job}), IsEmpty());
    EXPECT_EQ(reserved_for(other_job), std::nullopt) << "the JOB that was adopted comes first";
}

TEST_F(ReservationBookTest, AReportOfALeaseThatIsNotAdoptedYetHasToWaitAfterAStart) {
    book.connect(ann, fit_at(machine, {{job, 5}}));
    EXPECT_EQ(book.standing(ann, job, 5), Standing::unknown);
    book.adopt(job, 5, ann, Hold::work);
    EXPECT_EQ(book.standing(ann, job, 5), Standing::stands);
    EXPECT_EQ(book.standing(ann, job, 4), Standing::over) << "that another lease stands is known already";
    EXPECT_EQ(book.standing(ann, other_job, 1), Standing::unknown);
    book.set_recovered({job, other_job});
    EXPECT_EQ(book.standing(ann, other_job, 1), Standing::over);
}

TEST_F(ReservationBookTest, OnlyTheHoldersReportUnderTheCurrentNumberStands) {
    open({ann, bob});
    EXPECT_EQ(reserved_for(job), ann);
    EXPECT_EQ(book.standing(ann, job, 5), Standing::over) << "reserved, but no lease is granted yet";
    book.adopt(job, 5, ann, Hold::work);
    EXPECT_EQ(book.standing(ann, job, 5), Standing::stands);
    EXPECT_EQ(book.standing(bob, job, 5), Standing::over);
    EXPECT_EQ(book.standing(ann, job, 6), Standing::over);
    EXPECT_EQ(book.holder(job, 5), ann);
    EXPECT_EQ(book.holder(job, 4), std::nullopt);
    book.disconnect(ann);
    EXPECT_EQ(book.standing(ann, job, 5), Standing::stands) << "through any number of connections";
    EXPECT_EQ(book.holder(job), std::nullopt);
    book.release(job, false, "revoked");
    EXPECT_EQ(book.standing(ann, job, 5), Standing::over);
}

TEST_F(ReservationBookTest, ARefusedReportMeansForgetWhereTheJobHasEnded) {
    open({ann}, {job});
    const auto stopped = book.refuse(ann, job, 4);
    ASSERT_THAT(stopped, SizeIs(1));
    EXPECT_EQ(stopped[0].worker, ann);
    EXPECT_EQ(stopped[0].stop.job, job);
    EXPECT_EQ(stopped[0].stop.lease, 4U);
    EXPECT_FALSE(stopped[0].stop.forget);
    EXPECT_TRUE(book.refuse(ann, other_job, 1).at(0).stop.forget);
    EXPECT_THAT(book.refuse(bob, job, 4), IsEmpty()) << "who is not there cannot be told";
}

TEST_F(ReservationBookTest, WhatAWorkerHoldsWithoutAReservationStopsAndWhatHasEndedIsForgotten) {
    book.connect(ann, fit_at(machine, {{job, 5}, {other_job, 3}, {third_job, 1}}));
    book.adopt(job, 5, ann, Hold::work);
    const auto stops = book.set_recovered({job, other_job});
    ASSERT_THAT(stops, SizeIs(2));
    EXPECT_EQ(stops[0].stop.job, other_job);
    EXPECT_FALSE(stops[0].stop.forget);
    EXPECT_EQ(stops[1].stop.job, third_job);
    EXPECT_EQ(stops[1].stop.lease, 1U);
    EXPECT_TRUE(stops[1].stop.forget);
}

TEST_F(ReservationBookTest, AWorkerThatComesBackIsToldWhatEndedMeanwhile) {
    open({ann});
    book.adopt(job, 5, ann, Hold::work);
    book.disconnect(ann);
    EXPECT_FALSE(info(ann).connected);
    EXPECT_EQ(info(ann).job, job);
    EXPECT_THAT(book.connect(ann, fit_at(machine, {{job, 5}})), IsEmpty()) << "its lease stands";
    book.disconnect(ann);
    EXPECT_THAT(book.release(job, true, "declined"), IsEmpty());
    const auto stops = book.connect(ann, fit_at(machine, {{job, 5}}));
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_TRUE(stops[0].stop.forget);
}

TEST_F(ReservationBookTest, FilesOfAJobThatWasReleasedWithoutForgettingAreKept) {
    open({ann});
    book.adopt(job, 5, ann, Hold::work);
    book.note_files(job, 5);
    const auto stops = book.release(job, false, "the result is uploaded");
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_FALSE(stops[0].stop.forget);
    EXPECT_FALSE(book.connect(ann, fit_at(machine, {{job, 5}})).at(0).stop.forget);
    EXPECT_TRUE(book.release(job, true, "verified").at(0).stop.forget);
    EXPECT_THAT(book.release(job, true, "verified"), IsEmpty()) << "it has nothing of the JOB any more";
}

TEST_F(ReservationBookTest, AFormerHolderStopsWhenTheLeaseGoesToAnotherAndForgetsWhenTheJobEnds) {
    open({ann, bob});
    book.adopt(job, 5, ann, Hold::work);
    book.note_files(job, 5);
    const auto stops = book.adopt(job, 6, bob, Hold::work);
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_EQ(stops[0].worker, ann);
    EXPECT_EQ(stops[0].stop.lease, 5U);
    EXPECT_FALSE(stops[0].stop.forget);
    EXPECT_THAT(book.adopt(job, 6, bob, Hold::work), SizeIs(1)) << "it still has the files";
    const auto again = book.connect(ann, fit_at(machine, {{job, 5}}));
    ASSERT_THAT(again, SizeIs(1)) << "it comes back and has not heard of it";
    EXPECT_FALSE(again[0].stop.forget);
    book.note_files(job, 6);
    EXPECT_THAT(book.release(job, true, "verified"), SizeIs(2));
}

TEST_F(ReservationBookTest, ANewerConnectionReplacesTheEarlierOne) {
    open({ann});
    book.adopt(job, 5, ann, Hold::work);
    book.connect(ann, {30'000, machine, {}, test::fit_for_everything()});
    EXPECT_EQ(book.connected(), 1U);
    EXPECT_EQ(info(ann).power_capacity, 30'000U);
    EXPECT_EQ(info(ann).job, job);
}

class HelpersTest : public ReservationBookTest {
protected:
    /// ann leads the JOB under lease 5.
    void SetUp() override {
        open({ann, bob});
        book.adopt(job, 5, ann, Hold::work);
    }
    [[nodiscard]] std::size_t callable(Milliseconds at = now) const {
        return book.helpers_to_call(job, rendezvous, at);
    }
    std::vector<ReservationBook::HelperCall> call(std::uint64_t lease = 5, Milliseconds at = now) {
        return book.call_helpers(job, lease, rendezvous, at);
    }

    trainer_protocol::Rendezvous rendezvous{machine, 7'000, filled<Hash256>(1)};
};

TEST_F(HelpersTest, AnIdleWorkerIsCalledOnceAMinute) {
    EXPECT_EQ(callable(), 1U);
    const auto calls = call();
    ASSERT_THAT(calls, SizeIs(1));
    EXPECT_EQ(calls[0].worker, bob);
    EXPECT_TRUE(calls[0].first);
    EXPECT_EQ(info(bob).helps, job);
    EXPECT_EQ(book.idle_workers(now), 1U) << "whoever needs it takes it";
    EXPECT_EQ(callable(now + minute - Milliseconds(1)), 0U);
    const auto again = call(5, now + minute);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_FALSE(again[0].first);
}

TEST_F(HelpersTest, ARendezvousThatIsOpenedAnewIsCalledToAtOnce) {
    call();
    rendezvous.token = filled<Hash256>(2);  // the leader's trainer was started again
    EXPECT_EQ(callable(), 1U);
    EXPECT_TRUE(call().at(0).first);
}

TEST_F(HelpersTest, NobodyIsCalledForALeaseThatDoesNotStand) {
    EXPECT_THAT(call(4), IsEmpty());
    book.disconnect(ann);
    EXPECT_EQ(callable(), 0U) << "the leader is away";
    EXPECT_THAT(call(), IsEmpty());
    book.connect(ann, fit_at(machine));
    EXPECT_EQ(callable(), 1U);
    book.adopt(job, 5, ann, Hold::files);
    EXPECT_EQ(callable(), 0U) << "there is nothing to train";
}

TEST_F(HelpersTest, NobodyIsCalledWhoRests) {
    book.lease_failed(bob, false, now);
    EXPECT_EQ(callable(), 0U);
    EXPECT_EQ(callable(now + SickList::short_rest), 1U);
}

TEST_F(HelpersTest, NobodyIsCalledWhileAJobWaitsForAWorker) {
    const auto ticket = book.take_ticket();
    EXPECT_EQ(callable(), 0U);
    book.drop_ticket(ticket);
    EXPECT_EQ(callable(), 1U);
}

TEST_F(HelpersTest, ALeaderOnItsLoopbackAddressIsReachedFromItsOwnMachineAlone) {
    rendezvous.host = "127.0.0.1";
    book.connect(cid, fit_at(other_machine));
    EXPECT_EQ(call().size(), 1U);
    EXPECT_EQ(info(cid).helps, std::nullopt);
    rendezvous.host = machine;
    EXPECT_EQ(call().size(), 1U);
    EXPECT_EQ(info(cid).helps, job);
}

TEST_F(HelpersTest, WorkersFromAnUnknownAddressAreOnNoCommonMachine) {
    rendezvous.host = "127.0.0.1";
    book.connect(ann, fit_at("", {{job, 5}}));
    book.connect(bob, fit_at(""));
    book.connect(cid, fit_at(""));
    EXPECT_EQ(callable(), 0U);
    rendezvous.host = machine;
    EXPECT_EQ(callable(), 2U);
}

TEST_F(HelpersTest, AHelperIsNotCalledAwayToAnotherJobsLeader) {
    call();
    book.connect(cid, fit_at(machine));
    book.adopt(other_job, 1, cid, Hold::work);
    const trainer_protocol::Rendezvous elsewhere{machine, 7'100, filled<Hash256>(3)};
    EXPECT_EQ(book.helpers_to_call(other_job, elsewhere, now), 0U);
    book.release(job, false, "the result is uploaded");
    EXPECT_EQ(book.helpers_to_call(other_job, elsewhere, now), 2U) << "the former leader, too";
}

TEST_F(HelpersTest, AHelperIsStoppedWhenAJobNeedsIt) {
    call();
    call(5, now + minute);
    const auto reserved = reserve(other_job);
    ASSERT_TRUE(reserved);
    ASSERT_THAT(reserved->stops, SizeIs(1));
    EXPECT_EQ(reserved->stops[0].stop.job, job);
    EXPECT_EQ(reserved->stops[0].stop.lease, 5U);
    EXPECT_TRUE(reserved->stops[0].stop.forget) << "it had nothing of the JOB before";
    EXPECT_EQ(info(bob).helps, std::nullopt);
    EXPECT_EQ(callable(), 0U);
}

TEST_F(HelpersTest, AHelperThatGetsTheVeryJobGoesOn) {
    call();
    book.release(job, false, "its worker was away");
    book.disconnect(ann);
    const auto reserved = reserve(job);
    ASSERT_TRUE(reserved);
    EXPECT_EQ(reserved->worker, bob);
    EXPECT_THAT(reserved->stops, IsEmpty());
}

/// They may be a checkpoint of the lease that it had before.
TEST_F(HelpersTest, FilesThatAWorkerHadBeforeItHelpedStay) {
    book.connect(bob, fit_at(machine, {{job, 4}}));
    call();
    call(5, now + minute);
    const auto reserved = reserve(other_job);
    ASSERT_TRUE(reserved);
    EXPECT_FALSE(reserved->stops.at(0).stop.forget);
}

TEST_F(HelpersTest, TheEndOfTheJobEndsTheHelp) {
    call();
    const auto stops = book.release(job, true, "verified");
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_EQ(stops[0].worker, bob);
    EXPECT_TRUE(stops[0].stop.forget);
    EXPECT_EQ(info(bob).helps, std::nullopt);
}

class TeamTest : public ReservationBookTest {
protected:
    /// ann leads the JOB under lease 5; bob is to help her, and cid is idle.
    void SetUp() override {
        open({ann, bob, cid});
        ASSERT_EQ(reserve_team(job, 2), ann);
        EXPECT_THAT(book.adopt(job, 5, ann, Hold::work), IsEmpty());
    }
    std::optional<Address> reserve_team(const JobId& wanting, std::uint32_t workers) {
        const auto ticket = book.take_ticket({.team = workers});
        const auto reserved = book.reserve(ticket, wanting, now);
        book.drop_ticket(ticket);
        return reserved ? std::optional(reserved->worker) : std::nullopt;
    }
    std::vector<Address> called() {
        std::vector<Address> workers;
        for (const auto& call : book.call_helpers(job, 5, rendezvous, now)) workers.push_back(call.worker);
        return workers;
    }

    trainer_protocol::Rendezvous rendezvous{machine, 7'000, filled<Hash256>(1)};
};

TEST_F(TeamTest, AMemberIsCommittedUntilTheJobIsReleased) {
    EXPECT_TRUE(info(bob).is_committed);
    EXPECT_EQ(info(bob).helps, job);
    EXPECT_EQ(info(bob).job, std::nullopt) << "it does not hold the lease";
    EXPECT_FALSE(info(cid).is_committed);
    EXPECT_EQ(book.idle_workers(now), 1U);
    book.release(job, false, "the result is uploaded");
    EXPECT_EQ(book.idle_workers(now), 3U);
}

TEST_F(TeamTest, OnceItIsTrainedItsMembersAreFree) {
    book.set_team(job, 1);
    EXPECT_EQ(book.idle_workers(now), 2U);
    EXPECT_EQ(info(ann).job, job);
}

TEST_F(TeamTest, NoOtherJobGetsAMember) {
    EXPECT_EQ(reserved_for(other_job), cid);
    WorkerWish tight;
    tight.preferred = bob;
    tight.due = now;
    const auto ticket = book.take_ticket(tight);
    EXPECT_EQ(book.reserve(ticket, third_job, now), std::nullopt) << "a better JOB waits";
    EXPECT_THAT(book.served_tickets(now), IsEmpty());
    EXPECT_THAT(called(), ElementsAre(bob)) << "members are called also while another waits";
}

TEST_F(TeamTest, ATeamTakesHelpersOfOtherJobs) {
    book.call_helpers(job, 5, rendezvous, now);
    ASSERT_EQ(info(cid).helps, job);
    book.connect(filled<Address>(4), fit_at(machine));
    const auto ticket = book.take_ticket({.team = 2});
    const auto reserved = book.reserve(ticket, other_job, now);
    ASSERT_TRUE(reserved);
    EXPECT_EQ(reserved->worker, filled<Address>(4));
    ASSERT_THAT(reserved->stops, SizeIs(1));
    EXPECT_EQ(reserved->stops[0].worker, cid);
    EXPECT_EQ(reserved->stops[0].stop.job, job);
    EXPECT_EQ(info(cid).helps, other_job);
}

TEST_F(TeamTest, WhileAMemberIsAwayAnIdleWorkerStandsIn) {
    EXPECT_THAT(called(), UnorderedElementsAre(bob, cid));
    book.disconnect(bob);
    EXPECT_EQ(book.idle_workers(now), 0U) << "no new JOB counts on it";
    EXPECT_EQ(info(cid).helps, job);
    EXPECT_THAT(book.connect(bob, fit_at(machine, {{job, 5}})), IsEmpty()) << "it goes on";
    EXPECT_TRUE(info(bob).is_committed);
    EXPECT_EQ(book.idle_workers(now), 1U);
}

TEST_F(TeamTest, AJobThatHasNobodyGetsWhoStandsIn) {
    called();
    book.disconnect(bob);
    EXPECT_EQ(reserved_for(other_job), cid) << "one worker alone does it more good";
    EXPECT_THAT(book.connect(bob, fit_at(machine)), IsEmpty());
    EXPECT_TRUE(info(bob).is_committed) << "still the team's";
    EXPECT_EQ(book.idle_workers(now), 0U);
}

TEST_F(TeamTest, AMemberThatIsNoLongerFitIsReplaced) {
    book.set_fitness(bob, test::unfit("its trainer does not start"));
    EXPECT_EQ(book.idle_workers(now), 0U) << "cid stands in";
    EXPECT_THAT(called(), ElementsAre(cid));
}

TEST_F(TeamTest, AnotherLeaderGathersATeamAnew) {
    called();
    book.disconnect(ann);
    book.release(job, false, "its worker was away");
    EXPECT_EQ(reserve_team(job, 2), bob);
    EXPECT_TRUE(info(cid).is_committed);
    EXPECT_THAT(book.adopt(job, 6, bob, Hold::work), SizeIs(1)) << "cid stops helping the former leader";
    EXPECT_TRUE(info(cid).is_committed);
}

TEST_F(TeamTest, OnlyItsHolderKeepsTheFilesThatMustBeShown) {
    called();
    book.release(job, false, "the result is uploaded");
    book.adopt(job, 5, ann, Hold::files);
    EXPECT_EQ(book.idle_workers(now), 3U);
    book.set_team(job, 2);
    EXPECT_EQ(book.idle_workers(now), 3U) << "nothing is trained";
}

/// What helpers held under the lease is known from the workers themselves.
TEST_F(ReservationBookTest, AfterARestartATeamGoesOn) {
    book.connect(bob, fit_at(machine, {{job, 5}}));
    book.adopt(job, 5, ann, Hold::work);
    book.set_team(job, 2);
    EXPECT_THAT(book.set_recovered({job}), IsEmpty());
    book.connect(ann, fit_at(machine, {{job, 5}}));
    EXPECT_TRUE(info(bob).is_committed);
    EXPECT_THAT(book.connect(cid, fit_at(machine, {{job, 5}})), SizeIs(1)) << "the team is complete";
    EXPECT_FALSE(info(cid).is_committed);
    EXPECT_EQ(book.idle_workers(now), 1U);
}

TEST_F(ReservationBookTest, AfterARestartATeamWaitsForItsMembers) {
    book.adopt(job, 5, ann, Hold::work);
    book.set_team(job, 3);
    EXPECT_THAT(book.set_recovered({job}), IsEmpty());
    book.connect(ann, fit_at(machine, {{job, 5}}));
    book.connect(cid, fit_at(machine));
    EXPECT_EQ(book.idle_workers(now), 0U) << "cid stands in, and one more would";
    EXPECT_THAT(book.connect(bob, fit_at(machine, {{job, 4}})), SizeIs(1)) << "that lease is over";
    EXPECT_FALSE(info(bob).is_committed);
    EXPECT_EQ(book.idle_workers(now), 0U);
}

TEST_F(HelpersTest, AHelpersReportsDoNotStand) {
    call();
    EXPECT_EQ(book.standing(bob, job, 5), Standing::over);
    book.refuse(bob, job, 5);
    EXPECT_EQ(info(bob).helps, std::nullopt);
}

}  // namespace
}  // namespace emeth::node
