#include "simulation/call_data.hpp"

#include <algorithm>
#include <vector>

#include "chain/encoding/emeth_core.hpp"

namespace emeth::simulation {
namespace {

constexpr std::size_t selector_bytes = 4;

}  // namespace

/// The first bytes of a call tell which one it is.
std::string_view call_name(const chain::Bytes& data) {
    struct Call {
        chain::Bytes selector;
        std::string_view name;
    };
    const auto selector = [](const chain::Bytes& encoded) {
        return chain::Bytes(encoded.begin(), encoded.begin() + selector_bytes);
    };
    static const std::vector<Call> calls{{selector(chain::encode_approve({}, {})), "approve"},
                                         {selector(chain::encode_process({})), "process"},
                                         {selector(chain::encode_submit({}, "")), "submit"},
                                         {selector(chain::encode_decline({})), "decline"},
                                         {selector(chain::encode_withdraw_slot_reward(0)), "withdraw"}};
    if (data.size() < selector_bytes) return "";
    for (const auto& call : calls)
        if (std::equal(call.selector.begin(), call.selector.end(), data.begin())) return call.name;
    return "";
}

JobId job_of(const chain::Bytes& data) {
    JobId id;
    if (data.size() >= selector_bytes + JobId::size_bytes)
        std::copy_n(data.begin() + selector_bytes, JobId::size_bytes, id.bytes.begin());
    return id;
}

Wei word(const chain::Bytes& data, std::size_t index) {
    Wei value;
    const auto begin = selector_bytes + index * 32;
    if (data.size() >= begin + 32)
        std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(begin), 32, value.bytes.begin());
    return value;
}

/// submit(bytes16, string): the third word holds the string's length; its bytes follow.
std::string result_of(const chain::Bytes& data) {
    const auto length = static_cast<std::size_t>(word(data, 2).bytes.back());
    const std::size_t begin = selector_bytes + 3 * 32;
    if (data.size() < begin + length) return "";
    return {data.begin() + static_cast<std::ptrdiff_t>(begin),
            data.begin() + static_cast<std::ptrdiff_t>(begin + length)};
}

}  // namespace emeth::simulation
