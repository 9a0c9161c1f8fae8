// Somebody whom a worker dials in its master's place, and who passes on what both say.
#include "http/tls.hpp"
#include "runtime/task_group.hpp"
#include "support/certificate.hpp"
#include "support/temporary_folder.hpp"
#include "worker_fixture.hpp"

namespace emeth::test {
namespace {

using namespace worker_protocol;
using ::testing::HasSubstr;

class SessionRelayTest : public WorkerFixture {
protected:
    void SetUp() override {
        WorkerFixture::SetUp();
        start_relay({});
    }
    void start_relay(http::ServerOptions options) {
        relaying.reset();
        relay = std::make_unique<http::Server>(executor(), std::move(options));
        relay->route_websocket(std::string(session_path), [this](http::WebSocket socket, http::ServerRequest) {
            return pass_on(std::move(socket));
        });
        relay->listen().value();
        relaying = std::make_unique<Background>(io, relay->run());
    }
    void TearDown() override {
        stop_worker();
        relaying.reset();
        relay.reset();
        WorkerFixture::TearDown();
    }
    Task<> pass_on(http::WebSocket worker_side) {
        Task<Result<http::WebSocket>> connecting = http::WebSocket::connect(session_url(), Milliseconds(5'000));
        auto master_side = co_await std::move(connecting);
        if (master_side.has_error()) co_return;
        TaskGroup group(executor(), 2);
        group.start(copy(worker_side, *master_side, group, from_worker));
        group.start(copy(*master_side, worker_side, group, from_master));
        co_await group.join();
    }
    static Task<> copy(http::WebSocket& from, http::WebSocket& to, TaskGroup& group, std::vector<std::string>& heard) {
        for (;;) {
            auto text = co_await from.receive();
            if (text.has_error()) break;
            heard.push_back(*text);
            const auto sent = co_await to.send(std::move(*text));
            if (sent.has_error()) break;
        }
        group.cancel();
    }
    [[nodiscard]] http::Url relay_url() const {
        return http::Url::parse(relay->url() + std::string(session_path)).value();
    }

    std::unique_ptr<http::Server> relay;
    std::unique_ptr<Background> relaying;
    std::vector<std::string> from_worker, from_master;
};

TEST_F(SessionRelayTest, ARelayedHandshakeOpensNoSession) {
    script("4 1000 1\n");
    settings.master_address = master_key.address();
    start_worker(relay_url());
    ASSERT_TRUE(eventually([&] { return from_master.size() >= 4; }));  // the worker has tried twice
    EXPECT_THAT(from_master.at(1), HasSubstr("refused"));
    EXPECT_THAT(from_master.at(1), HasSubstr("set my_url=" + relay->url()));
    EXPECT_THAT(from_worker.at(0), HasSubstr("hello"));
    EXPECT_TRUE(hub->workers().empty());
}

TEST_F(SessionRelayTest, AProxyThatMyUrlNamesIsTheMaster) {
    origins.my_url = http::Url::parse(relay->url()).value();
    stop();
    start();
    hub->set_recovered({});
    start_worker(relay_url());
    EXPECT_TRUE(eventually([&] { return hub->workers().size() == 1; }));
}

/// Even with a certificate that the worker trusts, under the very name that the master is known by.
TEST_F(SessionRelayTest, WithTlsUpToTheMasterNobodyCanBeInBetween) {
    const TemporaryFolder folder;
    const auto certified = [&](const std::string& name) {
        make_certificate(folder / name);
        http::trust_certificates(folder / (name + ".pem")).value();
        http::ServerOptions options;
        options.certificate = http::ServerCertificate::load(folder / (name + ".pem"), folder / (name + ".key")).value();
        return options;
    };
    start_relay(certified("relay"));
    origins.my_url = http::Url::parse(relay->url()).value();
    bounds = certified("master");
    stop();
    start();
    hub->set_recovered({});
    start_worker(relay_url());
    ASSERT_TRUE(eventually([&] { return from_master.size() >= 4; }));  // the worker has tried twice
    EXPECT_THAT(from_master.at(1), HasSubstr("this session's challenges and connection"));
    EXPECT_TRUE(hub->workers().empty());

    stop_worker();
    start_worker(session_url());
    EXPECT_TRUE(eventually([&] { return hub->workers().size() == 1; }));
}

TEST_F(SessionRelayTest, AMasterWithTlsIsNotDialledWithout) {
    const TemporaryFolder folder;
    make_certificate(folder / "master");
    http::trust_certificates(folder / "master.pem").value();
    bounds.certificate = http::ServerCertificate::load(folder / "master.pem", folder / "master.key").value();
    origins.my_url = http::Url::parse(relay->url()).value();
    stop();
    start();
    start_worker(relay_url());  // plain as far as the relay, which speaks TLS with the master
    ASSERT_TRUE(eventually([&] { return from_master.size() >= 2; }));
    EXPECT_THAT(from_master.at(0), HasSubstr("\"binds_channel\":true"));
    EXPECT_TRUE(from_worker.empty());
    EXPECT_TRUE(hub->workers().empty());
}

}  // namespace
}  // namespace emeth::test
