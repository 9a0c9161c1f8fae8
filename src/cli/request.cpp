// emeth request: puts one JOB on chain, after a look at it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/request_job.hpp"
#include "cli/request_terms.hpp"
#include "network/requester/dataset_survey.hpp"
#include "network/requester/request_review.hpp"
#include "network/requester/requester.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/random.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"
#include "statemachine/text.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::cli {

namespace {

struct RequestFlags {
    ConfigFlags config;
    RequestTerms terms;
    std::string data = ".emeth/requester", dataset;
    std::string output;  ///< of --wait; empty: "<JOB id>.tar"
    bool json = false, dry_run = false, wait = false;
    bool refused = false;  ///< set by the work: it ended before anything was sent
};

/// All that is known before anything is sent.
struct Prospectus {
    network::DatasetSurvey survey;
    network::Quote quote;
    std::string model;
    std::uint32_t epochs = 0;
    std::int64_t finish_estimate_s = 0;  ///< at the published speed
    std::vector<std::string> warnings;
};

std::string explanation() {
    return fmt::format(
        "Looks at the dataset, says what it sees and what the JOB costs, and warns of what is probably not meant. It "
        "refuses what nobody takes: a dataset of fewer than {} bytes, an unknown model, a fee that the verifier cannot "
        "be paid from (exit code 2, nothing is sent). Then it uploads the dataset to the Storage API, approves the fee "
        "and calls request. fee = max(gas * gas price, lowest fee); gas = MiB * {} / 1000.\n\n"
        "Examples:\n"
        "  emeth request --config config/requester.env book.txt --dry-run\n"
        "  emeth request --config config/requester.env book.txt --wait\n"
        "  emeth request --config config/requester.env book.txt --gas-price 3 --json\n",
        trainer_protocol::dataset_bytes_min, chain::language_model_complexity);
}

boost::json::object json_of(const Prospectus& seen, const RequestFlags& flags) {
    boost::json::object dataset{{"encoding", std::string(network::encoding_name(seen.survey.encoding))},
                                {"lines", seen.survey.lines},
                                {"longest_line_bytes", seen.survey.longest_line_bytes},
                                {"malformed_bytes", seen.survey.malformed_bytes},
                                {"japanese_share", seen.survey.japanese_share()}};
    return {{"dataset_bytes", seen.survey.bytes},
            {"dataset", std::move(dataset)},
            {"language", flags.terms.language},
            {"model", seen.model},
            {"epochs", seen.epochs},
            {"gas", seen.quote.gas},
            {"fee_wei", to_decimal(seen.quote.fee)},
            {"finish_estimate_s", seen.finish_estimate_s},
            {"deadline_in_s", flags.terms.deadline_in_s},
            {"warnings", boost::json::array(seen.warnings.begin(), seen.warnings.end())}};
}

void print_prospectus(const Prospectus& seen, const RequestFlags& flags) {
    for (const std::string& warning : seen.warnings)
        fmt::print(stderr, "emeth request: warning: {}\n", one_line(warning));
    if (flags.json) return;
    fmt::print("{}: {}\n", one_line(flags.dataset), network::survey_text(seen.survey));
    fmt::print("language {}, model {}, {} epochs: {} gas, fee {} EMT, of which the verifier gets {} EMT\n",
               flags.terms.language, seen.model, seen.epochs, seen.quote.gas, chain::format_coins(seen.quote.fee),
               chain::format_coins(seen.quote.verifier_fee));
    fmt::print("deadline in {}; an RTX 3080 (powerCapacity {}) needs {}\n", duration_text(flags.terms.deadline_in_s),
               trainer_protocol::power_capacity_published, duration_text(seen.finish_estimate_s));
    std::fflush(stdout);
}

void print(const network::RequestedJob& job, const Prospectus& seen, const RequestFlags& flags) {
    if (flags.json) {
        boost::json::object object = json_of(seen, flags);
        object["id"] = job.id.hex();
        object["gas"] = job.gas;
        object["fee_wei"] = to_decimal(job.fee);
        object["deadline"] = job.deadline_unix_s;
        object["transaction"] = job.transaction.hex();
        fmt::print("{}\n", json_text(object));
    } else {
        fmt::print("JOB {} requested: {} bytes, {} gas, fee {} EMT, transaction {}\n", job.id.hex(), job.dataset_bytes,
                   job.gas, chain::format_coins(job.fee), job.transaction.hex());
    }
}

Prospectus prospectus_of(const network::DatasetSurvey& survey, const network::Quote& quote, const RequestTerms& terms,
                         const trainer_protocol::NetworkRules& rules) {
    Prospectus seen;
    seen.survey = survey;
    seen.quote = quote;
    seen.model = terms.model.empty() ? rules.default_model : terms.model;
    seen.epochs = std::max(terms.epochs, rules.epochs_min);
    seen.finish_estimate_s = network::reference_time_s(quote.gas, seen.epochs);
    seen.warnings = network::warnings_about_dataset(survey, terms.language);
    for (std::string& warning : network::warnings_about_deadline(quote, seen.epochs, terms.deadline_in_s))
        seen.warnings.push_back(std::move(warning));
    return seen;
}

Task<Result<void>> run_request(std::shared_ptr<RequestFlags> flags, EnvConfig config, network::JobRequest request,
                               network::DatasetSurvey survey) {
    auto actor = co_await NetworkActor::open(std::move(config), flags->data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    const network::RequesterPorts ports{self.chain(), self.sender(), self.storage(), system_random()};
    network::Requester requester(ports, self.settings.core, self.settings.token);
    const auto quote = co_await requester.quote(request);
    if (quote.has_error()) {
        flags->refused = quote.error().kind == ErrorKind::permanent;
        co_return quote.error();
    }
    const Prospectus seen = prospectus_of(survey, *quote, flags->terms, self.settings.rules);
    print_prospectus(seen, *flags);
    if (flags->dry_run) {
        if (flags->json) fmt::print("{}\n", json_text(json_of(seen, *flags)));
        co_return Result<void>{};
    }
    Task<Result<network::RequestedJob>> work = requester.request(std::move(request));
    Task<Result<network::RequestedJob>> sending = keep_sending<network::RequestedJob>(self.sender());
    const auto job = co_await race(std::move(work), std::move(sending));
    if (job.has_error()) co_return job.error();
    print(*job, seen, *flags);
    std::fflush(stdout);
    if (!flags->wait) co_return Result<void>{};
    co_return co_await follow_request(self, job->id, flags->output);
}

Result<network::DatasetSurvey> look_at(const std::string& dataset) {
    const WaitingTeller teller = tell_on_stderr("request");
    return network::survey_dataset(dataset);
}

/// What needs no network is looked at first.
int run(const std::shared_ptr<RequestFlags>& flags) {
    if (flags->dataset.empty())
        return fail("request", permanent_error("a file is required: the dataset, as in `emeth request book.txt`"),
                    exit_usage);
    const auto free = check_output(flags->output);
    if (free.has_error()) return fail("request", free.error(), exit_usage);
    auto config = flags->config.load();
    if (config.has_error()) return fail("request", config.error(), exit_usage);
    auto request = flags->terms.job_request();
    if (request.has_error()) return fail("request", request.error(), exit_usage);
    request->dataset = flags->dataset;
    const auto survey = look_at(flags->dataset);
    if (survey.has_error()) return fail("request", survey.error(), exit_usage);
    const auto enough = network::check_dataset_bytes(survey->bytes);
    if (enough.has_error()) return fail("request", in_context(flags->dataset, enough.error()), exit_usage);
    const int code = run_task("request", [&](asio::any_io_executor) {
        return run_request(flags, *std::move(config), *std::move(request), *survey);
    });
    return flags->refused ? static_cast<int>(exit_usage) : code;
}

}  // namespace

void register_request(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("request", "put one JOB on chain");
    command->footer(explanation());
    auto flags = std::make_shared<RequestFlags>();
    flags->config.add_to(*command, actor_settings());
    flags->terms.add_to(*command);
    add_path(*command, "file,--dataset", flags->dataset, "the dataset: a text, at best UTF-8", "FILE");
    add_path(*command, "--data", flags->data, "folder of key and outbox", "DIR");
    command->add_flag("--dry-run", flags->dry_run, "only say what it sees and what it costs");
    command->add_flag("--json", flags->json, "print the JOB as JSON");
    command->add_flag("--wait", flags->wait, "follow the JOB, and fetch its verified result");
    add_path(*command, "--output", flags->output, "where --wait puts the result; without it <JOB id>.tar", "FILE");
    add_request_follow(*command, invocation);
    add_request_cancel(*command, invocation);
    command->require_subcommand(0, 1);
    command->callback([command, flags, &invocation] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [flags] {
            init_logging("request", "warn");
            return run(flags);
        };
    });
}

}  // namespace emeth::cli
