#include "chain/json_amount.hpp"

#include <optional>

#include "statemachine/amount_text.hpp"

namespace emeth::chain {

Wei read_wei(JsonObject& fields, std::string_view key) {
    const std::optional<Wei> amount = wei_from_decimal(fields.decimal(key));
    if (!amount) fields.reject(key, "an amount of wei");
    return amount.value_or(Wei{});
}

}  // namespace emeth::chain
