#include "node/core/known_network.hpp"

#include <boost/json/object.hpp>

#include "chain/json_amount.hpp"
#include "runtime/json_fields.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::node {
namespace {

constexpr std::size_t text_bytes_max = 4'096;
constexpr std::string_view what = "the contract as it was at the last start";

}  // namespace

std::string to_text(const chain::Constants& constants) {
    const boost::json::object object{{"core", constants.core.hex()},
                                     {"token", constants.token.hex()},
                                     {"verifier", constants.verifier.hex()},
                                     {"depositRate", constants.deposit_rate},
                                     {"timeoutPenaltyRate", constants.timeout_penalty_rate},
                                     {"declinePenaltyRate", constants.decline_penalty_rate},
                                     {"failedPenaltyRate", constants.failed_penalty_rate},
                                     {"verifierFee", to_decimal(constants.verifier_fee)}};
    return json_text(object);
}

Result<chain::Constants> read_constants(std::string_view text) {
    const auto json = parse_json(text, text_bytes_max, what);
    if (json.has_error()) return json.error();
    JsonObject fields(*json, what);
    chain::Constants constants;
    constants.core = fields.fixed<Address>("core");
    constants.token = fields.fixed<Address>("token");
    constants.verifier = fields.fixed<Address>("verifier");
    constants.deposit_rate = fields.u64("depositRate");
    constants.timeout_penalty_rate = fields.u64("timeoutPenaltyRate");
    constants.decline_penalty_rate = fields.u64("declinePenaltyRate");
    constants.failed_penalty_rate = fields.u64("failedPenaltyRate");
    constants.verifier_fee = chain::read_wei(fields, "verifierFee");
    if (auto check = fields.check(); check.has_error()) return check.error();
    return constants;
}

}  // namespace emeth::node
