#include "chain/rpc/rpc_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/encoding/abi.hpp"

namespace emeth::chain::rpc {
namespace {

using testing::HasSubstr;

const std::string what = "eth_call at http://127.0.0.1:8545";

Failure failure_of(const std::string& error) {
    const Result<Answer> answer = parse_answer(R"({"jsonrpc":"2.0","id":7,"error":)" + error + "}", 7, what);
    return answer.value().failure.value();
}

TEST(RpcRequest, HasTheFormOfJsonRpc) {
    EXPECT_EQ(request_text(7, "eth_chainId", {}), R"({"jsonrpc":"2.0","id":7,"method":"eth_chainId","params":[]})");
}

TEST(RpcAnswer, GivesTheResult) {
    const Result<Answer> answer = parse_answer(R"({"jsonrpc":"2.0","id":7,"result":null})", 7, what);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->result.is_null());
    EXPECT_FALSE(answer->failure);
    EXPECT_TRUE(parse_answer(R"({"id":7,"result":"0x1","error":null})", 7, what));
}

TEST(RpcAnswer, RefusesWhatIsNoAnswerToThisRequest) {
    const std::string deep = std::string(100, '[') + std::string(100, ']');
    for (const std::string& body :
         {std::string(), std::string("null"), std::string("[]"), std::string("{"), std::string("\"id\""),
          std::string(R"({"id":8,"result":"0x1"})"), std::string(R"({"result":"0x1"})"),
          std::string(R"({"id":"7","result":1})"), std::string(R"({"id":7})"), R"({"id":7,"result":)" + deep + "}"}) {
        const Result<Answer> answer = parse_answer(body, 7, what);
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().kind, ErrorKind::transient);
        EXPECT_THAT(answer.error().message, HasSubstr(what));
    }
}

TEST(RpcAnswer, TakesAnErrorWithoutAnId) {
    const Result<Answer> answer =
        parse_answer(R"({"id":null,"error":{"code":-32700,"message":"parse error"}})", 7, what);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->failure->code, -32700);
}

/// A method answered by such an error once left the node unable to sign anything.
TEST(RpcFailure, MayHaveAnyForm) {
    EXPECT_EQ(failure_of(R"("method not supported")").message, "method not supported");
    EXPECT_EQ(failure_of(R"({"code":"x","message":"y"})").message, "y");
    EXPECT_EQ(failure_of(R"({"code":-32601})").code, -32601);
    EXPECT_EQ(failure_of(R"({"code":-32601})").message, R"({"code":-32601})");
    EXPECT_EQ(failure_of("17").message, "17");
    EXPECT_TRUE(failure_of(R"("execution reverted")").reverted);
}

TEST(RpcFailure, DecodesRevertsInTheFormsOfAllClients) {
    const std::string data = to_hex(abi::Encoder("Error(string)").text("JOB is not REQUESTED").finish());
    for (const std::string& error :
         {R"({"code":3,"message":"execution reverted: JOB is not REQUESTED","data":")" + data + "\"}",
          R"({"code":-32015,"message":"VM execution error: revert","data":"Reverted )" + data + "\"}",
          R"({"code":-32603,"message":"reverted","data":{"message":"x","data":")" + data + "\"}}",
          std::string(R"({"code":-32000,"message":"execution reverted: JOB is not REQUESTED"})")}) {
        const Failure failure = failure_of(error);
        EXPECT_TRUE(failure.reverted) << error;
        EXPECT_EQ(failure.reason(), "JOB is not REQUESTED") << error;
        EXPECT_EQ(to_error(what, failure).kind, ErrorKind::permanent);
        EXPECT_EQ(to_error(what, failure).message, what + " was reverted: JOB is not REQUESTED");
    }
    EXPECT_EQ(failure_of(R"({"code":3,"message":"execution reverted","data":"0x"})").reason(), "no reason given");
    EXPECT_EQ(failure_of(R"({"code":3,"message":"execution reverted: "})").reason(), "no reason given");
}

struct Kind {
    const char* error;
    ErrorKind kind;
};

TEST(RpcFailure, TellsPassingFromLasting) {
    const Kind table[] = {
        {R"({"code":-32000,"message":"nonce too low: next nonce 5, tx nonce 4"})", ErrorKind::permanent},
        {R"({"code":-32000,"message":"Nonce too low"})", ErrorKind::permanent},
        {R"({"code":-32000,"message":"intrinsic gas too low"})", ErrorKind::permanent},
        {R"({"code":-32000,"message":"exceeds block gas limit"})", ErrorKind::permanent},
        {R"({"code":-32601,"message":"the method eth_foo does not exist"})", ErrorKind::permanent},
        {R"({"code":-32602,"message":"invalid argument 0"})", ErrorKind::permanent},
        {R"({"code":-32000,"message":"insufficient funds for gas * price + value"})", ErrorKind::transient},
        {R"({"code":-32000,"message":"replacement transaction underpriced"})", ErrorKind::transient},
        {R"({"code":-32000,"message":"header not found"})", ErrorKind::transient},
        {R"({"code":-32005,"message":"limit exceeded"})", ErrorKind::transient},
        {R"({"code":429,"message":"slow down"})", ErrorKind::transient},
    };
    for (const Kind& row : table) EXPECT_EQ(to_error(what, failure_of(row.error)).kind, row.kind) << row.error;
    EXPECT_THAT(to_error(what, failure_of(table[6].error)).message, HasSubstr("send ALT to this wallet"));
    EXPECT_THAT(to_error(what, failure_of(table[9].error)).message, HasSubstr("error -32005: limit exceeded"));
}

TEST(RpcFailure, KnowsTransactionsThatAreThereAlready) {
    EXPECT_TRUE(failure_of(R"({"code":-32000,"message":"already known"})").already_known());
    EXPECT_TRUE(failure_of(R"({"code":-32003,"message":"Transaction already imported"})").already_known());
    EXPECT_TRUE(failure_of(R"({"code":-32010,"message":"AlreadyKnown"})").already_known());
    EXPECT_FALSE(failure_of(R"({"code":-32000,"message":"nonce too low"})").already_known());
}

TEST(RpcAnswers, ARefusalOfTheContractIsToldFromOneOfTheEndpoint) {
    for (const char* refused : {R"({"code":3,"message":"execution reverted","data":"0x"})",
                                R"({"code":-32000,"message":"VM Exception: revert"})",
                                R"({"code":-32000,"message":"invalid opcode: INVALID"})",
                                R"({"code":-32603,"message":"EVM error InvalidFEOpcode"})"})
        EXPECT_TRUE(failure_of(refused).is_of_contract()) << refused;
    for (const char* other :
         {R"({"code":-32000,"message":"header not found"})", R"({"code":-32601,"message":"method not found"})"})
        EXPECT_FALSE(failure_of(other).is_of_contract()) << other;
}

TEST(RpcFailure, ShortensAndDefusesMessages) {
    const Failure failure = failure_of(R"({"code":1,"message":"a\u001b[2J\nb)" + std::string(5'000, 'x') + "\"}");
    EXPECT_THAT(failure.message, testing::StartsWith("a\\x1b[2J\\x0abx"));
    EXPECT_LE(failure.message.size(), 300u);
}

TEST(Html, IsRecognised) {
    EXPECT_TRUE(is_html("<!DOCTYPE html>"));
    EXPECT_TRUE(is_html("\r\n  <html>"));
    EXPECT_FALSE(is_html("{}"));
    EXPECT_FALSE(is_html(""));
}

}  // namespace
}  // namespace emeth::chain::rpc
