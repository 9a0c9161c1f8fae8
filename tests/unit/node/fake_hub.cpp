#include "fake_hub.hpp"

#include <algorithm>
#include <stdexcept>

namespace emeth::test {

namespace wp = worker_protocol;
using node::WorkerNews;

void FakeHub::add_worker(Address address, std::uint64_t power_capacity) {
    workers_[address].power_capacity = power_capacity;
    freed_.notify();
}

bool FakeHub::is_idle(const Address& worker) const {
    const auto found = workers_.find(worker);
    if (found == workers_.end() || !found->second.connected) return false;
    return std::none_of(leases_.begin(), leases_.end(), [&](const auto& entry) {
        return entry.second->worker == worker && entry.second->hold == node::Hold::work;
    });
}

void FakeHub::put(Lease& lease, WorkerNews news) {
    lease.inbox.push_back(std::move(news));
    lease.arrived.notify();
}

void FakeHub::disconnect(Address worker, const std::string& reason) {
    workers_.at(worker).connected = false;
    for (auto& [job, lease] : leases_)
        if (lease->worker == worker && lease->adopted)
            put(*lease, {0, lease->number, node::WorkerDisconnected{reason}});
}

void FakeHub::connect(Address worker) {
    workers_.at(worker).connected = true;
    for (auto& [job, lease] : leases_)
        if (lease->worker == worker && lease->adopted) put(*lease, {0, lease->number, node::WorkerConnected{}});
    repeat_unacknowledged(worker);
    freed_.notify();
}

void FakeHub::restart_master() {
    leases_.clear();
}

std::vector<node::WorkerInfo> FakeHub::workers() const {
    std::vector<node::WorkerInfo> infos;
    for (const auto& [address, worker] : workers_) {
        node::WorkerInfo info{address,      worker.connected, worker.power_capacity,
                              std::nullopt, std::nullopt,     rest_of(address)};
        for (const auto& [job, lease] : leases_)
            if (lease->worker == address) info.job = job;
        infos.push_back(info);
    }
    return infos;
}

std::size_t FakeHub::idle_workers() const {
    return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [&](const auto& entry) {
        return is_idle(entry.first) && rest_of(entry.first) == Milliseconds::zero();
    }));
}

Task<Address> FakeHub::reserve(JobId job, std::optional<Address> preferred) {
    for (;;) {
        std::optional<Address> chosen;
        const auto rank = [&](const Address& worker) { return std::pair(rest_of(worker), preferred != worker); };
        for (const auto& [address, worker] : workers_)
            if (is_idle(address) && (!chosen || rank(address) < rank(*chosen))) chosen = address;
        if (chosen) {
            leases_[job] = std::make_shared<Lease>(executor_);
            leases_[job]->worker = *chosen;
            co_return *chosen;
        }
        co_await freed_.wait();
    }
}

void FakeHub::adopt(JobId job, std::uint64_t number, Address worker, node::Hold hold) {
    auto lease = std::make_shared<Lease>(executor_);
    lease->number = number;
    lease->worker = worker;
    lease->adopted = true;
    lease->hold = hold;
    leases_[job] = lease;
    if (workers_.contains(worker) && workers_.at(worker).connected) {
        put(*lease, {0, number, node::WorkerConnected{}});
        repeat_unacknowledged(worker);
    } else {
        put(*lease, {0, number, node::WorkerDisconnected{"the worker has not connected yet"}});
    }
}

void FakeHub::release(JobId job, bool forget, std::string) {
    ++releases;
    leases_.erase(job);
    if (forget) forgotten.insert(job);
    freed_.notify();
}

Task<WorkerNews> FakeHub::next_news(JobId job) {
    if (!leases_.contains(job) || !leases_.at(job)->adopted)
        throw std::logic_error("news of a JOB that was not adopted");
    const auto lease = leases_.at(job);
    while (lease->inbox.empty()) co_await lease->arrived.wait();
    WorkerNews news = std::move(lease->inbox.front());
    lease->inbox.pop_front();
    co_return news;
}

Task<> FakeHub::acknowledge(JobId, std::uint64_t report_id) {
    for (auto& [address, worker] : workers_) worker.unacknowledged.erase(report_id);
    co_return;
}

void FakeHub::repeat_unacknowledged(const Address& worker) {
    for (const auto& [id, report] : workers_.at(worker).unacknowledged) {
        const auto lease = leases_.find(report.job);
        if (lease == leases_.end() || !lease->second->adopted || lease->second->number != report.lease) continue;
        const bool waits = std::any_of(lease->second->inbox.begin(), lease->second->inbox.end(),
                                       [&](const WorkerNews& news) { return news.report_id == id; });
        if (!waits) put(*lease->second, {id, report.lease, report.body});
    }
}

void FakeHub::report(const Address& worker, JobId job, std::uint64_t lease, wp::ReportBody body) {
    const bool durable = !std::holds_alternative<wp::Progress>(body);
    const auto id = durable ? ++last_report_ : 0;
    if (durable) workers_.at(worker).unacknowledged[id] = {id, job, lease, body};
    const auto found = leases_.find(job);
    if (found != leases_.end() && found->second->adopted && found->second->number == lease)
        put(*found->second, {id, lease, std::move(body)});
}

void FakeHub::send(JobId job, wp::ReportBody body) {
    const auto lease = leases_.at(job);
    report(lease->worker, job, lease->number, std::move(body));
}

Task<> FakeHub::order(wp::Assign order) {
    ++assignments;
    const auto lease = leases_.at(order.job);
    auto& worker = workers_.at(lease->worker);
    if (worker.connected && sick.contains(lease->worker)) {
        report(lease->worker, order.job, order.lease, wp::StepFailed{"download", false, "3 MiB are free", true});
        co_return;
    }
    if (!worker.connected || !worker.assigned.insert({order.job, order.lease}).second) co_return;
    for (const auto& body : script) report(lease->worker, order.job, order.lease, body);
}

Task<> FakeHub::order(wp::Upload order) {
    ++uploads;
    upload_orders.push_back(order);
    const auto lease = leases_.at(order.job);
    if (!workers_.at(lease->worker).connected || !answers_uploads) co_return;
    for (const auto& [part, url] : order.urls)
        report(lease->worker, order.job, order.lease, wp::PartUploaded{part, etag, order.upload_id});
}

Task<> FakeHub::order(wp::Join order) {
    calls_for_help.push_back(std::move(order));
    callable_helpers = 0;
    co_return;
}

Task<> FakeHub::order(wp::Evidence order) {
    evidence_orders.push_back(order);
    const auto lease = leases_.at(order.job);
    if (!workers_.at(lease->worker).connected || evidence.bytes == 0) co_return;
    if (order.urls.empty())
        report(lease->worker, order.job, order.lease, wp::EvidencePacked{order.block_hash, evidence});
    for (const auto& [part, url] : order.urls)
        report(lease->worker, order.job, order.lease, wp::PartUploaded{part, etag, order.upload_id});
}

}  // namespace emeth::test
