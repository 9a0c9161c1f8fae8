// What a verifier keeps over a restart: what it fetched, and its verdict until that is on chain.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <map>
#include <set>

#include "chain/gas.hpp"
#include "integration/network/verifier_fixture.hpp"
#include "network/verifier/kept_file.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::network {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class KeptFiles : public VerifierTest {
protected:
    KeptFiles() {
        show_evidence();
        fetch_all();
        for (const char* name : {"dataset", "artifact.tar", "evidence"}) fetched[name] = test::read_text(kept(name));
    }
    [[nodiscard]] fs::path kept(const std::string& name) const { return job_folder(options.folder, job) / name; }
    /// All three are there when the trainer starts, which ends at once.
    void fetch_all() { EXPECT_THAT(judged(submit_block()).error().message, HasSubstr("emeth-trainer ended by exit")); }
    [[nodiscard]] fs::path stored(const std::string& name) const {
        if (name == "dataset") return folder / "dataset" / chain.jobs.at(job).details.dataset;
        if (name == "artifact.tar") return folder / "result" / result_name;
        return evidence_file();
    }
    /// Other content of the same size and time, by which a second download would show.
    void swap_stored(const std::string& name) {
        const auto time = fs::last_write_time(stored(name));
        std::string content = test::read_text(stored(name));
        content.back() ^= 1;
        test::write_text(stored(name), content);
        fs::last_write_time(stored(name), time);
    }

    std::map<std::string, std::string> fetched;
};

TEST_F(KeptFiles, AreNotFetchedAgain) {
    for (const auto& [name, content] : fetched) swap_stored(name);
    fetch_all();
    for (const auto& [name, content] : fetched) EXPECT_EQ(test::read_text(kept(name)), content) << name;
}

TEST_F(KeptFiles, AreFetchedAgainWhereTheyAreDamaged) {
    for (const auto& [name, content] : fetched) {
        std::string damaged = content;
        damaged[damaged.size() / 2] ^= 1;
        for (const std::string& other : {damaged, content.substr(0, content.size() / 2), std::string()}) {
            test::write_text(kept(name), other);
            fetch_all();
            EXPECT_EQ(test::read_text(kept(name)), content) << name << ", " << other.size() << " bytes";
        }
        fs::remove(kept(name));
        fetch_all();
        EXPECT_EQ(test::read_text(kept(name)), content) << name;
    }
}

TEST_F(KeptFiles, AreFetchedAgainWhereTheRecordIsDamagedOrMissing) {
    for (const auto& [name, content] : fetched) {
        const fs::path record = kept(name + ".fetched");
        const std::string whole = test::read_text(record);
        for (const std::string& other :
             {std::string(), std::string("{"), whole.substr(0, 100), std::string(5'000, ' ')}) {
            test::write_text(record, other);
            test::write_text(kept(name), std::string(content.size(), 'x'));
            fetch_all();
            EXPECT_EQ(test::read_text(kept(name)), content) << name;
            EXPECT_EQ(test::read_text(record), whole) << name;
        }
        fs::remove(record);
        test::write_text(kept(name), std::string(content.size(), 'x'));
        fetch_all();
        EXPECT_EQ(test::read_text(kept(name)), content) << name;
    }
}

/// What a kill in the middle of a download leaves.
TEST_F(KeptFiles, APartialDownloadIsStartedAgain) {
    fs::remove(kept("dataset"));
    test::write_text(kept("dataset.download"), fetched["dataset"].substr(0, 1'000));
    fetch_all();
    EXPECT_EQ(test::read_text(kept("dataset")), fetched["dataset"]);
    EXPECT_FALSE(fs::exists(kept("dataset.download")));
}

TEST_F(KeptFiles, AreFetchedAgainWhereTheStorageApiHasOthers) {
    const std::string other = evidence_for(submit_block(), 200);
    const fs::path old = stored("evidence");
    upload_result(other, ".evidence");
    fs::remove(old);
    fetch_all();
    EXPECT_EQ(test::read_text(kept("evidence")), other) << "another size";

    std::string same_size = other;
    same_size.back() ^= 1;
    test::write_text(stored("evidence"), same_size);
    fs::last_write_time(stored("evidence"), fs::last_write_time(stored("evidence")) + std::chrono::seconds(5));
    fetch_all();
    EXPECT_EQ(test::read_text(kept("evidence")), same_size) << "stored at another time";
}

/// The draw of another block needs other evidence, even if it has the same size and came in the same second.
TEST_F(KeptFiles, EvidenceOfAnotherDrawIsFetchedAgain) {
    const auto time = fs::last_write_time(stored("evidence"));
    chain.reorganise(4, 1);
    submit(result_name);
    const Verdict verdict = judged(submit_block()).value();
    EXPECT_TRUE(verdict.may_pass_later);
    EXPECT_THAT(verdict.reason, HasSubstr("not for the draw of the block"));
    const std::string other = evidence_for(submit_block(), 100);
    test::write_text(stored("evidence"), other);
    fs::last_write_time(stored("evidence"), time);
    fetch_all();
    EXPECT_EQ(test::read_text(kept("evidence")), other);
}

/// A file that passes for the artifact must have the digest that the submit names, whatever the record says.
TEST_F(KeptFiles, ARecordLendsNoDigest) {
    swap_stored("artifact.tar");
    const std::string forged = test::read_text(stored("artifact.tar"));
    test::write_text(kept("artifact.tar"), forged);
    const auto time = fs::last_write_time(stored("artifact.tar")).time_since_epoch();
    const auto stored_at = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::file_clock::to_sys(fs::file_time_type(time)).time_since_epoch());
    ASSERT_TRUE(keep(kept("artifact.tar"), {"artifact/" + result_name, forged.size(), stored_at.count()},
                     crypto::sha256(forged)));
    EXPECT_THAT(judged(submit_block()).value().reason, HasSubstr("what was submitted names"));
}

/// A verifier in a process of its own, which its trainer's first act kills with SIGKILL: all is fetched by then.
class KilledVerifier : public KeptFiles {
protected:
    KilledVerifier() { fs::remove_all(options.folder); }
    /// Never returns: the process is killed, or ends with another status.
    [[noreturn]] void check_until_killed() {
        options.trainer_program = folder / "kills";
        test::write_text(options.trainer_program, fmt::format("#!/bin/sh\nkill -KILL {}\n", ::getpid()));
        fs::permissions(options.trainer_program, fs::perms::owner_all);
        asio::io_context own{1};
        BlockingPool inline_pool{0};
        // After the fixture's own client, whose signatures it would else repeat.
        clock.now_unix_ms += 1'000;
        api_client::StorageApiClient storage(http::Url::parse(server->url()).value(), verifier, clock);
        asio::co_spawn(own, check_job(chain, storage, inline_pool, options, job, {block, now_unix_s()}),
                       [](std::exception_ptr, const Result<Verdict>&) {});
        own.run();
        ::_exit(1);
    }
    /// waitpid's status.
    int run_until_killed() {
        const pid_t process = ::fork();
        if (process == 0) check_until_killed();
        int status = 0;
        while (::waitpid(process, &status, WNOHANG) == 0) run(system_clock().sleep(Milliseconds(20)));
        return status;
    }

    Hash256 block = submit_block();
};

TEST_F(KilledVerifier, LeavesWhatItFetched) {
    const int status = run_until_killed();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    for (const auto& [name, content] : fetched) swap_stored(name);
    fetch_all();
    for (const auto& [name, content] : fetched) EXPECT_EQ(test::read_text(kept(name)), content) << name;
}

/// The trainer's part is played by a script that counts its runs and always says that the artifact is good.
class KeptVerdict : public VerifierRun {
protected:
    KeptVerdict() {
        trainer_protocol::Checked good;
        good.passed = true;
        const std::string body = json::serialize(trainer_protocol::to_json(trainer_protocol::TrainerReport(good)));
        std::string message;
        for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>(body.size() >> shift));
        test::write_text(folder / "answer", message + body);
        options.trainer_program = folder / "trainer";
        test::write_text(options.trainer_program, fmt::format("#!/bin/sh\necho run >> {}\ncat {} >&3\n",
                                                              runs_file().string(), (folder / "answer").string()));
        fs::permissions(options.trainer_program, fs::perms::owner_all);
        show_evidence();
        verify = chain::encode_verify(job, run(chain::dataset_gas(chain, 300'000)).value());
    }
    [[nodiscard]] fs::path runs_file() const { return folder / "runs"; }
    [[nodiscard]] std::size_t runs() const {
        const std::string text = test::read_text(runs_file());
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    [[nodiscard]] fs::path verdict_file() const { return job_folder(options.folder, job) / "verdict"; }
    [[nodiscard]] bool in_time(const std::function<bool()>& condition) {
        for (int tries = 0; tries < 200 && !condition(); ++tries) run(system_clock().sleep(Milliseconds(50)));
        return condition();
    }
    /// Of distinct transactions, however often each was broadcast.
    [[nodiscard]] std::size_t nonces_sent() const {
        std::set<std::uint64_t> nonces;
        for (const chain::Bytes& raw : chain.broadcast)
            nonces.insert(chain::decode_transaction(raw)->transaction.nonce);
        return nonces.size();
    }
    void stop_verifier() {
        working.reset();
        judge.reset();
    }
    /// The verdict is reached, but no transaction can be made.
    void judge_and_stop() {
        chain.reverts_with = "not now";
        start_verifier();
        ASSERT_TRUE(in_time([this] { return fs::exists(verdict_file()); }));
        stop_verifier();
        EXPECT_FALSE(sent(verify));
        EXPECT_EQ(runs(), 1u);
        chain.reverts_with.reset();
    }

    chain::Bytes verify;
};

/// It waits for no turn either: here no check ever gets one.
TEST_F(KeptVerdict, IsSentByTheNextVerifierWithoutAnotherCheck) {
    judge_and_stop();
    options.budget = {0, 0};
    start_verifier();
    EXPECT_TRUE(sent_in_time(verify));
    EXPECT_EQ(runs(), 1u);
}

/// A second one would revert as soon as the first is mined, and cost its gas.
TEST_F(KeptVerdict, IsNotSentAgainWhileItsTransactionIsNotMined) {
    start_verifier();
    ASSERT_TRUE(sent_in_time(verify));
    stop_verifier();
    const std::size_t broadcast = chain.broadcast.size();
    start_verifier();
    ASSERT_TRUE(in_time([&] { return chain.broadcast.size() > broadcast; }));
    mine_newest(true);
    ASSERT_TRUE(in_time([&] { return !judge->view().verdicts.empty(); }));
    EXPECT_EQ(judge->view().verdicts.front().decision, Decision::passed);
    EXPECT_EQ(nonces_sent(), 1u);
    EXPECT_EQ(runs(), 1u);
}

TEST_F(KeptVerdict, IsSentAgainIfItsTransactionReverted) {
    start_verifier();
    ASSERT_TRUE(sent_in_time(verify));
    mine_newest(false);
    EXPECT_TRUE(in_time([this] { return nonces_sent() == 2; }));
    EXPECT_EQ(runs(), 1u);
}

/// Killed after it had signed a rejection, since the evidence was missing, it finds that evidence when it is back.
TEST_F(KeptVerdict, FollowsNoOtherThatTookEffect) {
    const auto shown = evidence_file();
    fs::rename(shown, folder / "elsewhere");
    options.patience = Milliseconds(0);
    start_verifier();
    ASSERT_TRUE(rejected_in_time());
    stop_verifier();
    fs::rename(folder / "elsewhere", shown);
    mine_newest(true);
    start_verifier();
    EXPECT_TRUE(in_time([this] {
        const VerifierView view = judge->view();
        return runs() == 1 && view.unjudged_total == 1 && view.unjudged[0].stage == CheckStage::postponed;
    }));
    EXPECT_EQ(nonces_sent(), 1u);
    EXPECT_FALSE(sent(verify));
}

TEST_F(KeptVerdict, IsVoidWhenTheSubmitMoves) {
    judge_and_stop();
    chain.reorganise(4, 1);
    submit(result_name);
    show_evidence();
    start_verifier();
    EXPECT_TRUE(sent_in_time(verify));
    EXPECT_EQ(runs(), 2u);
}

TEST_F(KeptVerdict, IsVoidUnderOtherRules) {
    judge_and_stop();
    ++options.rules.draws;
    start_verifier();
    EXPECT_TRUE(sent_in_time(verify));
    EXPECT_EQ(runs(), 2u);
}

TEST_F(KeptVerdict, IsNoneWhenItIsDamaged) {
    judge_and_stop();
    std::string record = test::read_text(verdict_file());
    record.replace(record.find("true"), 4, "false");
    test::write_text(verdict_file(), record);
    start_verifier();
    EXPECT_TRUE(sent_in_time(verify));
    EXPECT_FALSE(rejected());
    EXPECT_EQ(runs(), 2u);
}

TEST_F(KeptVerdict, GoesWithTheFolderOfAJobThatEndedWhileTheVerifierWasDown) {
    judge_and_stop();
    chain.verify(job, 1);
    const fs::path unknown = job_folder(options.folder, repeated<JobId>(0x77));
    fs::create_directories(unknown);
    start_verifier();
    EXPECT_TRUE(in_time([this] { return !fs::exists(job_folder(options.folder, job)); }));
    EXPECT_TRUE(fs::exists(unknown)) << "this chain, or this endpoint, does not know it";
    EXPECT_FALSE(sent(verify));
}

TEST_F(KeptVerdict, NothingOfASubmittedJobIsRemoved) {
    judge_and_stop();
    chain.reverts_with = "not yet";
    start_verifier();
    const JobId other = submit_another("model.pt");
    EXPECT_TRUE(in_time([&] { return fs::exists(job_folder(options.folder, other)); })) << "and so it was looked at";
    EXPECT_TRUE(fs::exists(verdict_file()));
    EXPECT_TRUE(fs::exists(job_folder(options.folder, job) / "artifact.tar"));
}

}  // namespace
}  // namespace emeth::network
