// emeth request: puts one JOB on chain.
#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <memory>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/request_terms.hpp"
#include "network/requester/requester.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/random.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::cli {

namespace {

struct RequestFlags {
    ConfigFlags config;
    RequestTerms terms;
    std::string data = ".emeth/requester", dataset;
    bool json = false;
};

std::string explanation() {
    return fmt::format(
        "Uploads the dataset to the Storage API, approves the fee and calls request. fee = max(gas * gas price, lowest "
        "fee); gas = MiB * {} / 1000.\n\n"
        "Examples:\n"
        "  emeth request --config config/requester.env --dataset book.txt\n"
        "  emeth request --config config/requester.env --dataset book.txt --language ja --gas-price 3 --json\n",
        chain::language_model_complexity);
}

void print(const network::RequestedJob& job, bool json) {
    if (json) {
        const boost::json::object object{{"id", job.id.hex()},
                                         {"dataset_bytes", job.dataset_bytes},
                                         {"gas", job.gas},
                                         {"fee_wei", to_decimal(job.fee)},
                                         {"deadline", job.deadline_unix_s},
                                         {"transaction", job.transaction.hex()}};
        fmt::print("{}\n", json_text(object));
    } else {
        fmt::print("JOB {} requested: {} bytes, {} gas, fee {} EMT, transaction {}\n", job.id.hex(), job.dataset_bytes,
                   job.gas, chain::format_coins(job.fee), job.transaction.hex());
    }
}

/// Races against the request and must never finish first.
Task<Result<network::RequestedJob>> keep_sending(chain::TransactionSender& sender) {
    co_await sender.run();
    co_return transient_error("the transaction sender ended");
}

Task<Result<void>> run_request(std::shared_ptr<RequestFlags> flags) {
    auto config = flags->config.load();
    if (config.has_error()) co_return config.error();
    auto request = flags->terms.job_request();
    if (request.has_error()) co_return request.error();
    request->dataset = flags->dataset;
    auto actor = co_await NetworkActor::open(*config, flags->data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    const network::RequesterPorts ports{self.chain(), self.sender(), self.storage(), system_random()};
    network::Requester requester(ports, self.settings.core, self.settings.token);
    Task<Result<network::RequestedJob>> work = requester.request(std::move(*request));
    Task<Result<network::RequestedJob>> sending = keep_sending(self.sender());
    const auto job = co_await race(std::move(work), std::move(sending));
    if (job.has_error()) co_return job.error();
    print(*job, flags->json);
    co_return Result<void>{};
}

}  // namespace

void register_request(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("request", "put one JOB on chain");
    command->footer(explanation());
    auto flags = std::make_shared<RequestFlags>();
    flags->config.add_to(*command, actor_settings());
    flags->terms.add_to(*command);
    add_path(*command, "--dataset", flags->dataset, "text file", "FILE")->required();
    add_path(*command, "--data", flags->data, "folder of key and outbox", "DIR");
    command->add_flag("--json", flags->json, "print the JOB as JSON");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("request", "warn");
            return run_task("request", [flags](asio::any_io_executor) { return run_request(flags); });
        };
    });
}

}  // namespace emeth::cli
