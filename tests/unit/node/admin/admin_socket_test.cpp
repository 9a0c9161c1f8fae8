// The admin socket: who may connect, what is bounded, what is answered.
#include "node/admin/admin_socket.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/serialize.hpp>

#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {
namespace {

using boost::json::object;
using boost::json::value;
using Protocol = asio::local::stream_protocol;

Task<Result<value>> echo(std::string method, object params) {
    if (method == "fail") co_return permanent_error("no active JOB 0x11");
    co_return value(object{{"method", method}, {"params", std::move(params)}});
}

class AdminSocketTest : public IoFixture {
protected:
    AdminSocketTest() { EXPECT_TRUE(server.listen().has_value()); }

    Result<value> ask(std::string method, object params = {}) {
        return run(node::ask_master(path, std::move(method), std::move(params), Milliseconds(5'000)));
    }
    /// The answer to one raw line.
    std::string raw(std::string line) { return run(exchange(path, std::move(line))); }
    static Task<std::string> exchange(std::filesystem::path path, std::string line) {
        Protocol::socket peer(co_await asio::this_coro::executor);
        peer.connect(Protocol::endpoint(path.string()));
        co_await asio::async_write(peer, asio::buffer(line), asio::use_awaitable);
        std::string answer;
        boost::system::error_code error;
        co_await asio::async_read_until(peer, asio::dynamic_buffer(answer), '\n',
                                        asio::redirect_error(asio::use_awaitable, error));
        co_return answer;
    }

    TemporaryFolder folder;
    std::filesystem::path path = folder / "admin.sock";
    node::AdminServer server{io.get_executor(), path, echo};
    Background serving{io, server.run()};
};

TEST_F(AdminSocketTest, CarriesMethodAndParametersBothWays) {
    const auto answer = ask("decline", {{"job", "0x11"}});
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(boost::json::serialize(*answer), R"({"method":"decline","params":{"job":"0x11"}})");
}

TEST_F(AdminSocketTest, AnErrorIsTheMastersOwnSentence) {
    EXPECT_EQ(ask("fail").error().message, "no active JOB 0x11");
}

TEST_F(AdminSocketTest, OnlyTheOwnerMayConnect) {
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(AdminSocketTest, WhatIsNoRequestIsAnsweredAndTheConnectionLives) {
    EXPECT_NE(raw("hello\n").find("\"error\""), std::string::npos);
    EXPECT_NE(raw("[]\n").find("\"error\""), std::string::npos);
    EXPECT_NE(raw("{\"method\":7}\n").find("\"error\""), std::string::npos);
}

TEST_F(AdminSocketTest, ALineThatIsTooLongEndsTheConnection) {
    EXPECT_EQ(raw(std::string(node::admin_request_bytes_max + 2, 'x').append("\n")), "");
}

TEST_F(AdminSocketTest, SaysThatNoMasterRuns) {
    EXPECT_TRUE(node::admin_answers(path));
    EXPECT_FALSE(node::admin_answers(folder / "other.sock"));
    const auto answer = run(node::ask_master(folder / "other.sock", "status", {}, Milliseconds(100)));
    ASSERT_TRUE(answer.has_error());
    EXPECT_NE(answer.error().message.find("no master answers"), std::string::npos);
}

TEST_F(AdminSocketTest, TheSocketOfADeadMasterIsReplaced) {
    node::AdminServer next{io.get_executor(), path, echo};
    EXPECT_TRUE(next.listen().has_value());
}

}  // namespace
}  // namespace emeth::test
