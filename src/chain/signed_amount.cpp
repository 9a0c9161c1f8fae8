#include "chain/signed_amount.hpp"

#include <fmt/format.h>

#include "chain/amount.hpp"

namespace emeth::chain {

SignedWei to_signed(const Wei& wei) {
    return SignedWei(to_u256(wei));
}

std::string format_coins(const SignedWei& wei) {
    static const SignedWei coin(1'000'000'000'000'000'000);
    const SignedWei size = abs(wei);
    const SignedWei whole = size / coin, rest = size % coin;
    std::string text = fmt::format("{}{}", wei < 0 ? "-" : "", whole.str());
    if (rest == 0) return text;
    text += fmt::format(".{:0>18}", rest.str());
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

}  // namespace emeth::chain
