// emeth requester: the bot that requests JOBs at regular intervals.
#include <memory>

#include "cli/command.hpp"
#include "cli/network_actor.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/request_terms.hpp"
#include "network/requester/requester_bot.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"
#include "runtime/task_group.hpp"

namespace emeth::cli {

namespace {

struct RequesterFlags {
    ConfigFlags config;
    RequestTerms terms;
    std::string data = ".emeth/requester", texts;
    std::uint32_t interval_s = 60;
};

Task<Result<void>> run_requester(std::shared_ptr<RequesterFlags> flags) {
    auto config = flags->config.load();
    if (config.has_error()) co_return config.error();
    network::RequesterBotOptions options;
    auto terms = flags->terms.job_request();
    if (terms.has_error()) co_return terms.error();
    options.terms = std::move(*terms);
    options.texts = flags->texts;
    options.interval_s = flags->interval_s;
    auto actor = co_await NetworkActor::open(*config, flags->data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    const network::RequesterPorts ports{self.chain(), self.sender(), self.storage(), system_random()};
    network::Requester requester(ports, self.settings.core, self.settings.token);
    TaskGroup group(co_await asio::this_coro::executor, 2);
    end_telling_of_waiting();
    group.start(self.sender().run());
    group.start(network::run_requester_bot(requester, system_clock(), std::move(options)));
    co_await group.join();
    co_return Result<void>{};
}

}  // namespace

void register_requester(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("requester", "request a JOB every so often, from a folder of texts");
    command->footer("Example:\n  emeth requester --config config/requester.env --texts ./texts --every 60\n");
    auto flags = std::make_shared<RequesterFlags>();
    flags->config.add_to(*command, actor_settings());
    flags->terms.add_to(*command);
    add_path(*command, "--texts", flags->texts, "folder of datasets, taken in name order", "DIR")->required();
    command->add_option("--every", flags->interval_s, "seconds between JOBs")
        ->capture_default_str()
        ->check(CLI::Range(1, 86'400));
    add_path(*command, "--data", flags->data, "folder of key and outbox", "DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("requester", "info");
            return run_service("requester", [flags](asio::any_io_executor) { return run_requester(flags); });
        };
    });
}

}  // namespace emeth::cli
