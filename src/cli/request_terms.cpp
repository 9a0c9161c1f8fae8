#include "cli/request_terms.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>

#include "chain/amount.hpp"
#include "runtime/json_fields.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::cli {

void RequestTerms::add_to(CLI::App& command) {
    command.add_option("--language", language, "language of the text")
        ->capture_default_str()
        ->check(CLI::IsMember({"en", "ja"}));
    command.add_option("--epochs", epochs, "epochs to train")->capture_default_str()->check(CLI::Range(1, 1000));
    command.add_option("--model", model, "preset; without it the network's default")->type_name("NAME");
    command.add_option("--gas-price", gas_price, "EMT per gas")->capture_default_str();
    command.add_option("--fee-min", fee_min, "lowest fee in EMT")->capture_default_str();
    command.add_option("--deadline-in", deadline_in_s, "seconds from now")
        ->capture_default_str()
        ->check(CLI::Range(60, 30 * 86'400));
}

Result<network::JobRequest> RequestTerms::job_request() const {
    network::JobRequest request;
    const auto price = chain::parse_coins(gas_price);
    if (price.has_error()) return in_context("--gas-price", price.error());
    request.gas_price = *price;
    const auto least = chain::parse_coins(fee_min);
    if (least.has_error()) return in_context("--fee-min", least.error());
    request.fee_min = *least;
    boost::json::object param{{"language", language}, {"epoch", epochs}};
    if (!model.empty()) {
        const auto preset = trainer_protocol::find_preset(model);
        if (preset.has_error()) return in_context("--model", preset.error());
        param["model"] = model;
    }
    request.param = json_text(param);
    request.deadline_in_s = deadline_in_s;
    return request;
}

}  // namespace emeth::cli
