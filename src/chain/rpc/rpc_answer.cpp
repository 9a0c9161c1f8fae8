#include "chain/rpc/rpc_answer.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include "chain/encoding/revert_reason.hpp"
#include "chain/rpc/rpc_json.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"

namespace emeth::chain::rpc {
namespace {

constexpr std::size_t shown_bytes_max = 300;
constexpr std::int64_t revert_code = 3;  // go-ethereum's, adopted by most clients

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
    return out;
}

template <std::size_t N>
bool contains_any(const std::string& text, const std::array<std::string_view, N>& phrases) {
    return std::any_of(phrases.begin(), phrases.end(),
                       [&](std::string_view phrase) { return text.find(phrase) != std::string::npos; });
}

/// Clients word their errors differently; these phrases are from go-ethereum, Erigon, Nethermind, Besu, Reth and anvil.
bool is_permanent(const Failure& failure) {
    static constexpr std::array<std::string_view, 10> phrases{
        "nonce too low",        "intrinsic gas too low", "exceeds block gas limit", "gas required exceeds",
        "out of gas",           "invalid opcode",        "invalid sender",          "invalid signature",
        "transaction type not", "invalid chain id",
    };
    const bool malformed_call = failure.code == -32700 || (failure.code >= -32602 && failure.code <= -32600);
    return failure.reverted || malformed_call || contains_any(lower(failure.message), phrases);
}

std::string remedy(const std::string& message) {
    if (lower(message).find("insufficient funds") == std::string::npos) return "";
    return "; send ALT to this wallet for gas";
}

/// "0x…", "Reverted 0x…" or {"data": "0x…"}, depending on the client.
Bytes revert_data_of(const boost::json::value* data) {
    if (data == nullptr) return {};
    if (const boost::json::object* object = data->if_object()) data = object->if_contains("data");
    const boost::json::string* text = data == nullptr ? nullptr : data->if_string();
    if (text == nullptr) return {};
    const std::string_view view(*text);
    const std::size_t begin = std::min(view.find("0x"), view.size());
    return parse_bytes(view.substr(begin), data_bytes_max).value_or(Bytes{});
}

/// JSON-RPC asks for {"code", "message"}; some endpoints answer a mere string, or leave one of them out. Whatever it is
/// stays a failure of this call, not of the endpoint.
Failure read_failure(const boost::json::value& error) {
    Failure failure;
    const boost::json::object* object = error.if_object();
    const boost::json::value* code = object == nullptr ? nullptr : object->if_contains("code");
    const boost::json::value* message = object == nullptr ? &error : object->if_contains("message");
    if (code != nullptr && code->is_int64()) failure.code = code->get_int64();
    const bool worded = message != nullptr && message->is_string();
    failure.message = one_line(worded ? std::string_view(message->get_string()) : json_text(error), shown_bytes_max);
    failure.reverted = failure.code == revert_code || lower(failure.message).find("revert") != std::string::npos;
    if (failure.reverted)
        failure.revert_data = revert_data_of(object == nullptr ? nullptr : object->if_contains("data"));
    return failure;
}

}  // namespace

std::string Failure::reason() const {
    constexpr std::string_view prefix = "execution reverted: ";
    const bool is_said = message.starts_with(prefix) && message.size() > prefix.size();
    if (revert_data.empty() && is_said) return message.substr(prefix.size());
    return describe_revert(revert_data);
}

bool Failure::already_known() const {
    static constexpr std::array<std::string_view, 4> phrases{"already known", "already imported", "known transaction",
                                                             "alreadyknown"};
    return contains_any(lower(message), phrases);
}

bool Failure::is_of_contract() const {
    static constexpr std::array<std::string_view, 2> phrases{"invalid opcode", "invalidfeopcode"};
    return reverted || contains_any(lower(message), phrases);
}

std::string request_text(std::uint64_t id, std::string_view method, const boost::json::array& params) {
    const boost::json::object request{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
    return json_text(request);
}

Result<Answer> parse_answer(std::string_view body, std::uint64_t id, std::string_view what) {
    Result<boost::json::value> parsed = parse_json(body, answer_bytes_max, what);
    if (parsed.has_error()) return transient_error(parsed.error().message);
    boost::json::object* object = parsed->if_object();
    if (object == nullptr)
        return transient_error(fmt::format("{} answered no JSON-RPC object; check `endpoint`", what));
    const boost::json::value* error = object->if_contains("error");
    const bool failed = error != nullptr && !error->is_null();
    const boost::json::value* answered = object->if_contains("id");
    const bool id_unknown = failed && (answered == nullptr || answered->is_null());  // it could not read the request
    if (!id_unknown && (answered == nullptr || *answered != boost::json::value(id))) {
        return transient_error(fmt::format("{} answered another request than number {}", what, id));
    }
    Answer answer;
    if (failed) {
        answer.failure = read_failure(*error);
        return answer;
    }
    boost::json::value* result = object->if_contains("result");
    if (result == nullptr) return transient_error(fmt::format("{} answered neither result nor error", what));
    answer.result = std::move(*result);
    return answer;
}

Error to_error(std::string_view what, const Failure& failure) {
    if (failure.reverted) return permanent_error(fmt::format("{} was reverted: {}", what, failure.reason()));
    const std::string message =
        fmt::format("{} answered error {}: {}{}", what, failure.code, failure.message, remedy(failure.message));
    return is_permanent(failure) ? permanent_error(message) : transient_error(message);
}

bool is_html(std::string_view body) {
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

}  // namespace emeth::chain::rpc
