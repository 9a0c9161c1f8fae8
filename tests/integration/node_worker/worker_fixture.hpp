// A master's hub, a storage server and a worker with a scripted trainer, all on loopback. The test plays the pipeline.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <vector>

#include "crypto/sha256.hpp"
#include "master_fixture.hpp"
#include "runtime/process_stat.hpp"
#include "support/temporary_folder.hpp"
#include "worker/worker.hpp"

namespace emeth::test {

inline std::filesystem::path test_program(const std::string& name) {
    const char* folder = std::getenv("EMETH_BIN_DIR");
    return std::filesystem::path(folder == nullptr ? "bin" : folder) / name;
}

/// Serves the dataset and accepts parts, as the Storage API does behind its signed URLs.
class FakeStorage {
public:
    explicit FakeStorage(const asio::any_io_executor& executor) : server_(executor, {}) {
        server_.route("GET", "/dataset", 0,
                      [this](http::ServerRequest request) { return dataset_request(std::move(request)); });
        server_.route("PUT", "/part/{number}", 11'000'000,
                      [this](http::ServerRequest request) { return put(std::move(request)); });
        server_.listen().value();
    }
    Task<> run() { return server_.run(); }
    [[nodiscard]] std::string dataset_url() const { return server_.url() + "/dataset?signature=secret"; }
    [[nodiscard]] std::string part_url(std::uint32_t part) const {
        return fmt::format("{}/part/{}?signature=secret", server_.url(), part);
    }

    std::string dataset = std::string(50'000, 'e');
    std::vector<unsigned> dataset_statuses;  ///< for the next requests, before 200 for all others
    std::vector<unsigned> put_statuses;
    std::vector<std::string> etags;  ///< answered to the next parts that are taken, before "1", "2", … by their numbers
    std::size_t dataset_requests = 0;
    std::size_t puts = 0;
    std::map<std::uint32_t, std::string> parts;

private:
    static std::optional<unsigned> next(std::vector<unsigned>& statuses) {
        if (statuses.empty()) return std::nullopt;
        const unsigned status = statuses.front();
        statuses.erase(statuses.begin());
        return status;
    }
    Task<http::Answer> dataset_request(http::ServerRequest) {
        ++dataset_requests;
        if (const auto status = next(dataset_statuses)) co_return http::Refusal(*status, "not now");
        http::ServerResponse response;
        response.content_type = "application/octet-stream";
        response.body = dataset;
        co_return response;
    }
    Task<http::Answer> put(http::ServerRequest request) {
        ++puts;
        if (const auto status = next(put_statuses)) co_return http::Refusal(*status, "not now");
        const auto part = static_cast<std::uint32_t>(std::stoul(request.captures.at("number")));
        parts[part] = std::move(request.body);
        http::ServerResponse response;
        response.headers["etag"] = fmt::format("\"{}\"", part);
        if (!etags.empty()) {
            response.headers["etag"] = etags.front();
            etags.erase(etags.begin());
        }
        co_return response;
    }

    http::Server server_;
};

class WorkerFixture : public MasterFixture {
protected:
    void SetUp() override {
        start();
        hub->set_recovered({});
        storage = std::make_unique<FakeStorage>(executor());
        serving_storage = std::make_unique<Background>(io, storage->run());
    }
    void TearDown() override {
        stop_worker();
        serving_storage.reset();
        storage.reset();
        stop();
    }

    /// See fake_trainer.cpp.
    void script(const std::string& text) { write_text(data / "trainer_script", text); }
    [[nodiscard]] std::vector<std::pair<pid_t, std::uint64_t>> trainer_starts() const {
        std::vector<std::pair<pid_t, std::uint64_t>> starts;
        std::ifstream file(data / "trainer_starts");
        pid_t pid = 0;
        for (std::uint64_t step = 0; file >> pid >> step;) starts.emplace_back(pid, step);
        return starts;
    }

    /// `master`: what it dials, if that is not the master itself.
    void start_worker(std::optional<http::Url> master = {}) {
        settings.master = master.value_or(session_url());
        settings.data = data.path();
        settings.trainer = test_program("emeth-fake-trainer");
        settings.reconnect = {Milliseconds(20), 2, Milliseconds(100), 0};
        settings.trainer_restart = {Milliseconds(20), 2, Milliseconds(100), 0};
        settings.part_retry = {Milliseconds(20), 2, Milliseconds(100), 0};
        worker =
            std::make_unique<worker::Worker>(executor(), settings, worker_key, pool, system_clock(), system_random());
        working = std::make_unique<Background>(io, run_worker());
    }
    void stop_worker() {
        working.reset();
        worker.reset();
    }
    Task<> run_worker() {
        const Result<void> result = co_await worker->run();
        result.value();
    }

    worker_protocol::Assign assign(std::uint64_t lease) const {
        worker_protocol::Assign order;
        order.job = job;
        order.lease = lease;
        order.spec = {job, "en", 2, "nano"};
        order.dataset_url = storage->dataset_url();
        order.dataset_bytes = 50'000;
        return order;
    }
    /// Waits for the worker, leases the JOB to it and sends the order.
    void lease(std::uint64_t number) {
        const Address address = run(hub->reserve(job, {}));
        EXPECT_EQ(address, worker_key.address());
        adopt(job, number, address);
        EXPECT_TRUE(std::holds_alternative<node::WorkerConnected>(news(job).body));
        run(hub->order(assign(number)));
    }
    /// Leases the JOB to a worker that is started for it, and lets it train to the end.
    statemachine::Artifact train() {
        start_worker();
        lease(1);
        return await<worker_protocol::Trained>().artifact;
    }
    /// The next report of a kind. Acknowledges it and all before it, none of which may be a failure.
    template <class Body>
    Body await() {
        for (;;) {
            const node::WorkerNews next_news = news(job);
            const auto* body = std::get_if<worker_protocol::ReportBody>(&next_news.body);
            if (body == nullptr) continue;
            if (next_news.report_id != 0) run(hub->acknowledge(job, next_news.report_id));
            if (const auto* wanted = std::get_if<Body>(body)) return *wanted;
            if (const auto* failed = std::get_if<worker_protocol::StepFailed>(body))
                throw std::runtime_error("unexpected failure of " + failed->step + ": " + failed->message);
        }
    }
    void order_upload(const statemachine::Artifact& artifact, std::uint64_t lease_number,
                      std::vector<std::uint32_t> parts) {
        worker_protocol::Upload order{job, lease_number, artifact.sha256, {}, "upload-7"};
        for (const std::uint32_t part : parts) order.urls[part] = storage->part_url(part);
        run(hub->order(order));
    }
    /// True even if the process has not been reaped yet.
    [[nodiscard]] static bool is_dead(pid_t process) {
        const auto stat = read_process_stat(process);
        return !stat || stat->has_ended();
    }
    [[nodiscard]] std::filesystem::path job_folder() const { return data.path() / "jobs" / job.hex(); }

    const JobId job = job_id(0x77);
    TemporaryFolder data;
    crypto::PrivateKey worker_key = crypto::PrivateKey::generate(system_random());
    worker::WorkerSettings settings;
    BlockingPool pool{1};
    std::unique_ptr<FakeStorage> storage;
    std::unique_ptr<Background> serving_storage;
    std::unique_ptr<worker::Worker> worker;
    std::unique_ptr<Background> working;
};

}  // namespace emeth::test
