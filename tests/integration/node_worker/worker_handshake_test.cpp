#include "http/websocket_impl.hpp"
#include "master_fixture.hpp"

namespace emeth::test {
namespace {

using namespace worker_protocol;
using ::testing::AllOf;
using ::testing::HasSubstr;

class WorkerHandshakeTest : public MasterFixture {
protected:
    std::string refusal(HandmadeWorker& worker, Hello hello) {
        run(worker.send(std::move(hello)));
        return next<WorkerRefused>(worker).reason;
    }
    /// As a proxy on this machine does it for who is at `address`.
    Task<WorkerPtr> dial_through_proxy(std::string address) {
        http::PlainWebSocket socket(http::PlainStream(co_await asio::this_coro::executor));
        http::configure(socket);
        socket.set_option(http::beast::websocket::stream_base::decorator(
            [address](http::beast::websocket::request_type& request) { request.set("X-Forwarded-For", address); }));
        const asio::ip::tcp::endpoint master(asio::ip::address_v4::loopback(), port);
        auto connecting = http::beast::get_lowest_layer(socket).async_connect(master, asio::use_awaitable);
        co_await std::move(connecting);
        auto greeting = socket.async_handshake("127.0.0.1", std::string(session_path), asio::use_awaitable);
        co_await std::move(greeting);
        auto impl = std::make_unique<http::WebSocket::Impl>(std::move(socket), "127.0.0.1");
        co_return std::make_unique<HandmadeWorker>(http::WebSocket(std::move(impl)));
    }
    crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
};

TEST_F(WorkerHandshakeTest, BothSidesProveThemselves) {
    start();
    const WorkerPtr worker = run(dial());
    const auto challenge = next<Challenge>(*worker);
    EXPECT_EQ(challenge.master, master_key.address());
    const Hello hello = hello_to(challenge, key);
    run(worker->send(hello));
    const auto welcome = next<Welcome>(*worker);
    EXPECT_TRUE(signed_by(Role::master, welcome.signature,
                          {challenge.master, key.address(), challenge.challenge, hello.challenge, hello.dialled}));
    run(let_others_run());
    ASSERT_EQ(hub->workers().size(), 1u);
    EXPECT_EQ(hub->workers()[0].address, key.address());
    EXPECT_TRUE(hub->workers()[0].connected);
    EXPECT_EQ(hub->workers()[0].power_capacity, 27'300u);
}

TEST_F(WorkerHandshakeTest, AWrongSignatureIsRefused) {
    start();
    const WorkerPtr worker = run(dial());
    Hello hello = hello_to(next<Challenge>(*worker), crypto::PrivateKey::generate(system_random()));
    hello.worker = key.address();
    EXPECT_THAT(refusal(*worker, hello), HasSubstr(key.address().hex()));
    EXPECT_FALSE(run(worker->end()).empty());
    EXPECT_TRUE(hub->workers().empty());
}

TEST_F(WorkerHandshakeTest, AHelloOfTheFirstVersionIsToldToUpgrade) {
    start();
    const WorkerPtr worker = run(dial());
    Hello hello = hello_to(next<Challenge>(*worker), key);
    hello.version = 1;
    EXPECT_THAT(refusal(*worker, hello), HasSubstr("upgrade the worker"));
}

TEST_F(WorkerHandshakeTest, AWorkerThatDialledSomebodyElseIsToldWhatToSet) {
    start();
    const WorkerPtr worker = run(dial());
    const Hello hello = hello_to(next<Challenge>(*worker), key, "http://master.example.org:5000");
    EXPECT_THAT(refusal(*worker, hello), HasSubstr("set my_url=http://master.example.org:5000"));
    stop();
    origins.my_url = http::Url::parse("http://master.example.org:5000").value();
    start();
    const WorkerPtr again = run(dial());
    run(again->send(hello_to(next<Challenge>(*again), key, "http://master.example.org:5000")));
    next<Welcome>(*again);
}

TEST_F(WorkerHandshakeTest, WhatWasDialledCannotBeChangedOnTheWay) {
    start();
    const WorkerPtr worker = run(dial());
    Hello hello = hello_to(next<Challenge>(*worker), key, "http://master.example.org:5000");
    hello.dialled = server->url();
    EXPECT_THAT(refusal(*worker, hello), HasSubstr("signature"));
}

TEST_F(WorkerHandshakeTest, AHelloOfAnEarlierSessionIsRefused) {
    start();
    const WorkerPtr first = run(dial());
    const Hello recorded = hello_to(next<Challenge>(*first), key);
    run(first->send(recorded));
    next<Welcome>(*first);
    const WorkerPtr second = run(dial());
    next<Challenge>(*second);
    EXPECT_THAT(refusal(*second, recorded), HasSubstr("signature"));
}

TEST_F(WorkerHandshakeTest, TheMastersOwnSignatureIsRefusedWhenItComesBack) {
    start();
    // An impostor relays the master's challenge to the same master as if it were a worker's, and replays the welcome.
    const WorkerPtr victim = run(dial());
    const auto challenge = next<Challenge>(*victim);
    const Hello hello = hello_to(challenge, key);
    run(victim->send(hello));
    const auto welcome = next<Welcome>(*victim);
    const WorkerPtr impostor = run(dial());
    next<Challenge>(*impostor);
    Hello reflected = hello;
    reflected.worker = master_key.address();
    reflected.signature = welcome.signature;
    EXPECT_THAT(refusal(*impostor, reflected), HasSubstr("signature"));
}

TEST_F(WorkerHandshakeTest, AWorkerThatIsNotOnTheListIsRefused) {
    start({"10.0.0.0/8", crypto::PrivateKey::generate(system_random()).address().hex()});
    const WorkerPtr worker = run(dial());
    const std::string reason = refusal(*worker, hello_to(next<Challenge>(*worker), key));
    EXPECT_THAT(reason, HasSubstr("worker_whitelist"));
    EXPECT_THAT(reason, HasSubstr("127.0.0.1"));
    EXPECT_THAT(reason, HasSubstr(key.address().hex()));
}

TEST_F(WorkerHandshakeTest, TheAddressOfAProxyThatIsNotNamedLetsNoWorkerIn) {
    start({"127.0.0.0/8"});
    const WorkerPtr worker = run(dial_through_proxy("198.51.100.7"));
    const std::string reason = refusal(*worker, hello_to(next<Challenge>(*worker), key));
    EXPECT_THAT(reason, AllOf(HasSubstr("worker_whitelist"), HasSubstr("trusted_proxies")));
    stop();
    start({key.address().hex()});
    const WorkerPtr named = run(dial_through_proxy("198.51.100.7"));
    static_cast<void>(std::get<Welcome>(run(say_hello(*named, key, {}))));
}

TEST_F(WorkerHandshakeTest, WhomANamedProxyHasSeenIsLetInByItsOwnAddress) {
    const std::string proxy = "https://master.example.org:443";
    origins.my_url = http::Url::parse(proxy).value();
    bounds.trusted_proxies = {*IpBlock::parse("127.0.0.1")};
    start({"198.51.100.0/24"});
    const WorkerPtr worker = run(dial_through_proxy("198.51.100.7"));
    run(worker->send(hello_to(next<Challenge>(*worker), key, proxy)));
    next<Welcome>(*worker);
    const WorkerPtr other = run(dial_through_proxy("198.51.101.7"));
    EXPECT_THAT(
        refusal(*other, hello_to(next<Challenge>(*other), crypto::PrivateKey::generate(system_random()), proxy)),
        HasSubstr("neither 198.51.101.7 nor "));
}

TEST_F(WorkerHandshakeTest, AListedBlockLetsAWorkerIn) {
    start({"127.0.0.0/8"});
    connect(key);
}

TEST_F(WorkerHandshakeTest, AListedWalletLetsAWorkerIn) {
    start({key.address().hex()});
    connect(key);
    const crypto::PrivateKey stranger = crypto::PrivateKey::generate(system_random());
    const WorkerPtr worker = run(dial());
    EXPECT_THAT(refusal(*worker, hello_to(next<Challenge>(*worker), stranger)), HasSubstr("worker_whitelist"));
}

TEST_F(WorkerHandshakeTest, NoMoreWorkersAreTakenThanTheMostButTheSameOneIsReplaced) {
    start({"*"}, 1);
    const WorkerPtr first = connect(key);
    const WorkerPtr other = run(dial());
    EXPECT_THAT(refusal(*other, hello_to(next<Challenge>(*other), crypto::PrivateKey::generate(system_random()))),
                HasSubstr("as many as it takes"));
    const WorkerPtr again = connect(key);
    EXPECT_FALSE(run(first->end()).empty());
    EXPECT_EQ(hub->workers().size(), 1u);
}

TEST_F(WorkerHandshakeTest, StrangersTakeUpNoPlaceOfAWorkerThatIsNamed) {
    const crypto::PrivateKey stranger = crypto::PrivateKey::generate(system_random());
    start({"*", key.address().hex()}, 1);
    const WorkerPtr first = connect(stranger);
    const WorkerPtr own = connect(key);
    EXPECT_EQ(hub->workers().size(), 2u);
}

TEST_F(WorkerHandshakeTest, RubbishEndsTheConnectionAlone) {
    start();
    for (const auto* text : {"", "{}", "\xff\xfe", R"({"type":"hello"})"}) {
        const WorkerPtr worker = run(dial());
        next<Challenge>(*worker);
        try {
            run(worker->send_text(text));
        } catch (const std::exception&) {
            continue;  // the WebSocket itself refused the text
        }
        EXPECT_FALSE(run(worker->end()).empty());
    }
    const WorkerPtr silent = run(dial());
    connect(key);
    EXPECT_EQ(hub->workers().size(), 1u);
}

TEST_F(WorkerHandshakeTest, AReportInPlaceOfHelloIsRefused) {
    start();
    const WorkerPtr worker = run(dial());
    next<Challenge>(*worker);
    report(*worker, 1, job_id(1), 1, PartUploaded{1, "etag"});
    EXPECT_THAT(next<WorkerRefused>(*worker).reason, HasSubstr("hello"));
}

TEST_F(WorkerHandshakeTest, RubbishLaterEndsTheSession) {
    start();
    const WorkerPtr worker = connect(key);
    run(worker->send_text("{\"type\":\"report\"}"));
    EXPECT_FALSE(run(worker->end()).empty());
    run(let_others_run());
    EXPECT_TRUE(hub->workers().empty());
}

}  // namespace
}  // namespace emeth::test
