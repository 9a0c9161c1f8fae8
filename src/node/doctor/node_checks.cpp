#include "node/doctor/node_checks.hpp"

#include <fmt/format.h>

#include <utility>

#include "node/admin/admin_socket.hpp"
#include "node/data_folder.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"
#include "runtime/waiting.hpp"
#include "storage/store.hpp"

namespace emeth::node {
namespace {

constexpr Milliseconds answer_max{4'000};
constexpr std::size_t text_bytes_max = 4'096, workers_max = 100'000, warnings_max = 100;

struct Fitness {
    std::size_t connected = 0, fit = 0;
    std::string unfit;  ///< the first that is not, and why
};

Fitness fitness_of(std::span<JsonObject> workers) {
    Fitness fitness;
    for (JsonObject& worker : workers) {
        if (!worker.boolean("connected")) continue;
        ++fitness.connected;
        const auto reason = worker.optional_string("unfit", text_bytes_max);
        if (!reason) ++fitness.fit;
        if (reason && fitness.unfit.empty())
            fitness.unfit = fmt::format("{}: {}", worker.string("address", text_bytes_max), one_line(*reason));
    }
    return fitness;
}

Finding judge_workers(const Fitness& workers) {
    if (workers.connected == 0)
        return {"workers", Verdict::problem, "no worker is connected, so that no JOB is taken",
                "emeth worker, or emeth master --local-workers N; worker_whitelist says who may connect"};
    std::string count = fmt::format("{} connected, {} fit", workers.connected, workers.fit);
    if (workers.fit == workers.connected) return {"workers", Verdict::ok, std::move(count)};
    return {"workers", workers.fit == 0 ? Verdict::problem : Verdict::warning, count + "; " + workers.unfit,
            "the worker's own log says the same; it tries again by itself"};
}

/// What a running master says keeps it from taking any JOB; empty: nothing.
std::string standstill_of(JsonObject& status) {
    std::string text;
    auto network = status.optional_object("network");
    if (!network) return text;
    for (const boost::json::value& warning : network->array("warnings", warnings_max))
        if (warning.is_string()) text += (text.empty() ? "" : "; ") + one_line(warning.get_string(), text_bytes_max);
    return text;
}

}  // namespace

Findings judge_master(const boost::json::value& status) {
    JsonObject answer(status, "the master's status");
    std::vector<JsonObject> workers = answer.objects("workers", workers_max);
    const Fitness fitness = fitness_of(workers);
    const std::string standstill = standstill_of(answer);
    if (const auto check = answer.check(); check.has_error())
        return {problem_of("master", check.error(), "is it of another version? restart it")};
    if (standstill.empty()) return {{"master", Verdict::ok, "it runs"}, judge_workers(fitness)};
    return {{"master", Verdict::warning, "it runs, but took no JOB when it last looked: " + standstill},
            judge_workers(fitness)};
}

Result<NodeExam::Seen> NodeExam::read_store(const std::filesystem::path& folder) {
    const auto store = storage::NodeStore::open(folder, storage::OpenMode::read_only);
    if (store.has_error()) return store.error();
    const auto active = (*store)->jobs().active();
    if (active.has_error()) return active.error();
    for (const auto& job : *active)
        if (auto verified = (*store)->jobs().verify(job.terms.id); verified.has_error()) return verified.error();
    const auto last_nonce = (*store)->outbox().last_nonce();
    if (last_nonce.has_error()) return last_nonce.error();
    return Seen{active->size(), *last_nonce};
}

Task<> NodeExam::look_at_store(Findings& findings) {
    const std::filesystem::path folder = store_folder(data_);
    std::error_code unreadable;
    if (!std::filesystem::exists(folder, unreadable))
        co_return findings.push_back({"store", Verdict::ok, "none yet: no node has worked in " + data_.string()});
    const Waiting waiting("the store in " + data_.string());
    auto read = [folder] { return read_store(folder); };
    const Result<Seen> seen = co_await pool_.run(std::move(read));
    if (seen.has_error())
        co_return findings.push_back(problem_of(
            "store", seen.error(), "keep a copy of the data folder; `emeth state verify` looks at all of it"));
    seen_ = *seen;
    findings.push_back({"store", Verdict::ok,
                        fmt::format("{} active JOBs, whose histories lead to their records", seen_.active_jobs)});
}

Task<> NodeExam::look_at_master(Findings& findings) {
    const std::filesystem::path socket = admin_socket(data_);
    if (!admin_answers(socket)) co_return findings.push_back({"master", Verdict::ok, "none runs in " + data_.string()});
    boost::json::object nothing;
    auto asking = ask_master(socket, "status", std::move(nothing), answer_max);
    const Result<boost::json::value> status = co_await std::move(asking);
    if (status.has_error()) co_return findings.push_back(problem_of("master", status.error(), "see its log"));
    for (Finding& finding : judge_master(*status)) findings.push_back(std::move(finding));
}

}  // namespace emeth::node
