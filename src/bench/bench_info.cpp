#include "bench/bench_info.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/chain_jobs.hpp"
#include "bench/devnet_run.hpp"
#include "bench/figures.hpp"
#include "bench/listed_chain.hpp"
#include "bench/measured_program.hpp"
#include "harness/emeth_process.hpp"
#include "http/client.hpp"
#include "network/devnet/free_port.hpp"
#include "network/info_server/job_index.hpp"
#include "network/info_server/job_reader.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/progress_bar.hpp"

namespace emeth::bench {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t open_jobs = 100;
constexpr std::size_t jobs_per_update = 5'000;
constexpr Milliseconds look_again{2}, start_limit{60'000}, rpc_timeout{10'000};
constexpr double rpc_seconds = 3;
// What is wanted.
constexpr double requests_min = 15'000, indexed_min = 2'000, start_ms_max = 1'000, memory_mb_max = 256;

struct InfoFlags {
    std::uint64_t jobs = 1'000'000;
    std::uint64_t indexed = 100'000;
    unsigned seconds = 5;
    std::string past;
    bool json = false;
};

double seconds_since(SteadyClock::time_point begun) {
    return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}

/// An `emeth infoserver` of its own, and where it listens.
struct Server {
    ChildProcess process;
    http::Url url;
};

/// The endpoint is away unless `settings` names another one.
Task<Result<Server>> start_server(std::filesystem::path folder, std::string settings) {
    const auto executor = co_await asio::this_coro::executor;
    const auto port = network::free_port(executor);
    if (port.has_error()) co_return port.error();
    const auto config = folder / "infoserver.env";
    if (auto written = write_file_durably(config, settings, 0600); written.has_error()) co_return written.error();
    auto process = harness::start_emeth(
        executor,
        {"infoserver", "--config", config.string(), "--data", folder.string(), "--port", std::to_string(*port)},
        folder / "log");
    if (process.has_error()) co_return process.error();
    co_return Server{std::move(*process), http::Url::parse(fmt::format("http://127.0.0.1:{}", *port)).value()};
}

Task<Result<http::ClientResponse>> get(http::Url url) {
    http::ClientRequest request;
    request.url = std::move(url);
    request.response_bytes_max = 64 << 20;
    co_return co_await http::request(std::move(request));
}

/// Until an answer of `url` has at least `bytes_min` bytes.
Task<Result<void>> wait_for(http::Url url, std::size_t bytes_min) {
    for (const auto begun = system_clock().monotonic(); system_clock().monotonic() - begun < start_limit;) {
        const auto answer = co_await get(url);
        if (answer.has_value() && answer->status == 200 && answer->body.size() >= bytes_min) co_return Result<void>{};
        co_await system_clock().sleep(look_again);
    }
    co_return permanent_error("the info server does not list the JOBs within 60 s");
}

/// What wrk says: requests/s of 16 connections by one thread.
Result<double> requests_per_s(const http::Url& url, unsigned seconds, const std::filesystem::path& output) {
    const std::string command =
        fmt::format("wrk -t1 -c16 -d{}s {} >{} 2>&1", seconds, quoted(url.text()), quoted(output.string()));
    if (std::system(command.c_str()) != 0)
        return transient_error(fmt::format("wrk failed, see {}; it is in Debian's package wrk", output.string()));
    std::ifstream stream(output);
    for (std::string line; std::getline(stream, line);) {
        if (line.find("Non-2xx") != std::string::npos) return permanent_error("wrk: " + line);
        if (line.starts_with("Requests/sec:")) return std::stod(line.substr(13));
    }
    return permanent_error("wrk said no Requests/sec");
}

/// JOBs/s read from the endpoint, as many at once as the server reads.
Task<Result<double>> rpc_rate(network::Devnet& devnet, std::vector<JobId> jobs) {
    const auto executor = co_await asio::this_coro::executor;
    const auto begun = SteadyClock::now();
    std::size_t read = 0;
    while (seconds_since(begun) < rpc_seconds) {
        auto reading = network::read_jobs(executor, devnet.chain(), jobs);
        const auto found = co_await std::move(reading);
        if (found.has_error()) co_return found.error();
        read += found->found.size();
    }
    co_return static_cast<double>(read) / seconds_since(begun);
}

Task<Result<void>> measure_serving(network::Devnet& devnet, std::filesystem::path folder, InfoFlags flags,
                                   std::vector<Figure>* figures) {
    auto putting = put_open_jobs(devnet, open_jobs);
    const auto jobs = co_await std::move(putting);
    if (jobs.has_error()) co_return in_context("putting JOBs on chain", jobs.error());
    auto server = co_await start_server(
        folder,
        fmt::format("endpoint={}\nchain_id=60001\nemethContractAddress={}\ntokenContractAddress={}\n"
                    "storageApi={}\n",
                    devnet.endpoint().text(), devnet.core().hex(), devnet.token().hex(), devnet.storage_api().text()));
    if (server.has_error()) co_return server.error();
    const http::Url list = server->url.at("/api/v1/jobs?status=0");
    constexpr std::size_t bytes_a_job = 250;  // at least
    const auto listed = co_await wait_for(list, open_jobs * bytes_a_job);
    if (listed.has_error()) co_return listed.error();
    const auto by_rpc = co_await rpc_rate(devnet, *jobs);
    if (by_rpc.has_error()) co_return by_rpc.error();
    BlockingPool pool(1);
    auto loading = pool.run([&] { return requests_per_s(list, flags.seconds, folder / "wrk.log"); });
    const auto requests = co_await std::move(loading);
    if (requests.has_error()) co_return requests.error();
    figures->push_back({"served_jobs", *requests * open_jobs, "JOBs/s", "read from anvil by RPC", *by_rpc});
    figures->push_back({"requests", *requests, "of 100 JOBs/s", "at least", requests_min});
    co_return Result<void>{};
}

/// JOBs/s that an index takes from a chain that answers at once.
Task<Result<double>> index_rate(std::filesystem::path folder, std::uint64_t jobs) {
    const auto list = storage::JobList::open(folder);
    if (list.has_error()) co_return list.error();
    BlockingPool pool(2);
    ListedChain chain(jobs);
    network::JobIndex index(co_await asio::this_coro::executor, chain, **list, pool, {},
                            [](const storage::ListChanges&) {});
    const auto begun = SteadyClock::now();
    const auto updated = co_await index.update();
    if (updated.has_error()) co_return updated.error();
    const double seconds = seconds_since(begun);
    if ((*list)->counts()[storage::open_status] != jobs) co_return permanent_error("not all JOBs were indexed");
    co_return static_cast<double>(jobs) / seconds;
}

/// A list of so many JOBs, of which all but the last 100 are verified.
Result<void> fill_list(const std::filesystem::path& folder, std::uint64_t jobs) {
    const auto list = storage::JobList::open(folder);
    if (list.has_error()) return list.error();
    if (auto begun = (*list)->begin({60'001, Address{}, 0, Hash256{}}); begun.has_error()) return begun;
    ProgressBar bar("filling the list", jobs, ProgressUnit::count, system_clock());
    for (std::uint64_t number = 0; number < jobs;) {
        storage::ListUpdate update;
        for (; number < jobs && update.read.size() < jobs_per_update; ++number) {
            auto job = listed_job(number);
            if (number + open_jobs < jobs) {
                job.status = 4;
                job.node = job.owner;
                job.node.bytes[0] = 0x0d;
                job.verified_at_unix_s = job.deadline_unix_s;
            }
            update.read.push_back(std::move(job));
        }
        const auto applied = (*list)->apply(update);
        if (applied.has_error()) return applied.error();
        bar.update(number);
    }
    return {};
}

Task<Result<std::vector<Figure>>> measure_large(std::filesystem::path folder, InfoFlags flags) {
    if (!flags.past.empty()) folder = std::filesystem::absolute(flags.past);
    if (auto made = create_folder(folder, 0700); made.has_error()) co_return made.error();
    if (!std::filesystem::exists(folder / "joblist"))
        if (auto filled = fill_list(folder / "joblist", flags.jobs); filled.has_error()) co_return filled.error();
    ::sync();  // else the start would wait for what the filling left in the cache
    const auto begun = SteadyClock::now();
    auto server = co_await start_server(folder, "endpoint=http://127.0.0.1:1\nstorageApi=http://127.0.0.1:1\n");
    if (server.has_error()) co_return server.error();
    const auto answered = co_await wait_for(server->url.at("/api/v1/jobs?status=0"), open_jobs);
    if (answered.has_error()) co_return answered.error();
    const double start_ms = seconds_since(begun) * 1e3;
    std::string after;
    for (int page = 0; page < 20; ++page) {
        for (const char* query : {"status=4", "sort=oldest", "status=4&sort=oldest"}) {
            const auto listed = co_await get(server->url.at(fmt::format("/api/v1/jobs?{}{}", query, after)));
            if (listed.has_error()) co_return listed.error();
            if (const auto next = listed->headers.find("x-emeth-next"); next != listed->headers.end())
                after = "&after=" + next->second;
        }
    }
    const double memory = memory_mb(server->process.pid(), "RssAnon");
    server->process.signal(SIGKILL);
    co_await server->process.wait();
    co_return std::vector<Figure>{{"start", start_ms, "ms", "at most", start_ms_max},
                                  {"memory", memory, "MB", "at most", memory_mb_max}};
}

Task<Result<void>> measure(InfoFlags flags, std::filesystem::path anvil) {
    const Workshop workshop;
    const auto folder = workshop.path();
    if (auto made = create_folder(folder / "small", 0700); made.has_error()) co_return made;
    std::vector<Figure> figures;
    auto serving = beside_devnet(folder / "small", std::move(anvil), [&](network::Devnet& devnet) {
        return measure_serving(devnet, folder / "small", flags, &figures);
    });
    const auto served = co_await std::move(serving);
    if (served.has_error()) co_return served;
    const auto indexed = co_await index_rate(folder / "indexed", flags.indexed);
    if (indexed.has_error()) co_return indexed.error();
    figures.push_back({"indexed_in_memory", *indexed, "JOBs/s", "at least", indexed_min});
    const auto large = co_await measure_large(folder / "large", flags);
    if (large.has_error()) co_return large.error();
    figures.insert(figures.end(), large->begin(), large->end());
    print(figures, flags.json);
    co_return Result<void>{};
}

}  // namespace

void add_info(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand(
        "info", "the JOB info server: JOBs/s and requests/s, indexing, start and memory with a million JOBs");
    command->footer(
        "Against reading the same JOBs from anvil by RPC. JOBs are indexed from a chain\n"
        "in memory, since an endpoint would be measured instead.\n\n"
        "Example:\n  emeth bench info --json\n");
    auto flags = std::make_shared<InfoFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--jobs", flags->jobs, "JOBs in the list that it starts with")
        ->capture_default_str()
        ->check(CLI::Range(1'000, 10'000'000));
    command->add_option("--indexed", flags->indexed, "JOBs that are indexed")
        ->capture_default_str()
        ->check(CLI::Range(1'000, 10'000'000));
    command->add_option("--seconds", flags->seconds, "how long wrk asks")
        ->capture_default_str()
        ->check(CLI::Range(1, 60));
    command
        ->add_option("--past", flags->past,
                     "data folder that an earlier run filled, or where to keep this one's; needs the same --jobs")
        ->type_name("DIR");
    run_with_anvil(*command, invocation,
                   [flags](std::filesystem::path anvil) { return measure(*flags, std::move(anvil)); });
}

}  // namespace emeth::bench
