#include "cli/request_job.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "network/requester/job_follower.hpp"
#include "network/requester/requester.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/random.hpp"
#include "runtime/utf8.hpp"

namespace emeth::cli {

namespace {

struct JobFlags {
    ConfigFlags config;
    std::string data = ".emeth/requester", job, output;
};

Task<Result<void>> follow(std::shared_ptr<JobFlags> flags, EnvConfig config, JobId id) {
    auto actor = co_await NetworkActor::open(std::move(config), flags->data);
    if (actor.has_error()) co_return actor.error();
    co_return co_await follow_request(**actor, id, flags->output);
}

Task<Result<void>> cancel(std::shared_ptr<JobFlags> flags, EnvConfig config, JobId id) {
    auto actor = co_await NetworkActor::open(std::move(config), flags->data);
    if (actor.has_error()) co_return actor.error();
    NetworkActor& self = **actor;
    const network::RequesterPorts ports{self.chain(), self.sender(), self.storage(), system_random()};
    network::Requester requester(ports, self.settings.core, self.settings.token);
    Task<Result<void>> work = requester.cancel(id);
    Task<Result<void>> sending = keep_sending<void>(self.sender());
    const auto canceled = co_await race(std::move(work), std::move(sending));
    if (canceled.has_error()) co_return canceled.error();
    fmt::print("JOB {} is canceled; its fee came back\n", id.hex());
    co_return Result<void>{};
}

using Act = Task<Result<void>> (*)(std::shared_ptr<JobFlags>, EnvConfig, JobId);

int run(const std::string& command, const std::shared_ptr<JobFlags>& flags, Act act) {
    init_logging(command, "warn");
    const Result<JobId> id = parse_job_id(flags->job);
    if (id.has_error()) return fail(command, id.error(), exit_usage);
    const auto free = check_output(flags->output);
    if (free.has_error()) return fail(command, free.error(), exit_usage);
    auto config = flags->config.load();
    if (config.has_error()) return fail(command, config.error(), exit_usage);
    return run_task(command, [&](asio::any_io_executor) { return act(flags, *std::move(config), *id); });
}

void add_job_command(CLI::App& request, Invocation& invocation, const std::string& name, const std::string& summary,
                     Act act) {
    auto* command = request.add_subcommand(name, summary);
    command->footer(fmt::format(
        "Example:\n  emeth request {} 0x00112233445566778899aabbccddeeff \\\n      --config config/requester.env\n",
        name));
    auto flags = std::make_shared<JobFlags>();
    flags->config.add_to(*command, actor_settings());
    command->add_option("JOBID", flags->job, "0x and 32 hex digits")->required();
    add_path(*command, "--data", flags->data, "folder of key and outbox", "DIR");
    if (act == follow)
        add_path(*command, "--output", flags->output, "where the result goes; without it <JOB id>.tar", "FILE");
    command->callback([flags, &invocation, name, act] {
        invocation.run = [flags, name, act] { return run("request " + name, flags, act); };
    });
}

}  // namespace

void add_request_follow(CLI::App& request, Invocation& invocation) {
    add_job_command(request, invocation, "follow", "follow a JOB, and fetch its verified result", follow);
}

void add_request_cancel(CLI::App& request, Invocation& invocation) {
    add_job_command(request, invocation, "cancel", "take back a JOB that no node has taken, with its fee", cancel);
}

Result<void> check_output(const std::string& output) {
    std::error_code ignored;
    if (output.empty() || !std::filesystem::exists(output, ignored)) return {};
    return permanent_error(output + " exists: name another file by --output, or move it away");
}

Task<Result<void>> follow_request(NetworkActor& self, JobId id, std::string output) {
    if (output.empty()) output = std::filesystem::absolute(id.hex().substr(2) + ".tar").string();
    const auto free = check_output(output);
    if (free.has_error()) co_return free.error();
    const auto tell = [](const std::string& news) {
        fmt::print(stderr, "emeth request: {}\n", one_line(news));
        std::fflush(stderr);
    };
    network::JobFollower follower({self.chain(), self.storage(), system_clock(), self.pool()}, tell);
    const auto verified = co_await follower.until_verified(id);
    if (verified.has_error()) co_return verified.error();
    const auto fetched = co_await follower.fetch(id, output);
    if (fetched.has_error()) co_return fetched.error();
    fmt::print("{}: {} bytes, SHA-256 {}\n", output, fetched->bytes, fetched->sha256.hex());
    co_return Result<void>{};
}

}  // namespace emeth::cli
