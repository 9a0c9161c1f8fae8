#include "network/info_server/info_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api_client/listed_job.hpp"
#include "http/health_routes.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::network {

namespace {

constexpr Milliseconds event_interval_max{10'000};
constexpr unsigned service_unavailable = 503;

http::ServerResponse busy(std::string message) {
    http::ServerResponse response = to_response(http::Refusal(service_unavailable, std::move(message)));
    response.headers["retry-after"] = "10";
    return response;
}

/// Counts whoever is there for as long as it lives.
class CountedIn {
public:
    explicit CountedIn(std::size_t& count) : count_(count) { ++count_; }
    CountedIn(const CountedIn&) = delete;
    CountedIn& operator=(const CountedIn&) = delete;
    ~CountedIn() { --count_; }

private:
    std::size_t& count_;
};

}  // namespace

struct InfoServerService::Parts {
    Parts(InfoServerService& service, std::unique_ptr<storage::JobList> opened)
        : list(std::move(opened)),
          index(service.executor_, service.ports_.chain, *list, service.ports_.pool, service.index_options_,
                [this, &service](const storage::ListChanges& changes) {
                    service.feed_.publish(changes.jobs);
                    lookups.want(changes.lookups);
                }),
          lookups(service.executor_,
                  LookupPorts{service.ports_.storage, *list, service.ports_.pool, service.ports_.clock},
                  [&service](const JobId& job) { service.feed_.publish({job}); }),
          answers(service.executor_, *list, service.ports_.pool) {}

    std::unique_ptr<storage::JobList> list;
    JobIndex index;
    StorageLookups lookups;
    ListAnswers answers;
};

InfoServerService::InfoServerService(asio::any_io_executor executor, InfoServerPorts ports, InfoServerOptions options)
    : executor_(executor),
      ports_(ports),
      folder_(std::move(options.folder)),
      index_options_(options.index),
      poll_interval_(options.poll_interval),
      feed_(executor, ports.clock),
      page_(
          executor, "job_info_server", [this] { return why_not_ready(); }, ports.clock),
      server_(executor, std::move(options.listen)) {
    server_.route("GET", api_client::jobs_path, 0,
                  [this](http::ServerRequest request) { return list(std::move(request)); });
    http::EventStreamOptions events;
    events.listeners_max = listeners_max;
    server_.route_events(
        std::string(api_client::jobs_path) + "/events", std::move(events),
        [this](http::EventStream stream, http::ServerRequest) { return tell_changes(std::move(stream)); });
    http::add_health_routes(
        server_, [this] { return why_not_ready(); }, {}, [this](http::ServerRequest) { return alive(); });
    if (options.add_page)
        options.add_page(server_);
    else
        page_.add_routes(server_);
}

InfoServerService::~InfoServerService() = default;

Result<void> InfoServerService::listen() {
    auto list = storage::JobList::open(folder_);
    if (list.has_error()) return list.error();
    parts_ = std::make_unique<Parts>(*this, std::move(*list));
    return server_.listen();
}

Task<std::vector<std::string>> InfoServerService::why_not_ready() {
    std::vector<std::string> reasons;
    if (!is_current_)
        reasons.push_back(fmt::format(
            "the list of JOBs is not up to date, but as of block {}: the chain has not answered, or is being read",
            parts_->index.block()));
    co_return reasons;
}

boost::json::array InfoServerService::newest(std::optional<chain::JobStatus> status, std::size_t count_max) const {
    storage::JobQuery query;
    if (status) query.status = static_cast<std::uint8_t>(*status);
    query.jobs_max = count_max;
    boost::json::array jobs;
    const auto listed = parts_->list->list(query, [&](const storage::IndexedJob& job) {
        jobs.emplace_back(listed_json(job));
        return true;
    });
    if (listed.has_error()) spdlog::warn("JOB info server: {}", listed.error().message);
    return jobs;
}

std::map<chain::JobStatus, std::size_t> InfoServerService::count_by_status() const {
    std::map<chain::JobStatus, std::size_t> counts;
    const auto known = parts_->list->counts();
    for (std::size_t status = 0; status < known.size(); ++status)
        if (known[status] > 0) counts[static_cast<chain::JobStatus>(status)] = known[status];
    return counts;
}

http::ServerResponse InfoServerService::response_of(const ListAnswer& answer) const {
    http::ServerResponse response;
    response.body = answer.body;
    response.headers["etag"] = answer.etag;
    response.headers["x-emeth-block"] = std::to_string(parts_->index.block());
    if (!is_current_) response.headers["x-emeth-stale"] = "1";
    if (answer.next) response.headers["x-emeth-next"] = answer.next->hex();
    return response;
}

Task<http::Answer> InfoServerService::list(http::ServerRequest request) {
    auto query = read_list_query(request.query);
    if (query.has_error()) co_return query.error();
    if (!query->wait)
        if (const auto kept = parts_->answers.kept(canonical_text(*query), feed_.count())) co_return response_of(*kept);
    if (query->wait && waiting_ >= waiting_max)
        co_return busy(fmt::format("{} clients wait for changes already, as many as may at once", waiting_));
    if (query->jobs.after) {
        auto work = [this, &query] { return parts_->list->find(*query->jobs.after); };
        auto finding = ports_.pool.run(std::move(work));
        const auto last = co_await std::move(finding);
        if (last.has_value() && !*last)
            co_return http::malformed(
                fmt::format("after is '{}'; it must be the id of a JOB in the list", query->jobs.after->hex()));
    }
    auto answering = query->wait ? changed_answer(*query, std::string(request.header("if-none-match")))
                                 : parts_->answers.answer(*query, feed_.count());
    const auto answer = co_await std::move(answering);
    if (answer.has_error()) {
        spdlog::warn("JOB info server: {}", answer.error().message);
        co_return busy("the list cannot be read; the server's log says why");
    }
    co_return response_of(**answer);
}

/// As soon as the answer is another one than that with `known_etag`, or than the present one if that is empty, but not
/// later than the client will wait.
Task<Result<ListAnswers::Answer>> InfoServerService::changed_answer(ListQuery query, std::string known_etag) {
    const CountedIn waiting(waiting_);
    const Milliseconds end = ports_.clock.monotonic() + *query.wait;
    for (;;) {
        const std::uint64_t seen = feed_.count();
        const auto answer = co_await parts_->answers.answer(query, seen);
        if (answer.has_error()) co_return answer;
        if (known_etag.empty()) known_etag = (*answer)->etag;
        const Milliseconds left = end - ports_.clock.monotonic();
        const bool is_known = known_etag.find((*answer)->etag) != std::string::npos;  // it may hold several
        if (!is_known || left <= Milliseconds::zero()) co_return answer;
        co_await feed_.wait(seen, left);
    }
}

Task<> InfoServerService::tell_changes(http::EventStream stream) {
    std::uint64_t seen = feed_.count();
    for (;;) {
        auto telling = stream.send("block", json_text(progress()));
        const auto told = co_await std::move(telling);
        if (told.has_error()) co_return;
        co_await feed_.wait(seen, event_interval_max);
        const auto changed = feed_.since(seen);
        seen = feed_.count();
        if (!changed) {
            auto giving_up = stream.send("resync", "{}");
            const auto sent = co_await std::move(giving_up);
            if (sent.has_error()) co_return;
            continue;
        }
        for (const JobId& job : *changed) {
            const auto sent = co_await tell_job(&stream, job);
            if (sent.has_error()) co_return;
        }
    }
}

Task<Result<void>> InfoServerService::tell_job(http::EventStream* stream, JobId job) {
    auto work = [this, &job] { return parts_->list->find(job); };
    auto finding = ports_.pool.run(std::move(work));
    const auto found = co_await std::move(finding);
    if (found.has_error()) co_return found.error();
    std::string name = *found ? "job" : "gone";
    std::string data = json_text(*found ? listed_json(**found) : boost::json::object{{"id", job.hex()}});
    auto sending = stream->send(std::move(name), std::move(data));
    co_return co_await std::move(sending);
}

/// How far the list lags behind the chain, as far as that is known: behind the latest block that was heard of, and
/// while the chain does not answer, by the time since the list was up to date.
boost::json::object InfoServerService::progress() const {
    const JobIndex& index = parts_->index;
    const std::uint64_t head = std::max(index.latest().number, index.block());
    std::int64_t seconds =
        head > index.block() ? index.latest().timestamp_unix_s - index.block_unix_s() : std::int64_t{0};
    if (!is_current_ && was_current_at_)
        seconds = std::max(seconds, (ports_.clock.monotonic() - *was_current_at_).count() / 1'000);
    else if (!is_current_)
        seconds = std::max(seconds, ports_.clock.unix_ms() / 1'000 - index.block_unix_s());
    boost::json::object json{{"block", index.block()},
                             {"lagBlocks", head - index.block()},
                             {"lagSeconds", std::max(seconds, std::int64_t{0})},
                             {"stale", !is_current_}};
    if (index.block_unix_s() == 0) json["lagSeconds"] = nullptr;  // nothing was ever read
    return json;
}

Task<http::Answer> InfoServerService::alive() {
    boost::json::object json = progress();
    json["alive"] = true;
    co_return http::ServerResponse(boost::json::value(std::move(json)));
}

Task<> InfoServerService::follow() {
    bool failing = false;
    for (;;) {
        const auto updated = co_await parts_->index.update();
        if (updated.has_error() && !failing)
            spdlog::warn("JOB info server: {}; it serves what it knows", updated.error().message);
        if (updated.has_value() && failing) spdlog::info("JOB info server: up to date again");
        failing = updated.has_error();
        is_current_ = !failing;
        if (is_current_) was_current_at_ = ports_.clock.monotonic();
        co_await ports_.clock.sleep(poll_interval_);
    }
}

Task<> InfoServerService::run() {
    TaskGroup group(executor_, 3);
    group.start(server_.run());
    group.start(follow());
    group.start(parts_->lookups.run());
    co_await group.join();
}

}  // namespace emeth::network
