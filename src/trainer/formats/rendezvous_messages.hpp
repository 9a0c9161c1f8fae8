// The messages of a leader and its helpers until they have met: JSON texts over one WebSocket that the helper dials.
//
// The helper sends Hello; the leader sends HelperRefused or nothing. The helper sends Ready once it waits for the first
// time: it may first have a model to make. Then, repeatedly: the leader sends Ask, the helper Ready, the leader Form;
// the helper writes and reads addresses (Put, Get, answered by Value) until the group is complete. The data of the
// training do not pass here. When the connection ends, the helper is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/formats/compute_record.hpp"

namespace emeth::trainer::rendezvous {

inline constexpr std::string_view path = "/api/v2/rendezvous";
inline constexpr std::size_t key_bytes_max = 256;
inline constexpr std::size_t value_bytes_max = 16 << 10;
inline constexpr int workers_max = 64;

struct Hello {
    Hash256 token;
    Hash256 run;              ///< run_fingerprint(): JOB, dataset and tokenizer are the same on both sides
    ComputeRecord compute{};  ///< of the number type that the leader named
};
struct Ready {};
struct Put {
    std::string key, value;
};
struct Get {
    std::string key;
};
using FromHelper = std::variant<Hello, Ready, Put, Get>;

struct HelperRefused {
    std::string reason;
};
struct Ask {};
/// A group of `size` members is formed now, named by its generation; the helper is number `rank` in it.
struct Form {
    std::uint64_t generation = 0;
    int rank = 0, size = 0;
};
struct Value {
    std::string key, value;
};
using FromLeader = std::variant<HelperRefused, Ask, Form, Value>;

std::string encode(const FromHelper& message);
std::string encode(const FromLeader& message);
/// These check form and bounds of every field.
Result<FromHelper> parse_from_helper(std::string_view text);
Result<FromLeader> parse_from_leader(std::string_view text);

}  // namespace emeth::trainer::rendezvous
