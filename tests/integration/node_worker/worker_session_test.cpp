#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <deque>

#include "runtime/child_process.hpp"
#include "worker_fixture.hpp"

namespace emeth::test {
namespace {

using namespace worker_protocol;
using ::testing::HasSubstr;

class WorkerSessionTest : public WorkerFixture {
protected:
    void wait_ms(int duration) { run(sleep_for(duration)); }
    static Task<> sleep_for(int duration) { co_await system_clock().sleep(Milliseconds(duration)); }
    /// As after kill -9 of the master: the hub knows nothing, then adopts the leases from the store.
    void restart_master(std::uint64_t lease_number) {
        stop();
        start();
        adopt(job, lease_number, worker_key.address());
        hub->set_recovered({job});
    }
    void await_connection() {
        while (!std::holds_alternative<node::WorkerConnected>(news(job).body)) {
        }
    }
    /// The next durable report, not acknowledged.
    std::pair<std::uint64_t, ReportBody> unacknowledged() {
        for (;;) {
            const node::WorkerNews next_news = news(job);
            if (next_news.report_id != 0) return {next_news.report_id, std::get<ReportBody>(next_news.body)};
        }
    }
};

TEST_F(WorkerSessionTest, ReportsAreRepeatedAfterAReconnectUntilAcknowledged) {
    script("4 1000 1\n");
    start_worker();
    lease(1);
    std::optional<std::uint64_t> ready;
    std::optional<std::uint64_t> trained;
    while (!trained) {
        const auto [id, body] = unacknowledged();
        if (std::holds_alternative<DatasetReady>(body)) ready = id;
        if (std::holds_alternative<Trained>(body)) trained = id;
    }
    ASSERT_TRUE(ready);
    restart_master(1);
    await_connection();
    EXPECT_EQ(unacknowledged().first, *ready);
    run(hub->acknowledge(job, *ready));
    wait_ms(50);
    restart_master(1);
    await_connection();
    for (;;) {
        const auto [id, body] = unacknowledged();
        EXPECT_NE(id, *ready);
        if (id == *trained) break;
    }
}

TEST_F(WorkerSessionTest, DurableReportsSurviveTheWorkerUntilAcknowledged) {
    script("4 1000 1\n");
    start_worker();
    lease(1);
    while (!std::holds_alternative<Trained>(unacknowledged().second)) {
    }
    stop_worker();
    start_worker();
    await_connection();
    EXPECT_TRUE(std::holds_alternative<DatasetReady>(unacknowledged().second));
    const auto [id, body] = unacknowledged();
    ASSERT_TRUE(std::holds_alternative<Trained>(body));
    run(hub->acknowledge(job, id));
    wait_ms(100);
    stop_worker();
    start_worker();
    await_connection();
    EXPECT_TRUE(std::holds_alternative<DatasetReady>(unacknowledged().second));
    run(hub->order(assign(1)));
    order_upload(std::get<Trained>(body).artifact, 1, {1});
    EXPECT_EQ(await<PartUploaded>().part, 1u);  // the artifact is there: nothing is trained again
    EXPECT_EQ(trainer_starts().size(), 1u);
}

TEST_F(WorkerSessionTest, AMastersRestartCostsNoTraining) {
    script("60 1000 20\n");
    start_worker();
    lease(1);
    await<TrainingStarted>();
    stop();
    wait_ms(400);
    start();
    adopt(job, 1, worker_key.address());
    hub->set_recovered({job});
    await_connection();
    run(hub->order(assign(1)));  // repeated, because the master does not know that it is being carried out
    await<Trained>();
    EXPECT_EQ(trainer_starts().size(), 1u);
    EXPECT_EQ(storage->dataset_requests, 1u);
}

TEST_F(WorkerSessionTest, AWorkerWhoseLeaseFellWhileItWasAwayStops) {
    script("1000 1000 20\n");
    start_worker();
    lease(1);
    await<CheckpointSaved>();
    stop();
    start();
    hub->set_recovered({});
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(job_folder()); }));
    EXPECT_TRUE(is_dead(trainer_starts().at(0).first));
}

TEST_F(WorkerSessionTest, AnImpostorMasterGetsNoWork) {
    script("4 1000 1\n");
    settings.master_address = crypto::PrivateKey::generate(system_random()).address();
    start_worker();
    wait_ms(200);
    EXPECT_TRUE(hub->workers().empty());
    stop_worker();
    settings.master_address = master_key.address();
    start_worker();
    lease(1);
    await<Trained>();
}

/// Claims another master's address, which it can, as the challenge is not signed; its welcome must be.
class ImpostorTest : public WorkerFixture {
protected:
    Task<> serve(http::WebSocket socket) {
        const FromMaster challenge = Challenge{Hash256{}, master_key.address()};
        std::string text = encode(challenge);
        (co_await socket.send(std::move(text))).value();
        const auto answer = co_await socket.receive();
        const Hello hello = std::get<Hello>(parse_from_worker(answer.value()).value());
        ++hellos;
        const Handshake handshake{master_key.address(), hello.worker, Hash256{}, hello.challenge, hello.dialled};
        FromMaster welcome = Welcome{reflect ? hello.signature : sign_handshake(impostor_key, Role::master, handshake)};
        text = encode(welcome);
        (co_await socket.send(std::move(text))).value();
        const FromMaster order = assign(1);
        text = encode(order);
        static_cast<void>(co_await socket.send(std::move(text)));
        const auto more = co_await socket.receive();
        obeyed = obeyed || more.has_value();
    }
    crypto::PrivateKey impostor_key = crypto::PrivateKey::generate(system_random());
    bool reflect = false;
    bool obeyed = false;
    int hellos = 0;
};

TEST_F(ImpostorTest, AMasterMustProveItsAddress) {
    script("4 1000 1\n");
    stop();
    http::ServerOptions options;
    options.port = port;
    http::Server impostor(executor(), options);
    impostor.route_websocket(std::string(session_path),
                             [this](http::WebSocket socket, http::ServerRequest) { return serve(std::move(socket)); });
    ASSERT_TRUE(impostor.listen().has_value());
    Background serving_impostor(io, impostor.run());
    settings.master_address = master_key.address();
    start_worker();
    for (const bool with_reflection : {false, true}) {
        reflect = with_reflection;
        const int before = hellos;
        while (hellos < before + 2) run(let_others_run());
    }
    EXPECT_FALSE(obeyed);
    EXPECT_TRUE(trainer_starts().empty());
    EXPECT_FALSE(std::filesystem::exists(job_folder()));
    stop_worker();
}

class KilledWorkerTest : public WorkerSessionTest {
protected:
    ChildProcess start_process() {
        write_text(
            settings_file.path() / "worker.env",
            fmt::format("master_node_url=http://127.0.0.1:{}\nmaster_address={}\n", port, master_key.address().hex()));
        ChildOptions options;
        options.program = test_program("emeth-test-worker");
        options.arguments = {(settings_file.path() / "worker.env").string(), data.path().string(),
                             test_program("emeth-fake-trainer").string()};
        return ChildProcess::start(executor(), options).value();
    }
    void kill(ChildProcess& process) {
        process.signal(SIGKILL);
        run(process.wait());
    }
    TemporaryFolder settings_file;
};

TEST_F(KilledWorkerTest, AWorkerKilledInTheMiddleContinuesWhereItsCheckpointStands) {
    script("200 1000 10\n");
    ChildProcess first = start_process();
    const Address address = run(hub->reserve(job, {}));
    adopt(job, 1, address);
    run(hub->order(assign(1)));
    std::uint64_t step = 0;
    while (step < 10) step = await<CheckpointSaved>().checkpoint.step;
    kill(first);
    const pid_t orphan = trainer_starts().at(0).first;

    // That does not cost the deposit: the lease stays valid, and the same address comes back with the files.
    ChildProcess second = start_process();
    await_connection();
    EXPECT_TRUE(eventually([&] { return is_dead(orphan); }));
    run(hub->order(assign(1)));
    const auto started = await<TrainingStarted>();
    EXPECT_GE(started.step, step);
    EXPECT_THAT(started.reason, HasSubstr("continuing from step"));
    EXPECT_EQ(await<Trained>().artifact.steps, 200u);
    EXPECT_EQ(storage->dataset_requests, 1u);
    EXPECT_EQ(hub->workers()[0].address, address);
    kill(second);
}

TEST_F(KilledWorkerTest, AKilledWorkerFindsItsPlaceAgainThoughStrangersHoldAllOthers) {
    stop();
    bounds.own_addresses = {};
    bounds.connections_max = 16;
    bounds.pace.grace = std::chrono::hours(1);  // none gives way meanwhile
    start();
    hub->set_recovered({});
    script("200 1000 10\n");
    ChildProcess first = start_process();
    const Address address = run(hub->reserve(job, {}));
    adopt(job, 1, address);
    await_connection();

    const auto begin_request = [this](unsigned last_byte) {
        asio::ip::tcp::socket stranger(io);
        stranger.open(asio::ip::tcp::v4());
        stranger.bind({asio::ip::address_v4(0x7f000000U + last_byte), 0});
        stranger.connect({asio::ip::address_v4::loopback(), port});
        const std::string_view request = "POST /api/json-rpc HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{";
        asio::write(stranger, asio::buffer(request));
        run(let_others_run());
        return stranger;
    };
    std::deque<asio::ip::tcp::socket> strangers;
    for (unsigned last_byte = 2; last_byte < 18; ++last_byte) strangers.push_back(begin_request(last_byte));
    kill(first);
    for (unsigned last_byte = 18; last_byte < 24; ++last_byte) strangers.push_back(begin_request(last_byte));
    std::array<char, 16> answer{};
    asio::read(strangers.back(), asio::buffer(answer));
    EXPECT_EQ(std::string_view(answer.data(), 12), "HTTP/1.1 503");

    ChildProcess second = start_process();
    await_connection();
    EXPECT_EQ(hub->workers()[0].address, address);
    kill(second);
}

}  // namespace
}  // namespace emeth::test
