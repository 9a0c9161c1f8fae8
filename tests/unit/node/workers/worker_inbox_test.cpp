#include "node/workers/worker_inbox.hpp"

#include "support/io_fixture.hpp"

namespace emeth::node {
namespace {

using worker_protocol::PartUploaded;
using worker_protocol::Progress;
using worker_protocol::Report;

Report part(std::uint32_t number) {
    return {number, JobId{}, 1, PartUploaded{number, "etag"}};
}

Report progress(std::uint64_t step) {
    Progress body;
    body.step = step;
    return {0, JobId{}, 1, body};
}

template <class Body>
const Body& body_of(const WorkerNews& news) {
    return std::get<Body>(std::get<worker_protocol::ReportBody>(news.body));
}

class WorkerInboxTest : public test::IoFixture {
protected:
    WorkerNews next() {
        run(inbox.wait());
        WorkerNews news = *inbox.front();
        inbox.pop();
        return news;
    }
    std::uint32_t next_part() { return body_of<PartUploaded>(next()).part; }
    void run_what_is_ready() {
        io.restart();
        io.run_for(std::chrono::milliseconds(10));
    }
    WorkerInbox inbox{executor()};
};

TEST_F(WorkerInboxTest, KeepsTheOrderOfReports) {
    EXPECT_EQ(inbox.front(), nullptr);
    EXPECT_TRUE(run(inbox.put(part(1))));
    EXPECT_TRUE(run(inbox.put(part(2))));
    EXPECT_EQ(next_part(), 1u);
    EXPECT_EQ(next_part(), 2u);
    EXPECT_EQ(inbox.front(), nullptr);
}

TEST_F(WorkerInboxTest, WhatWasShownStaysFirstUntilItIsPopped) {
    EXPECT_TRUE(inbox.offer(part(1)));
    EXPECT_TRUE(inbox.offer(part(2)));
    const WorkerNews* first = inbox.front();
    inbox.put_connection({0, 1, WorkerConnected{}});
    inbox.put_progress(progress(1));
    EXPECT_EQ(inbox.front(), first);
    EXPECT_EQ(body_of<PartUploaded>(*first).part, 1u);
    inbox.pop();
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(next().body)) << "it overtakes what was not shown yet";
    EXPECT_EQ(next_part(), 2u);
}

TEST_F(WorkerInboxTest, NewerProgressAndConnectionFactsDoNotReplaceWhatWasShown) {
    inbox.put_progress(progress(1));
    const WorkerNews* shown = inbox.front();
    inbox.put_progress(progress(2));
    EXPECT_EQ(body_of<Progress>(*shown).step, 1u);
    inbox.pop();
    EXPECT_EQ(body_of<Progress>(next()).step, 2u) << "pop() removes what was shown and nothing else";

    inbox.put_connection({0, 1, WorkerDisconnected{"gone"}});
    shown = inbox.front();
    inbox.put_connection({0, 1, WorkerConnected{}});
    EXPECT_TRUE(std::holds_alternative<WorkerDisconnected>(shown->body));
    inbox.pop();
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(next().body));
}

TEST_F(WorkerInboxTest, PopRemovesNothingThatWasNotShown) {
    EXPECT_TRUE(inbox.offer(part(1)));
    inbox.pop();
    EXPECT_EQ(next_part(), 1u);
}

TEST_F(WorkerInboxTest, AFullOneMakesReportsWaitAndLosesNone) {
    for (std::uint32_t number = 1; number <= WorkerInbox::reports_max; ++number)
        ASSERT_TRUE(run(inbox.put(part(number))));
    EXPECT_FALSE(inbox.offer(part(999)));
    bool taken = false;
    asio::co_spawn(io, inbox.put(part(1'000)), [&](std::exception_ptr, bool accepted) { taken = accepted; });
    run_what_is_ready();
    EXPECT_FALSE(taken);
    inbox.put_progress(progress(1));  // never waits
    EXPECT_EQ(body_of<PartUploaded>(*inbox.front()).part, 1u);
    run_what_is_ready();
    EXPECT_FALSE(taken) << "what was shown still counts";
    inbox.pop();
    run_what_is_ready();
    EXPECT_TRUE(taken);
    for (std::uint32_t number = 2; number <= WorkerInbox::reports_max; ++number) EXPECT_EQ(next_part(), number);
    next();  // the progress
    EXPECT_EQ(next_part(), 1'000u);
}

TEST_F(WorkerInboxTest, OfProgressOnlyTheNewestCounts) {
    for (std::uint64_t step = 1; step <= 10'000; ++step) inbox.put_progress(progress(step));
    EXPECT_EQ(body_of<Progress>(next()).step, 10'000u);
    ASSERT_TRUE(run(inbox.put(part(1))));
    EXPECT_EQ(next_part(), 1u);
}

TEST_F(WorkerInboxTest, ConnectionFactsGoFirstAndTheNewestCounts) {
    ASSERT_TRUE(run(inbox.put(part(1))));
    inbox.put_connection({0, 1, WorkerConnected{}});
    inbox.put_connection({0, 1, WorkerDisconnected{"gone"}});
    const WorkerNews news = next();
    ASSERT_TRUE(std::holds_alternative<WorkerDisconnected>(news.body));
    EXPECT_EQ(std::get<WorkerDisconnected>(news.body).reason, "gone");
    EXPECT_EQ(next_part(), 1u);
}

TEST_F(WorkerInboxTest, ClosingWakesTheReaderAndTheWriter) {
    bool reader_ended = false, reader_failed = true;
    asio::co_spawn(io, inbox.wait(), [&](std::exception_ptr error) {
        reader_ended = true;
        reader_failed = error != nullptr;
    });
    run_what_is_ready();
    EXPECT_FALSE(reader_ended);
    inbox.close();
    run_what_is_ready();
    EXPECT_TRUE(reader_ended);
    EXPECT_FALSE(reader_failed) << "that the lease has ended is no exception";
    EXPECT_TRUE(inbox.closed());
}

TEST_F(WorkerInboxTest, AClosedOneTakesAndShowsNothing) {
    for (std::uint32_t number = 1; number <= WorkerInbox::reports_max; ++number) ASSERT_TRUE(inbox.offer(part(number)));
    bool ended = false, taken = true;
    asio::co_spawn(io, inbox.put(part(1'000)), [&](std::exception_ptr, bool accepted) {
        ended = true;
        taken = accepted;
    });
    run_what_is_ready();
    inbox.close();
    run_what_is_ready();
    EXPECT_TRUE(ended);
    EXPECT_FALSE(taken);
    EXPECT_FALSE(inbox.offer(part(1)));
    inbox.put_progress(progress(1));
    inbox.put_connection({0, 1, WorkerConnected{}});
    EXPECT_EQ(inbox.front(), nullptr);
    run(inbox.wait());  // at once
}

}  // namespace
}  // namespace emeth::node
