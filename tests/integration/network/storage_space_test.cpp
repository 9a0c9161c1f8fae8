// Attacks on the space of the Storage API: what it counts, sets aside and refuses.
#include "runtime/task_group.hpp"
#include "storage_api_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::network {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class StorageSpace : public StorageApi {
protected:
    StorageSpace() { assign_job("any"); }

    json::object open_for(std::uint64_t bytes) {
        json::object asked = open_body(node, upload_parts_of(bytes));
        asked["bytes"] = bytes;
        const http::ClientResponse opened = post(open_endpoint, asked);
        EXPECT_EQ(opened.status, 200u) << opened.body;
        return object(opened);
    }
    std::uint64_t counted() { return run(server->summary()).bytes_used; }
    std::uint64_t on_disk() {
        std::uint64_t bytes = 0;
        for (const std::string& file : test::files_below(folder.path()))
            if (file != "secret") bytes += std::filesystem::file_size(folder / file);
        return bytes;
    }
    static Task<> put_one(http::ClientRequest request, std::vector<unsigned>* statuses) {
        auto asking = http::request(std::move(request));
        const Result<http::ClientResponse> response = co_await std::move(asking);
        statuses->push_back(response.value().status);
    }
    Task<> put_at_once(std::string full_url, std::string body, std::size_t count, std::vector<unsigned>* statuses) {
        TaskGroup group(executor(), count);
        for (std::size_t i = 0; i < count; ++i) {
            http::ClientRequest request;
            request.method = "PUT";
            request.url = http::Url::parse(full_url).value();
            request.body = body;
            group.start(put_one(std::move(request), statuses));
        }
        auto joining = group.join();
        co_await std::move(joining);
    }
    /// The beginning of a PUT: its header, and what is given of the body.
    static std::string put_header(const std::string& full_url, const std::string& length_line,
                                  const std::string& body = {}) {
        return "PUT " + http::Url::parse(full_url).value().target + " HTTP/1.1\r\nHost: x\r\n" + length_line +
               "\r\n\r\n" + body;
    }
    std::string exchange(const std::string& bytes) {
        return run(test::raw_exchange(http::Url::parse(server->url()).value().port, bytes, Milliseconds{1'000}));
    }
    static Task<> send_and_wait(std::uint16_t port, std::string bytes) {
        auto sending = test::raw_exchange(port, std::move(bytes), Milliseconds{60'000});
        co_await std::move(sending);
    }
    /// Until what it sent has arrived.
    void start_slow_put(std::optional<test::Background>& slow, const std::string& full_url, std::size_t bytes) {
        slow.emplace(io, send_and_wait(http::Url::parse(server->url()).value().port,
                                       put_header(full_url, "Content-Length: " + std::to_string(bytes), "x")));
        for (int i = 0; i < 200 && test::files_below(folder / "incoming").empty(); ++i) pause();
        EXPECT_FALSE(test::files_below(folder / "incoming").empty());
    }
    void end_slow_put(std::optional<test::Background>& slow) {
        slow.reset();
        for (int i = 0; i < 200 && !test::files_below(folder / "incoming").empty(); ++i) pause();
        EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
    }
    void pause() {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(10));
    }
};

/// It once made the count of bytes wrap below zero, and every upload was refused from then on.
TEST_F(StorageSpace, TwelvePutsAtOnceOfAStoredPartAreCountedExactly) {
    const json::object upload = open_upload(1);
    put_part(upload, 0, full_part('a'));
    std::vector<unsigned> statuses;
    for (int round = 0; round < 5; ++round) run(put_at_once(part_url(upload, 0), "x", 12, &statuses));
    EXPECT_EQ(statuses.size(), 60u);
    EXPECT_THAT(statuses, Each(AnyOf(200u, 503u)));
    EXPECT_EQ(counted(), on_disk());
    upload_result("another one is taken as before");
    EXPECT_EQ(counted(), on_disk());
    start();
    EXPECT_EQ(counted(), on_disk()) << "as it is counted at the start";
}

TEST_F(StorageSpace, PutsDuringCompletionAreCountedExactly) {
    const json::object upload = open_upload(2);
    const std::vector<std::string> etags{put_part(upload, 0, full_part('a')), put_part(upload, 1, "end")};
    std::vector<unsigned> statuses;
    const test::Background putting(io, put_at_once(part_url(upload, 1), "x", 8, &statuses));
    const unsigned completed = complete(upload, etags).status;
    EXPECT_THAT(completed, AnyOf(200u, 409u, 503u));
    for (int i = 0; i < 500 && !putting.ended(); ++i) pause();
    EXPECT_THAT(statuses, Each(AnyOf(200u, 409u, 503u)));
    EXPECT_EQ(counted(), on_disk());
}

/// A URL for one byte once took 4 GiB.
TEST_F(StorageSpace, AUrlIsGoodForTheLengthThatWasAnnounced) {
    const json::object announced = dataset_announcement(requester, repeated<JobId>(0x22), "x");
    const std::string dataset = text(post("requester/signed-put-url", announced), "url");
    const json::object upload = open_upload(2.0000001);
    for (const std::string& url : {dataset, part_url(upload, 0), part_url(upload, 2)})
        EXPECT_THAT(exchange(put_header(url, "Content-Length: 4294967296")),
                    AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 413")));
    EXPECT_EQ(put(dataset, "xx").status, 400u);
    EXPECT_EQ(put(part_url(upload, 0), "short").status, 400u);
    const http::ClientResponse too_long = put(part_url(upload, 2), std::string(70'000, 'x'));
    EXPECT_EQ(too_long.status, 400u);
    EXPECT_THAT(too_long.body, HasSubstr("part 3 must have max-6553"));
    EXPECT_EQ(put(part_url(upload, 2), std::string(65'000, 'x')).status, 200u) << "partNum may have been rounded";
    EXPECT_EQ(put(dataset, "x").status, 200u);
    EXPECT_THAT(test::files_below(folder / "incoming"), IsEmpty());
}

TEST_F(StorageSpace, ALengthMustBeAnnounced) {
    const std::string url = part_url(open_upload(1), 0);
    EXPECT_THAT(exchange(put_header(url, "Transfer-Encoding: chunked", "1\r\nx\r\n0\r\n\r\n")),
                StartsWith("HTTP/1.1 411"));
    EXPECT_THAT(exchange(put_header(url, "X-None: x")), StartsWith("HTTP/1.1 411"));
    EXPECT_THAT(exchange(put_header(url, "Content-Length: 1", "x")), StartsWith("HTTP/1.1 200"));
}

TEST_F(StorageSpace, ASizeThatIsGivenBindsTheLastPart) {
    const json::object upload = open_for(10'000'003);
    EXPECT_EQ(put(part_url(upload, 1), "12").status, 400u);
    EXPECT_EQ(put(part_url(upload, 1), "1234").status, 400u);
    EXPECT_EQ(put(part_url(upload, 1), "123").status, 200u);
    for (const json::value& wrong : {json::value(10'000'000), json::value(20'000'001), json::value(-1)}) {
        json::object asked = open_body(node, 2);
        asked["bytes"] = wrong;
        EXPECT_EQ(post(open_endpoint, asked).status, 400u) << wrong;
    }
}

TEST_F(StorageSpace, APartIsPutByOneAtATime) {
    const json::object upload = open_upload(1);
    std::optional<test::Background> slow;
    start_slow_put(slow, part_url(upload, 0), 100);
    const http::ClientResponse refused = put(part_url(upload, 0), "second");
    EXPECT_EQ(refused.status, 503u);
    EXPECT_THAT(refused.body, HasSubstr("ask again"));
    end_slow_put(slow);
    EXPECT_EQ(put(part_url(upload, 0), "second").status, 200u);
}

/// One connection once filled the disk under everybody's hands.
TEST_F(StorageSpace, SpaceIsSetAsideBeforeABodyIsReadAndFreedWithItsConnection) {
    limits.total_bytes_max = 2'000;
    start();
    const json::object slow_upload = open_for(900), other = open_for(900);
    std::optional<test::Background> slow;
    start_slow_put(slow, part_url(slow_upload, 0), 900);
    const http::ClientResponse refused = put(part_url(other, 0), std::string(900, 'x'));
    EXPECT_EQ(refused.status, 507u);
    EXPECT_THAT(refused.body, HasSubstr("900 are promised to uploads that run, 900 more were asked for"));
    end_slow_put(slow);
    EXPECT_EQ(put(part_url(other, 0), std::string(900, 'x')).status, 200u);
    EXPECT_EQ(counted(), on_disk());
}

TEST_F(StorageSpace, AnAddressHasAQuota) {
    limits.address_bytes_max = 1'000;
    start();
    const std::string content(600, 'x');
    const http::ClientResponse first =
        post("requester/signed-put-url", dataset_announcement(requester, repeated<JobId>(0x22), content));
    const http::ClientResponse second =
        post("requester/signed-put-url", dataset_announcement(requester, repeated<JobId>(0x33), content));
    ASSERT_EQ(put(text(first, "url"), content).status, 200u);
    const http::ClientResponse refused = put(text(second, "url"), content);
    EXPECT_EQ(refused.status, 507u);
    EXPECT_THAT(refused.body, HasSubstr("the quota of " + requester.address().hex() + " is used up: 600 of 1000"));
    start();
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(requester, repeated<JobId>(0x33), content)).status,
              507u);
    EXPECT_EQ(post("requester/signed-put-url", dataset_announcement(stranger, content)).status, 403u);
    put_part(open_for(600), 0, content);
}

TEST_F(StorageSpace, AJobHasAQuotaThatAFinishedUploadDoesNotNeedTwice) {
    limits.job_bytes_max = 11'000'000;
    start();
    const json::object upload = open_upload(1);
    const std::string etag = put_part(upload, 0, full_part('a'));
    const http::ClientResponse refused = post(open_endpoint, open_body(node, 1));
    EXPECT_EQ(refused.status, 507u);
    EXPECT_THAT(refused.body, HasSubstr("the quota of JOB " + job.hex() + " is used up"));
    EXPECT_EQ(complete(upload, {etag}).status, 200u);
    EXPECT_EQ(counted(), on_disk());
    start();
    EXPECT_EQ(post(open_endpoint, open_body(node, 1)).status, 507u) << "its result counts";
    EXPECT_EQ(post(open_endpoint, open_body(node, 0.01)).status, 200u);
}

}  // namespace
}  // namespace emeth::network
