#include "node/market/payout.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "chain/amount.hpp"
#include "chain/json_amount.hpp"
#include "runtime/json_fields.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::node {
namespace {

namespace json = boost::json;
using chain::to_u256;
using chain::to_wei;
using chain::U256;

constexpr std::size_t note_bytes_max = 65'536;
constexpr std::size_t payouts_per_note_max = 64;
constexpr std::string_view what = "the note of what verified JOBs were paid";

using Wide = boost::multiprecision::checked_cpp_int;  // products of amounts

Wide wide(const Wei& amount) {
    return Wide(to_u256(amount));
}

}  // namespace

Wei due_by_the_rules(const Wei& deposit, const Wei& fee, const Wei& verifier_fee) {
    return chain::saturating_difference(chain::saturating_sum(deposit, fee), verifier_fee);
}

Wei shortfall_of(const Payout& payout) {
    return chain::saturating_difference(payout.due, payout.paid);
}

Wei expected_shortfall(const Payout& payout, const Wei& deposit) {
    const Wei shortfall = shortfall_of(payout);
    if (payout.deposit.is_zero()) return shortfall;
    const Wide base = wide(payout.deposit);
    const Wide scaled = (wide(shortfall) * wide(deposit) + base - 1) / base;
    static const Wide largest = Wide(std::numeric_limits<U256>::max());
    return to_wei(U256(scaled > largest ? largest : scaled));
}

std::optional<Payout> worst_of(const std::vector<Payout>& payouts) {
    std::optional<Payout> worst;
    for (const Payout& payout : payouts) {
        const Wei shortfall = shortfall_of(payout);
        if (shortfall.is_zero()) continue;
        if (!worst || wide(shortfall) * wide(worst->due) > wide(shortfall_of(*worst)) * wide(payout.due))
            worst = payout;
    }
    return worst;
}

std::vector<Payout> newest_of(std::vector<Payout> seen, const std::vector<Payout>& more, std::size_t count_max) {
    std::set<JobId> known;
    for (const Payout& payout : seen) known.insert(payout.job);
    for (const Payout& payout : more)
        if (known.insert(payout.job).second) seen.push_back(payout);
    std::ranges::stable_sort(seen, std::greater<>(), &Payout::block);
    if (seen.size() > count_max) seen.resize(count_max);
    return seen;
}

std::string to_text(const PayoutNote& note) {
    json::array newest;
    for (const Payout& payout : note.newest)
        newest.push_back(json::object{{"job", payout.job.hex()},
                                      {"transaction", payout.transaction.hex()},
                                      {"block", payout.block},
                                      {"deposit", to_decimal(payout.deposit)},
                                      {"due", to_decimal(payout.due)},
                                      {"paid", to_decimal(payout.paid)}});
    return json_text(json::object{{"lookedToBlock", note.looked_to_block}, {"newest", std::move(newest)}});
}

Result<PayoutNote> read_payout_note(std::string_view text) {
    const auto parsed = parse_json(text, note_bytes_max, what);
    if (parsed.has_error()) return parsed.error();
    JsonObject fields(*parsed, what);
    PayoutNote note;
    note.looked_to_block = fields.u64("lookedToBlock");
    for (JsonObject& payout : fields.objects("newest", payouts_per_note_max)) {
        Payout read;
        read.job = payout.fixed<JobId>("job");
        read.transaction = payout.fixed<Hash256>("transaction");
        read.block = payout.u64("block");
        read.deposit = chain::read_wei(payout, "deposit");
        read.due = chain::read_wei(payout, "due");
        read.paid = chain::read_wei(payout, "paid");
        note.newest.push_back(read);
    }
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return note;
}

}  // namespace emeth::node
