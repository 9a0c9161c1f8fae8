// What the verifier tells the Storage API of a rejection: at once, or once it can.
#include "network/verifier/reason_sender.hpp"

#include "integration/network/storage_api_fixture.hpp"
#include "support/raw_http.hpp"

namespace emeth::network {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReasonSenderTest : public StorageApi {
protected:
    ReasonSenderTest() {
        assign_job("x");
        chain.submit(job, "result");
    }
    void send_by(const crypto::PrivateKey& key, const std::string& reason = "the artifact is no tar") {
        api_client::StorageApiClient storage(http::Url::parse(server->url()).value(), key, clock);
        ReasonSender sender(storage, clock, unsent);
        run(sender.send(job, block, reason));
    }
    [[nodiscard]] std::optional<api_client::VerdictReason> kept() {
        api_client::StorageApiClient storage(http::Url::parse(server->url()).value(), stranger, clock);
        return run(storage.verdict_reason(job)).value();
    }
    /// The next process of the verifier, which has nothing to reject.
    void restart_verifier() {
        later.emplace(http::Url::parse(server->url()).value(), verifier, clock);
        resender.emplace(*later, clock, unsent);
        resending.emplace(io, resender->run());
    }
    [[nodiscard]] bool nothing_is_unsent() {
        for (int tries = 0; tries < 200 && !test::files_below(unsent).empty(); ++tries)
            run(system_clock().sleep(Milliseconds(20)));
        return test::files_below(unsent).empty();
    }

    const Hash256 block = repeated<Hash256>(0xb1);
    const std::filesystem::path unsent = folder / "unsent";
    std::optional<api_client::StorageApiClient> later;
    std::optional<ReasonSender> resender;
    std::optional<test::Background> resending;
};

TEST_F(ReasonSenderTest, TellsAnyTextAsOneLine) {
    send_by(verifier, "caf\xe9\n" + std::string(5'000, 'x'));
    ASSERT_TRUE(kept());
    EXPECT_EQ(kept()->submit_block, block);
    EXPECT_TRUE(api_client::is_verdict_reason(kept()->text));
    EXPECT_TRUE(kept()->text.starts_with("caf\\xe9\\x0axxx")) << kept()->text;
    EXPECT_FALSE(std::filesystem::exists(unsent));
}

TEST_F(ReasonSenderTest, KeepsWhatItCannotTellForTheNextProcess) {
    chain.failure = transient_error("connection refused");  // the Storage API answers 503
    send_by(verifier);
    EXPECT_THAT(test::files_below(unsent), SizeIs(1));
    chain.failure.reset();
    EXPECT_EQ(kept(), std::nullopt);
    restart_verifier();
    EXPECT_TRUE(nothing_is_unsent());
    ASSERT_TRUE(kept());
    EXPECT_EQ(kept()->text, "the artifact is no tar");
    EXPECT_EQ(kept()->submit_block, block);
}

TEST_F(ReasonSenderTest, DropsWhatIsRefusedForGood) {
    send_by(stranger);
    EXPECT_FALSE(std::filesystem::exists(unsent));
    chain.failure = transient_error("connection refused");
    send_by(verifier);
    chain.failure.reset();
    chain.verify(job, 5);
    test::write_text(unsent / "11.json", "no reason");
    test::write_text(unsent / (std::string(32, '3') + ".json"), "no reason either");
    restart_verifier();
    EXPECT_TRUE(nothing_is_unsent());
    EXPECT_EQ(kept(), std::nullopt);
}

TEST_F(ReasonSenderTest, AnotherVerdictReplacesWhatWasNotSent) {
    chain.failure = transient_error("connection refused");
    send_by(verifier, "first");
    chain.failure.reset();
    send_by(verifier, "second");
    EXPECT_THAT(test::files_below(unsent), IsEmpty());
    EXPECT_EQ(kept()->text, "second");
}

/// A Storage API without our extension.
TEST_F(ReasonSenderTest, ReturnsWhereNobodyWantsToKnow) {
    test::CannedServer published(executor(), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    const test::Background answering(io, published.run());
    api_client::StorageApiClient storage(
        http::Url::parse(fmt::format("http://127.0.0.1:{}/", published.port())).value(), verifier, clock);
    ReasonSender sender(storage, clock, unsent);
    run(sender.send(job, block, "the artifact is no tar"));
    EXPECT_FALSE(std::filesystem::exists(unsent));
    EXPECT_EQ(run(storage.verdict_reason(job)).value(), std::nullopt);
}

}  // namespace
}  // namespace emeth::network
