// The verifier over a real Storage API and a chain in memory.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/transaction.hpp"
#include "integration/network/storage_api_fixture.hpp"
#include "network/verifier/job_check.hpp"
#include "network/verifier/job_folder.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/task_group.hpp"
#include "storage/outbox.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::network {

/// One JOB is SUBMITTED; its check is asked for.
class VerifierTest : public StorageApi {
protected:
    VerifierTest() {
        assign_job(upload_dataset(std::string(300'000, 't')));
        result_name = upload_result("an artifact");
        submit(result_name);
        options.folder = folder / "verifier";
        options.trainer_program = "/bin/false";
        options.poll_interval = Milliseconds(50);
    }

    [[nodiscard]] Hash256 submit_block() { return run(chain.status_logs(job, 0)).value().back().block_hash; }
    [[nodiscard]] static std::int64_t now_unix_s() { return system_clock().unix_ms() / 1'000; }
    /// In the fourth block from the head.
    void submit(const std::string& result) {
        chain.submit(job, result);
        chain.mine(3);
    }
    void show_evidence() { upload_result(evidence_for(submit_block(), 100), ".evidence"); }
    [[nodiscard]] std::filesystem::path evidence_file() const {
        for (const auto& entry : std::filesystem::directory_iterator(folder / "result"))
            if (entry.path().extension() == ".evidence") return entry.path();
        return {};
    }
    static std::string evidence_for(const Hash256& block, std::size_t bytes) {
        const auto header = trainer_protocol::evidence_header(block);
        return std::string(header.begin(), header.end()) + std::string(bytes, 'e');
    }
    Result<Verdict> judged(const Hash256& block, std::int64_t submitted_at_unix_s = now_unix_s()) {
        ++clock.now_unix_ms;  // a new client does not know what the last one signed
        api_client::StorageApiClient storage(http::Url::parse(server->url()).value(), verifier, clock);
        return run(check_job(chain, storage, pool, options, job, {block, submitted_at_unix_s}));
    }

    VerifierOptions options;
    std::string result_name;
};

/// The verifier runs, with a sender of its own.
class VerifierRun : public VerifierTest {
protected:
    VerifierRun() {
        chain::SenderOptions sender_options;
        sender_options.chain_id = chain.id_of_chain;
        outbox = storage::Outbox::open(folder / "store", storage::OpenMode::read_write).value();
        client.emplace(http::Url::parse(server->url()).value(), verifier, clock);
        const chain::SenderPorts ports{chain, *outbox, pool, system_clock(), verifier};
        sender.emplace(executor(), ports, sender_options);
    }
    Task<> run_verifier() {
        TaskGroup group(executor(), 2);
        group.start(sender->run());
        group.start(judge->run());
        co_await group.join();
    }
    void start_verifier() {
        options.core = chain.network.core;
        judge.emplace(VerifierPorts{chain, *sender, *outbox, *client, system_clock(), pool}, options);
        working.emplace(io, run_verifier());
    }
    [[nodiscard]] bool sent(const chain::Bytes& data) const {
        return std::any_of(chain.broadcast.begin(), chain.broadcast.end(), [&](const chain::Bytes& raw) {
            const auto decoded = chain::decode_transaction(raw);
            return decoded.has_value() && decoded->transaction.data == data;
        });
    }
    [[nodiscard]] bool sent_in_time(const chain::Bytes& data) {
        for (int tries = 0; tries < 200 && !sent(data); ++tries) run(system_clock().sleep(Milliseconds(50)));
        return sent(data);
    }
    [[nodiscard]] bool rejected_in_time() { return sent_in_time(chain::encode_reject_result(job)); }
    [[nodiscard]] bool rejected() const { return sent(chain::encode_reject_result(job)); }
    /// The receipt of what was sent last, in the newest block.
    void mine_newest(bool succeeded) {
        const auto newest = chain::decode_transaction(chain.broadcast.back()).value();
        const chain::Block head = run(chain.latest_block()).value();
        chain::Receipt& receipt = chain.receipts[newest.hash];
        receipt.transaction = newest.hash;
        receipt.block = head.number;
        receipt.block_hash = head.hash;
        receipt.succeeded = succeeded;
        chain.transaction_counts[verifier.address()] = newest.transaction.nonce + 1;
        chain.mine(5);
    }
    /// A check that never ends.
    void hang_checks() {
        options.trainer_program = folder / "hangs";
        test::write_text(options.trainer_program, "#!/bin/sh\nexec sleep 1000\n");
        std::filesystem::permissions(options.trainer_program, std::filesystem::perms::owner_all);
        show_evidence();
    }
    [[nodiscard]] bool check_began() {
        const auto log = options.folder / job.hex().substr(2) / "trainer.log";
        for (int tries = 0; tries < 200 && !std::filesystem::exists(log); ++tries)
            run(system_clock().sleep(Milliseconds(50)));
        return std::filesystem::exists(log);
    }
    JobId submit_another(const std::string& result) {
        const auto other = repeated<JobId>(0x22);
        chain.request(other, requester.address(), "any", "{}", test::wei(1'000), now_ms / 1'000 + 3'600);
        chain.process(other, node.address());
        if (!result.empty()) chain.submit(other, result);
        chain.mine(3);
        return other;
    }

    std::unique_ptr<storage::Outbox> outbox;
    std::optional<api_client::StorageApiClient> client;
    std::optional<chain::TransactionSender> sender;
    std::optional<Verifier> judge;
    std::optional<test::Background> working;
};

}  // namespace emeth::network
