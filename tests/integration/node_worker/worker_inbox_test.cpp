#include "node/workers/worker_inbox.hpp"

#include <boost/system/system_error.hpp>

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

class WorkerInboxTest : public test::IoFixture {
protected:
    WorkerNews next() { return run(inbox.next()); }
    std::uint32_t next_part() {
        const WorkerNews news = next();
        return std::get<PartUploaded>(std::get<worker_protocol::ReportBody>(news.body)).part;
    }
    WorkerInbox inbox{executor()};
};

TEST_F(WorkerInboxTest, KeepsTheOrderOfReports) {
    EXPECT_TRUE(run(inbox.put(part(1))));
    EXPECT_TRUE(run(inbox.put(part(2))));
    EXPECT_EQ(next_part(), 1u);
    EXPECT_EQ(next_part(), 2u);
}

TEST_F(WorkerInboxTest, AFullOneMakesReportsWaitAndLosesNone) {
    for (std::uint32_t number = 1; number <= WorkerInbox::reports_max; ++number)
        ASSERT_TRUE(run(inbox.put(part(number))));
    bool taken = false;
    asio::co_spawn(io, inbox.put(part(1'000)), [&](std::exception_ptr, bool accepted) { taken = accepted; });
    io.run_for(std::chrono::milliseconds(0));
    EXPECT_FALSE(taken);
    inbox.put_progress(progress(1));  // never waits
    EXPECT_EQ(next_part(), 1u);
    io.restart();
    io.run_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(taken);
    for (std::uint32_t number = 2; number <= WorkerInbox::reports_max; ++number) EXPECT_EQ(next_part(), number);
    next();  // the progress
    EXPECT_EQ(next_part(), 1'000u);
}

TEST_F(WorkerInboxTest, OfProgressOnlyTheNewestCounts) {
    for (std::uint64_t step = 1; step <= 10'000; ++step) inbox.put_progress(progress(step));
    const WorkerNews news = next();
    EXPECT_EQ(std::get<Progress>(std::get<worker_protocol::ReportBody>(news.body)).step, 10'000u);
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
    bool reader_ended = false;
    asio::co_spawn(io, inbox.next(), [&](std::exception_ptr error, WorkerNews) { reader_ended = error != nullptr; });
    io.run_for(std::chrono::milliseconds(0));
    inbox.close();
    io.restart();
    io.run_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(reader_ended);
    EXPECT_FALSE(run(inbox.put(part(1))));
    EXPECT_THROW(next(), boost::system::system_error);
}

}  // namespace
}  // namespace emeth::node
