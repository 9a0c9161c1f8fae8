// `emeth ledger` at endpoints that admit short ranges alone, that have forgotten old states, or that leave out logs.
#include <boost/json/parse.hpp>

#include "http/client.hpp"
#include "http/server.hpp"
#include "ledger_program.hpp"
#include "support/io_fixture.hpp"

namespace emeth::chain::test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

/// Asks the anvil behind it, and answers less than that does.
struct LesserEndpoint {
    http::Url behind;
    std::uint64_t range_blocks_max = 1'000'000, forgotten_before = 0;
    std::string silent_about{};  ///< a contract whose logs it leaves out
    int refused = 0;

    static Task<http::Answer> answer(LesserEndpoint* self, http::ServerRequest request) {
        const json::object call = json::parse(request.body).as_object();
        json::object answer{{"jsonrpc", "2.0"}, {"id", call.at("id")}};
        if (const std::string reason = self->refusal(call); !reason.empty()) {
            ++self->refused;
            answer["error"] = json::object{{"code", -32'000}, {"message", reason}};
            co_return answer;
        }
        if (self->leaves_out(call)) {
            answer["result"] = json::array();
            co_return answer;
        }
        http::ClientRequest forwarded;
        forwarded.method = "POST";
        forwarded.url = self->behind;
        forwarded.headers = {{"content-type", "application/json"}};
        forwarded.body = request.body;
        const Result<http::ClientResponse> response = co_await http::request(std::move(forwarded));
        co_return json::parse(response.value().body).as_object();
    }

    static bool is_logs(const json::object& call) { return text(call.at("method")) == "eth_getLogs"; }
    [[nodiscard]] std::string refusal(const json::object& call) const {
        const json::array& params = call.at("params").as_array();
        if (is_logs(call)) {
            const Integer blocks = number(params.at(0).at("toBlock")) - number(params.at(0).at("fromBlock")) + 1;
            return blocks > range_blocks_max ? "block range is too wide" : "";
        }
        const std::string method = text(call.at("method"));
        const bool is_of_a_state =
            method == "eth_call" || method == "eth_getBalance" || method == "eth_getTransactionCount";
        const bool is_old = is_of_a_state && text(params.at(1)) != "latest" && number(params.at(1)) < forgotten_before;
        return is_old ? "missing trie node" : "";
    }
    [[nodiscard]] bool leaves_out(const json::object& call) const {
        return is_logs(call) && text(call.at("params").at(0).at("address")) == silent_about;
    }
};

class LedgerAtALesserEndpoint : public LedgerProgram {
protected:
    LedgerAtALesserEndpoint() {
        lesser.behind = http::Url::parse(anvil.url()).value();
        server.route("POST", "/", 1 << 20, [this](http::ServerRequest request) {
            return LesserEndpoint::answer(&lesser, std::move(request));
        });
        server.listen().value();
        serving.emplace(io, server.run());
        endpoint = server.url();
    }

    LesserEndpoint lesser{};
    http::Server server{io.get_executor(), {}};
    std::optional<emeth::test::Background> serving;
};

TEST_F(LedgerAtALesserEndpoint, ReadsRangesThatItAdmits) {
    const JobId paid = verified();
    mine(20);
    const JobId late = timed_out();
    lesser.range_blocks_max = 3;
    const std::vector<Line> lines = csv_lines();
    EXPECT_GT(lesser.refused, 3);
    EXPECT_EQ(story(lines, paid), "deposit -30 deposit_returned 30 fee 20");
    EXPECT_EQ(story(lines, late), "deposit -30 deposit_returned 30 penalty -7.5");
}

TEST_F(LedgerAtALesserEndpoint, SaysThatItHasForgottenTheBalanceBefore) {
    verified();
    pass(86'400);
    declined();
    const std::string today = csv_lines().back().day;
    lesser.forgotten_before = head();
    EXPECT_EQ(ledger({}).code, 0) << "before the first block of all there was nothing";
    const Ended of_today = ledger({"--from-day", today});
    EXPECT_EQ(of_today.code, 3);
    EXPECT_THAT(of_today.output, HasSubstr("EMT  not checked: "));
    EXPECT_THAT(of_today.output, HasSubstr("missing trie node"));
    const Ended as_json = ledger({"--json", "--from-day", today});
    EXPECT_EQ(as_json.code, 3);
    EXPECT_THAT(as_json.output, HasSubstr("\"unexplained\":null"));
}

TEST_F(LedgerAtALesserEndpoint, IsFoundOutWhereItLeavesOutLogs) {
    verified();
    lesser.silent_about = token.hex();
    const Ended ended = ledger({});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.output, HasSubstr("this is not all: 1020 EMT came or went by no event of the token"));
}

}  // namespace
}  // namespace emeth::chain::test
