#include "simulation/simulated_workers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/gas.hpp"
#include "node/market/selection.hpp"

namespace emeth::simulation {
namespace {

namespace wp = worker_protocol;

constexpr double bytes_per_second = 200'000;
constexpr double checkpoint_every_s = 15;
constexpr std::uint64_t steps_per_mebibyte = 120;
constexpr std::uint64_t artifact_bytes = 25'000'000, evidence_bytes = 15'000'000;
/// Each second, while the weather is not fine.
constexpr double death_rate = 0.001, cut_rate = 0.0006, trainer_death_rate = 0.001, disk_loss_share = 0.3,
                 wrong_bytes_share = 0.03, old_news_share = 0.3;
/// Of the lives with several workers.
constexpr double sick_share = 0.3;

std::uint64_t gas_of(std::uint64_t bytes) {
    return chain::estimated_gas(chain::dataset_mebibytes(bytes), chain::language_model_complexity);
}

}  // namespace

SimulatedWorkers::SimulatedWorkers(asio::any_io_executor executor, std::size_t count, SimulatedStorage& storage,
                                   Clock& clock, const Weather& weather, const Mortality& process,
                                   Violations& violations, Dice dice, const Trace& trace)
    : executor_(std::move(executor)),
      storage_(storage),
      clock_(clock),
      weather_(weather),
      process_(process),
      violations_(violations),
      dice_(dice),
      trace_(trace),
      freed_(executor_) {
    for (std::size_t number = 0; number < count; ++number)
        workers_[numbered<Address>(100 + number)].power_capacity =
            static_cast<std::uint64_t>(dice_.between(80'000, 250'000));
    if (count > 1 && dice_.chance(sick_share)) workers_.begin()->second.sick = true;
}

std::int64_t SimulatedWorkers::slowest_s(std::uint64_t gas) const {
    std::int64_t longest = 0;
    for (const auto& [address, worker] : workers_)
        longest = std::max(longest, node::finish_estimate_s(gas, worker.power_capacity, 2));
    return longest;
}

bool SimulatedWorkers::serves(const JobId& job) const {
    const auto lease = leases_.find(job);
    if (lease == leases_.end()) return false;
    const Worker& worker = workers_.at(lease->second.worker);
    return worker.connected && !worker.sick;
}

bool SimulatedWorkers::is_idle(const Address& address) const {
    return workers_.at(address).connected && std::none_of(leases_.begin(), leases_.end(), [&](const auto& entry) {
               return entry.second.worker == address && entry.second.hold == node::Hold::work;
           });
}

SimulatedWorkers::Lease* SimulatedWorkers::standing(const Address& worker, const JobId& job, std::uint64_t number) {
    const auto found = leases_.find(job);
    const bool stands = found != leases_.end() && found->second.inbox && found->second.worker == worker &&
                        found->second.number == number;
    return stands ? &found->second : nullptr;
}

/// What does not fit, the worker keeps and repeats.
void SimulatedWorkers::put(Lease& lease, wp::Report report) {
    if (std::holds_alternative<wp::Progress>(report.body)) return lease.inbox->put_progress(std::move(report));
    lease.inbox->offer(std::move(report));
}

void SimulatedWorkers::report(const Address& address, const Work& work, wp::ReportBody body) {
    const bool durable = !std::holds_alternative<wp::Progress>(body);
    const auto id = durable ? ++last_report_ : 0;
    Worker& worker = workers_.at(address);
    if (durable) worker.unacknowledged[id] = {id, work.job, work.lease, body};
    if (!worker.connected) return;
    if (Lease* lease = standing(address, work.job, work.lease))
        put(*lease, {id, work.job, work.lease, std::move(body)});
}

void SimulatedWorkers::connect(const Address& address, Worker& worker) {
    worker.connected = true;
    std::erase_if(worker.files, [&](const auto& file) { return to_forget_.contains({address, file.first}); });
    for (auto& [job, lease] : leases_) {
        const bool held_before = worker.files.contains(job);
        if (lease.worker != address && lease.inbox && held_before && !weather_.fine && dice_.chance(old_news_share))
            put(lease, {0, job, lease.number - 1, wp::TrainingStarted{1, "a worker whose lease was given to another"}});
        if (lease.worker != address || !lease.inbox) continue;
        lease.inbox->put_connection({0, lease.number, node::WorkerConnected{}});
    }
    if (worker.work && standing(address, worker.work->job, worker.work->lease) == nullptr)
        worker.work.reset();  // it was told to stop
    for (const auto& [id, report] : std::map(worker.unacknowledged)) {
        Lease* lease = standing(address, report.job, report.lease);
        if (lease == nullptr) {
            worker.unacknowledged.erase(id);
            continue;
        }
        put(*lease, report);
    }
    freed_.notify();
}

void SimulatedWorkers::disconnect(const Address& address, Worker& worker, const std::string& reason,
                                  Milliseconds away) {
    worker.back_at = clock_.monotonic() + away;
    if (!worker.connected) return;
    worker.connected = false;
    for (auto& [job, lease] : leases_)
        if (lease.worker == address && lease.inbox)
            lease.inbox->put_connection({0, lease.number, node::WorkerDisconnected{reason}});
}

void SimulatedWorkers::lose_master() {
    master_is_up_ = false;
    leases_.clear();
    sick_list_ = {};
    for (auto& [address, worker] : workers_) {
        worker.connected = false;
        worker.back_at = clock_.monotonic() + Milliseconds(dice_.between(500, 8'000));
    }
}

void SimulatedWorkers::tick() {
    for (auto& [address, worker] : workers_) {
        if (!weather_.fine) suffer(address, worker);
        if (worker.work) work(address, worker);
        if (master_is_up_ && !worker.connected && clock_.monotonic() >= worker.back_at) connect(address, worker);
    }
}

void SimulatedWorkers::suffer(const Address& address, Worker& worker) {
    if (dice_.chance(death_rate)) {
        for (auto& [job, files] : worker.files) files.step = static_cast<double>(files.checkpoint);
        if (dice_.chance(disk_loss_share)) {
            for (const auto& [job, files] : worker.files) lost_.insert(job);
            worker.files.clear();
        }
        worker.work.reset();
        disconnect(address, worker, "the worker died", Milliseconds(dice_.between(3'000, 150'000)));
        if (trace_) trace_(fmt::format("worker {} dies", address.hex().substr(0, 8)));
    } else if (dice_.chance(cut_rate)) {
        disconnect(address, worker, "the connection is cut", Milliseconds(dice_.between(1'000, 150'000)));
        if (trace_) trace_(fmt::format("worker {} is cut off", address.hex().substr(0, 8)));
    }
}

void SimulatedWorkers::work(const Address& address, Worker& worker) {
    Work& work = *worker.work;
    Files& files = worker.files[work.job];
    if (work.stage == Stage::download) {
        download(address, work, files);
    } else if (work.stage == Stage::train) {
        train(address, worker, work, files);
    } else if (work.upload) {
        upload(address, work, files);
    }
}

void SimulatedWorkers::download(const Address& address, Work& work, Files& files) {
    if (workers_.at(address).sick) {
        work.stage = Stage::idle;
        return report(address, work,
                      wp::StepFailed{"download", false, "3 MiB are free, but 2000 MiB are needed", true});
    }
    if (!files.dataset && storage_.is_down()) {
        work.stage = Stage::idle;
        return report(address, work, wp::StepFailed{"download", false, "storage answered 503", true});
    }
    work.seconds += 1;
    if (!files.dataset && work.seconds * bytes_per_second < static_cast<double>(files.bytes)) return;
    if (!files.dataset && !weather_.fine && dice_.chance(wrong_bytes_share)) {
        work.stage = Stage::idle;
        return report(address, work, wp::StepFailed{"download", false, "the dataset is shorter than announced", true});
    }
    files.dataset = true;
    files.steps_total = chain::dataset_mebibytes(files.bytes) * steps_per_mebibyte;
    files.step = static_cast<double>(files.checkpoint);
    report(address, work,
           wp::DatasetReady{numbered<Hash256>(files.bytes), files.bytes, files.bytes / 4, files.steps_total});
    report(address, work, wp::TrainingStarted{files.checkpoint, "order"});
    work.stage = Stage::train;
    work.seconds = 0;
    if (files.artifact) finish(address, work, files);
}

void SimulatedWorkers::train(const Address& address, Worker& worker, Work& work, Files& files) {
    if (!weather_.fine && dice_.chance(trainer_death_rate)) {
        files.step = static_cast<double>(files.checkpoint);
        report(address, work, wp::StepFailed{"training", false, "the trainer was killed by signal 9", false});
        return report(address, work, wp::TrainingStarted{files.checkpoint, "killed by signal 9"});
    }
    const double expected_s =
        static_cast<double>(node::finish_estimate_s(gas_of(files.bytes), worker.power_capacity, 2)) * 0.8;
    const auto total = static_cast<double>(files.steps_total);
    files.step = std::min(total, files.step + total / expected_s);
    if (files.step >= total) return finish(address, work, files);
    work.seconds += 1;
    const auto step = static_cast<std::uint64_t>(files.step);
    const std::uint32_t epoch = step * 2 >= files.steps_total ? 1 : 0;
    if (work.seconds >= checkpoint_every_s && step > files.checkpoint) {
        work.seconds = 0;
        files.checkpoint = step;
        report(address, work, wp::CheckpointSaved{{epoch, step, numbered<Hash256>(step), 3.9}});
    }
    report(address, work, wp::Progress{"training", epoch, step, files.steps_total, 0, 0, 3.5, 10'000});
}

/// Training is deterministic: one worker makes the same artifact of the same bytes again.
void SimulatedWorkers::finish(const Address& address, Work& work, Files& files) {
    statemachine::Artifact artifact;
    const std::uint64_t seed =
        work.job.bytes[0] + std::uint64_t{256} * work.job.bytes[1] + std::uint64_t{65'536} * address.bytes[0];
    artifact.sha256 = numbered<Hash256>(seed);
    artifact.bytes = artifact_bytes;
    artifact.epochs = 2;
    artifact.steps = files.steps_total;
    artifact.epoch_losses = {3.5, 3.0};
    artifact.validation_loss = 3.1;
    honest_.insert({work.job, artifact.sha256});
    lost_.erase(work.job);
    files.artifact = artifact;
    work.stage = Stage::idle;
    report(address, work, wp::Trained{artifact});
}

void SimulatedWorkers::upload(const Address& address, Work& work, const Files& files) {
    if (work.upload->urls.empty()) return work.upload.reset();
    if (storage_.is_down()) {
        work.upload.reset();
        return report(address, work, wp::StepFailed{"upload", false, "storage answered 503", true});
    }
    const auto first = work.upload->urls.begin();
    const auto [part, url] = *first;
    work.upload->urls.erase(first);
    const bool wrong = !weather_.fine && dice_.chance(wrong_bytes_share);
    storage_.put_part(url, wrong ? numbered<Hash256>(8) : files.artifact->sha256);
    report(address, work, wp::PartUploaded{part, fmt::format("\"{}\"", part), work.upload->upload_id});
}

std::vector<node::WorkerInfo> SimulatedWorkers::workers() const {
    std::vector<node::WorkerInfo> infos;
    for (const auto& [address, worker] : workers_) {
        node::WorkerInfo info{address,      worker.connected, worker.power_capacity,
                              std::nullopt, std::nullopt,     rest_of(address)};
        for (const auto& [job, lease] : leases_)
            if (lease.worker == address && lease.hold == node::Hold::work) info.job = job;
        infos.push_back(info);
    }
    return infos;
}

std::size_t SimulatedWorkers::idle_workers() const {
    return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [&](const auto& entry) {
        return is_idle(entry.first) && rest_of(entry.first) == Milliseconds::zero();
    }));
}

void SimulatedWorkers::lease_failed(Address worker, bool counts) {
    const auto rest = sick_list_.lease_failed(worker, counts, clock_.monotonic());
    if (trace_) trace_(fmt::format("worker {} is to rest for {} s", worker.hex().substr(0, 8), rest.count() / 1'000));
}

Task<Address> SimulatedWorkers::reserve(JobId job, std::optional<Address> preferred) {
    process_.check();
    for (;;) {
        std::optional<Address> chosen;
        const auto rank = [&](const Address& worker) { return std::pair(rest_of(worker), preferred != worker); };
        for (const auto& [address, worker] : workers_)
            if (is_idle(address) && (!chosen || rank(address) < rank(*chosen))) chosen = address;
        if (chosen) {
            leases_[job] = Lease{0, *chosen, node::Hold::work, nullptr};
            co_return *chosen;
        }
        // Several JOBs may wait here; each looks for itself.
        co_await clock_.sleep(Milliseconds(1'000));
        process_.check();
    }
}

std::shared_ptr<node::WorkerInbox> SimulatedWorkers::adopt(JobId job, std::uint64_t number, Address address,
                                                           node::Hold hold) {
    process_.check();
    Lease& lease = leases_[job];
    if (lease.inbox) lease.inbox->close();
    const auto inbox = std::make_shared<node::WorkerInbox>(executor_);
    lease = Lease{number, address, hold, inbox};
    to_forget_.erase({address, job});
    for (const auto& [other, held] : leases_)
        if (other != job && hold == node::Hold::work && held.hold == node::Hold::work && held.worker == address)
            violations_.add("one worker is leased to two JOBs");
    if (workers_.at(address).connected) {
        inbox->put_connection({0, number, node::WorkerConnected{}});
    } else {
        inbox->put_connection({0, number, node::WorkerDisconnected{"the worker has not connected yet"}});
    }
    return inbox;
}

void SimulatedWorkers::release(JobId job, bool forget, std::string) {
    process_.check();
    const auto found = leases_.find(job);
    for (auto& [address, worker] : workers_) {
        if (found != leases_.end() && found->second.worker == address && worker.connected && worker.work &&
            worker.work->job == job)
            worker.work.reset();
        if (!forget) continue;
        if (worker.connected)
            worker.files.erase(job);
        else
            to_forget_.insert({address, job});
    }
    if (found != leases_.end()) {
        if (found->second.inbox) found->second.inbox->close();
        leases_.erase(found);
    }
    freed_.notify();
}

Task<> SimulatedWorkers::acknowledge(JobId, std::uint64_t report_id) {
    process_.check();
    for (auto& [address, worker] : workers_) worker.unacknowledged.erase(report_id);
    co_return;
}

Task<> SimulatedWorkers::order(wp::Assign order) {
    process_.check();
    const auto found = leases_.find(order.job);
    if (found == leases_.end() || found->second.number != order.lease) co_return;
    auto& worker = workers_.at(found->second.worker);
    if (!worker.connected) co_return;
    if (worker.work && worker.work->job == order.job && worker.work->lease == order.lease &&
        worker.work->stage != Stage::idle)
        co_return;  // it is at it
    Files& files = worker.files[order.job];
    files.lease = order.lease;
    files.bytes = order.dataset_bytes;
    worker.work = Work{order.job, order.lease, Stage::download, 0, std::nullopt};
}

/// As a real worker does: what it does not hold it cannot put, an artifact that is gone is made again, and the order
/// waits meanwhile.
Task<> SimulatedWorkers::order(wp::Upload order) {
    process_.check();
    const auto found = leases_.find(order.job);
    if (found == leases_.end() || found->second.number != order.lease) co_return;
    const Address address = found->second.worker;
    auto& worker = workers_.at(address);
    if (!worker.connected) co_return;
    const auto held = worker.files.find(order.job);
    if (held == worker.files.end() || held->second.lease != order.lease) {
        report(address, Work{order.job, order.lease, Stage::idle, 0, std::nullopt},
               wp::StepFailed{"upload", true, "this worker does not hold the lease", true});
        co_return;
    }
    const bool at_it = worker.work && worker.work->job == order.job;
    if (!at_it)
        worker.work =
            Work{order.job, order.lease, held->second.artifact ? Stage::idle : Stage::download, 0, std::nullopt};
    worker.work->upload = std::move(order);
}

Hash256 SimulatedWorkers::evidence_digest(const JobId& job, const Hash256& block_hash) {
    Hash256 digest = block_hash;
    for (std::size_t i = 0; i < job.bytes.size(); ++i) digest.bytes[i] ^= job.bytes[i];
    return digest;
}

/// Beside the work on another JOB. What lay on a disk that is gone, nobody can show.
Task<> SimulatedWorkers::order(wp::Evidence order) {
    process_.check();
    const auto found = leases_.find(order.job);
    if (found == leases_.end() || found->second.number != order.lease) co_return;
    const Address address = found->second.worker;
    auto& worker = workers_.at(address);
    if (!worker.connected) co_return;
    const Work work{order.job, order.lease, Stage::idle, 0, std::nullopt};
    const auto held = worker.files.find(order.job);
    if (held == worker.files.end() || !held->second.artifact || held->second.lease != order.lease) {
        report(address, work, wp::StepFailed{"evidence", true, "this worker does not hold the states", true});
        co_return;
    }
    const Hash256 digest = evidence_digest(order.job, order.block_hash);
    if (order.urls.empty()) report(address, work, wp::EvidencePacked{order.block_hash, {digest, evidence_bytes}});
    for (const auto& [part, url] : order.urls) {
        if (storage_.is_down()) {
            report(address, work, wp::StepFailed{"evidence", false, "storage answered 503", true});
            co_return;
        }
        const bool wrong = !weather_.fine && dice_.chance(wrong_bytes_share);
        storage_.put_part(url, wrong ? numbered<Hash256>(8) : digest);
        report(address, work, wp::PartUploaded{part, fmt::format("\"{}\"", part), order.upload_id});
    }
}

}  // namespace emeth::simulation
