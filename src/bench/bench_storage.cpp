#include "bench/bench_storage.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/figures.hpp"
#include "bench/measured_program.hpp"
#include "bench/slow_readers.hpp"
#include "cli/program.hpp"
#include "crypto/sha256.hpp"
#include "harness/emeth_process.hpp"
#include "http/client.hpp"
#include "http/signed_url.hpp"
#include "network/devnet/free_port.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/object_store.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

namespace emeth::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t rounds = 3;
constexpr std::size_t block_bytes = 1 << 20;
constexpr std::size_t slow_clients = 200, slow_bytes_per_s = 50'000;
constexpr double memory_allowed_mb = 64;
constexpr Milliseconds start_limit{10'000}, look_again{20}, request_timeout{1'000};
constexpr std::chrono::milliseconds sampled_every{5}, slow_start{500};
constexpr std::string_view object = "dataset-of-the-bench";

struct StorageFlags {
    std::uint64_t bytes = 1'000'000'000;
    std::string nginx;
    bool json = false;
};

/// The most memory that a process has had for itself, file pages apart, since this was made.
class PeakMemory {
public:
    explicit PeakMemory(pid_t pid)
        : sampling_([this, pid](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  mb_ = std::max<double>(mb_, memory_mb(pid, "RssAnon"));
                  std::this_thread::sleep_for(sampled_every);
              }
          }) {}
    double stop() {
        sampling_.request_stop();
        sampling_.join();
        return mb_;
    }

private:
    std::atomic<double> mb_ = 0;
    std::jthread sampling_;
};

/// Noise, so that nobody can compress it.
void write_noise(const fs::path& file, std::uint64_t bytes) {
    std::string block(block_bytes, '\0');
    system_random().fill(std::span(reinterpret_cast<std::uint8_t*>(block.data()), block.size()));
    std::ofstream stream(file, std::ios::binary);
    for (std::uint64_t written = 0; written < bytes; written += block.size()) {
        stream.write(block.data(),
                     static_cast<std::streamsize>(std::min<std::uint64_t>(block.size(), bytes - written)));
        std::rotate(block.begin(), block.begin() + 1, block.end());
    }
    if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

/// One server, as curl sees it.
struct Peer {
    std::string get_url, put_url;
    fs::path stored;  ///< what a PUT makes
};

double mb_per_s(std::uint64_t bytes, double seconds) {
    return static_cast<double>(bytes) / 1e6 / seconds;
}

double down(const Peer& peer, std::uint64_t bytes) {
    return mb_per_s(bytes, seconds_of(fmt::format("curl -sS -f -o /dev/null {}", quoted(peer.get_url))));
}

/// Until the bytes are durable: our server answers no sooner.
double up(const Peer& peer, const fs::path& content, std::uint64_t bytes) {
    const double seconds = seconds_of(
        fmt::format("sh -c {}", quoted(fmt::format("curl -sS -f -o /dev/null -T \"{}\" \"{}\" && sync \"{}\"",
                                                   content.string(), peer.put_url, peer.stored.string()))));
    fs::remove(peer.stored);
    return mb_per_s(bytes, seconds);
}

double best(const std::vector<double>& values) {
    return *std::max_element(values.begin(), values.end());
}

/// It runs by itself: no service of the machine is touched.
std::string nginx_settings(const fs::path& folder, std::uint16_t port) {
    return fmt::format(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log {0}/errors;\nevents {{ worker_connections 1024; }}\n"
        "http {{\n  access_log off;\n  sendfile on;\n  tcp_nopush on;\n  client_max_body_size 0;\n"
        "  client_body_temp_path {0}/body;\n  proxy_temp_path {0}/proxy;\n  fastcgi_temp_path {0}/fastcgi;\n"
        "  uwsgi_temp_path {0}/uwsgi;\n  scgi_temp_path {0}/scgi;\n"
        "  server {{ listen 127.0.0.1:{1}; location / {{ root {0}/root; dav_methods PUT; }} }}\n}}\n",
        folder.string(), port);
}

Task<Result<void>> until_it_answers(std::uint16_t port, fs::path log) {
    http::ClientRequest request;
    request.url = http::Url::parse(fmt::format("http://127.0.0.1:{}/nothing", port)).value();
    request.timeout = request_timeout;
    const Milliseconds end = system_clock().monotonic() + start_limit;
    for (;;) {
        const auto answer = co_await http::request(request);
        if (answer) co_return Result<void>{};
        if (system_clock().monotonic() > end)
            co_return permanent_error(
                fmt::format("{}: {}; see {}", answer.error().message, harness::last_line(log), log.string()));
        co_await system_clock().sleep(look_again);
    }
}

struct Started {
    ChildProcess process;
    std::uint16_t port;
};

Task<Result<Started>> start_nginx(std::string program, fs::path folder) {
    const auto port = network::free_port(co_await asio::this_coro::executor);
    if (port.has_error()) co_return port.error();
    const std::string settings = nginx_settings(folder, *port);
    if (auto written = write_file_durably(folder / "nginx.conf", settings); written.has_error())
        co_return written.error();
    ChildOptions options;
    options.program = std::move(program);
    options.arguments = {
        "-p", folder.string(), "-c", (folder / "nginx.conf").string(), "-e", (folder / "errors").string()};
    options.output = folder / "log";
    auto child = ChildProcess::start(co_await asio::this_coro::executor, options);
    if (child.has_error()) co_return in_context("nginx", child.error());
    if (auto ready = co_await until_it_answers(*port, folder / "errors"); ready.has_error()) co_return ready.error();
    co_return Started{std::move(*child), *port};
}

Task<Result<Started>> start_ours(fs::path folder) {
    const auto port = network::free_port(co_await asio::this_coro::executor);
    if (port.has_error()) co_return port.error();
    // Signed URLs are all that is asked of it: it needs no chain.
    if (auto written = write_file_durably(folder / "storage.env", "endpoint=http://127.0.0.1:1\n"); written.has_error())
        co_return written.error();
    std::vector<std::string> arguments{
        "storageapi", "--config",           (folder / "storage.env").string(), "--data", folder.string(),
        "--port",     std::to_string(*port)};
    auto child = harness::start_emeth(co_await asio::this_coro::executor, std::move(arguments), folder / "log");
    if (child.has_error()) co_return child.error();
    if (auto ready = co_await until_it_answers(*port, folder / "log"); ready.has_error()) co_return ready.error();
    co_return Started{std::move(*child), *port};
}

Result<Peer> our_peer(const fs::path& folder, std::uint16_t port, const fs::path& content, std::uint64_t bytes) {
    network::ObjectStore store(folder / "objects", {});
    const auto secret = store.secret(system_random());
    if (secret.has_error()) return secret.error();
    const auto sha256 = crypto::sha256_of_file(content);
    if (sha256.has_error()) return sha256.error();
    const http::UrlSigner signer(*secret);
    const std::int64_t expires = system_clock().unix_ms() + 86'400'000;
    const auto url = [&](std::string_view method, const std::string& path) {
        return fmt::format("http://127.0.0.1:{}{}", port, signer.sign(method, path, expires));
    };
    const std::string uploaded = "upload-of-the-bench";
    return Peer{url("GET", network::object_path(network::ObjectKind::dataset, object)),
                url("PUT", network::put_dataset_path(uploaded, sha256->hex(), std::to_string(bytes))),
                store.path(network::ObjectKind::dataset, uploaded)};
}

/// What a client gets beside 200 others that take their time, and alone.
std::pair<double, double> beside_slow_clients(const Peer& ours, std::uint16_t port, std::uint64_t bytes) {
    std::vector<double> alone, beside;
    const std::string target = ours.get_url.substr(ours.get_url.find("/", std::string_view("http://").size()));
    for (std::size_t round = 0; round < rounds; ++round) {
        alone.push_back(down(ours, bytes));
        const SlowReaders slow(slow_clients, port, target, slow_bytes_per_s);
        std::this_thread::sleep_for(slow_start);
        beside.push_back(down(ours, bytes));
        if (slow.served() < slow_clients / 2)
            throw std::runtime_error(fmt::format("only {} of {} slow clients are served", slow.served(), slow_clients));
    }
    return {best(beside), best(alone)};
}

Task<Result<void>> run_storage(StorageFlags flags) {
    const Workshop workshop;
    const fs::path content = workshop / "content";
    for (const fs::path& folder : {fs::path("ours"), fs::path("nginx"), fs::path("nginx/root")})
        if (auto made = create_folder(workshop.path() / folder, 0700); made.has_error()) co_return made;
    write_noise(content, flags.bytes);
    auto ours = co_await start_ours(workshop / "ours");
    if (ours.has_error()) co_return in_context("the Storage API", ours.error());
    auto nginx = co_await start_nginx(flags.nginx, workshop / "nginx");
    if (nginx.has_error()) co_return in_context("nginx", nginx.error());
    const auto own = our_peer(workshop / "ours", ours->port, content, flags.bytes);
    if (own.has_error()) co_return own.error();
    const std::string root = fmt::format("http://127.0.0.1:{}", nginx->port);
    const Peer other{root + "/content", root + "/uploaded", workshop / "nginx" / "root" / "uploaded"};
    fs::create_hard_link(content, workshop / "nginx" / "root" / "content");
    fs::create_hard_link(content, workshop / "ours" / "objects" / "dataset" / object);
    ::sync();

    PeakMemory peak(ours->process.pid());
    std::vector<double> own_down, other_down, own_up, other_up;
    for (std::size_t round = 0; round < rounds; ++round) {
        // Who comes second gets the memory that the first has just given back, which is cheaper than fresh memory, on a
        // virtual machine above all: so each comes first in turn.
        std::vector<const Peer*> order{&*own, &other};
        if (round % 2 == 1) std::ranges::reverse(order);
        for (const Peer* peer : order) (peer == &other ? other_down : own_down).push_back(down(*peer, flags.bytes));
        for (const Peer* peer : order) (peer == &other ? other_up : own_up).push_back(up(*peer, content, flags.bytes));
        fmt::print(stderr, "emeth bench: round {} of {}: down {:.0f} MB/s, nginx {:.0f}; up {:.0f}, nginx {:.0f}\n",
                   round + 1, rounds, own_down.back(), other_down.back(), own_up.back(), other_up.back());
    }
    const auto [beside, alone] = beside_slow_clients(*own, ours->port, flags.bytes);
    print({{"download", best(own_down), "MB/s", "nginx", best(other_down)},
           {"upload", best(own_up), "MB/s", "nginx, then sync", best(other_up)},
           {"download_beside_200_slow", beside, "MB/s", "alone", alone},
           {"peak_anonymous_memory", peak.stop(), "MB", "allowed", memory_allowed_mb}},
          flags.json);
    ours->process.signal(SIGKILL);
    nginx->process.signal(SIGKILL);
    co_return Result<void>{};
}

}  // namespace

void add_storage(CLI::App& bench, cli::Invocation& invocation) {
    auto* command =
        bench.add_subcommand("storage", "objects of the Storage API, down and up, against nginx: speed and memory");
    command->footer(
        "Both serve curl on 127.0.0.1, from a temporary folder below the current one that takes three times --bytes. "
        "An\n"
        "upload ends when its bytes are durable. 200 slow clients take 50 kB/s each.\n\n"
        "Example:\n  emeth bench storage --bytes 10000000000\n");
    auto flags = std::make_shared<StorageFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--bytes", flags->bytes, "size of the object")
        ->capture_default_str()
        ->check(CLI::Range(std::uint64_t{1'000'000}, std::uint64_t{64} << 30));
    command->add_option("--nginx", flags->nginx, "nginx program; else build/tools/nginx, else PATH")->type_name("FILE");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("bench", "error");
            if (flags->nginx.empty()) {
                const fs::path fetched = own_program_path().parent_path().parent_path() / "tools" / "nginx";
                flags->nginx = fs::exists(fetched) ? fetched.string() : "nginx";
            }
            return cli::run_task("bench", [&](asio::any_io_executor) { return run_storage(*flags); });
        };
    });
}

}  // namespace emeth::bench
