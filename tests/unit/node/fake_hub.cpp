#include "fake_hub.hpp"

#include <algorithm>
#include <stdexcept>

namespace emeth::test {

namespace wp = worker_protocol;

void FakeHub::add_worker(Address address, std::uint64_t power_capacity) {
    workers_[address].power_capacity = power_capacity;
    freed_.notify();
}

bool FakeHub::is_idle(const Address& worker) const {
    const auto found = workers_.find(worker);
    if (found == workers_.end() || !found->second.connected) return false;
    return std::none_of(leases_.begin(), leases_.end(), [&](const auto& entry) {
        return entry.second.worker == worker && entry.second.hold == node::Hold::work;
    });
}

void FakeHub::put(Lease& lease, wp::Report report) {
    if (std::holds_alternative<wp::Progress>(report.body)) return lease.inbox->put_progress(std::move(report));
    if (!lease.inbox->offer(std::move(report))) throw std::logic_error("more reports than the test's inbox takes");
}

void FakeHub::disconnect(Address worker, const std::string& reason) {
    workers_.at(worker).connected = false;
    for (auto& [job, lease] : leases_)
        if (lease.worker == worker && lease.inbox)
            lease.inbox->put_connection({0, lease.number, node::WorkerDisconnected{reason}});
}

void FakeHub::connect(Address worker) {
    workers_.at(worker).connected = true;
    for (auto& [job, lease] : leases_)
        if (lease.worker == worker && lease.inbox)
            lease.inbox->put_connection({0, lease.number, node::WorkerConnected{}});
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
            if (lease.worker == address) info.job = job;
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
            leases_[job] = Lease{0, *chosen, node::Hold::work, nullptr};
            co_return *chosen;
        }
        co_await freed_.wait();
    }
}

std::shared_ptr<node::WorkerInbox> FakeHub::adopt(JobId job, std::uint64_t number, Address worker, node::Hold hold) {
    Lease& lease = leases_[job];
    if (lease.inbox) lease.inbox->close();
    const auto inbox = std::make_shared<node::WorkerInbox>(executor_);
    lease = Lease{number, worker, hold, inbox};
    if (workers_.contains(worker) && workers_.at(worker).connected) {
        inbox->put_connection({0, number, node::WorkerConnected{}});
        repeat_unacknowledged(worker);
    } else {
        inbox->put_connection({0, number, node::WorkerDisconnected{"the worker has not connected yet"}});
    }
    return inbox;
}

void FakeHub::release(JobId job, bool forget, std::string) {
    ++releases;
    const auto lease = leases_.find(job);
    if (lease != leases_.end()) {
        if (lease->second.inbox) lease->second.inbox->close();
        leases_.erase(lease);
    }
    if (forget) forgotten.insert(job);
    freed_.notify();
}

Task<> FakeHub::acknowledge(JobId, std::uint64_t report_id) {
    for (auto& [address, worker] : workers_) worker.unacknowledged.erase(report_id);
    co_return;
}

void FakeHub::repeat_unacknowledged(const Address& worker) {
    for (const auto& [id, report] : workers_.at(worker).unacknowledged) {
        const auto lease = leases_.find(report.job);
        if (lease != leases_.end() && lease->second.inbox && lease->second.number == report.lease)
            put(lease->second, report);
    }
}

void FakeHub::report(const Address& worker, JobId job, std::uint64_t lease, wp::ReportBody body) {
    const bool durable = !std::holds_alternative<wp::Progress>(body);
    const auto id = durable ? ++last_report_ : 0;
    if (durable) workers_.at(worker).unacknowledged[id] = {id, job, lease, body};
    const auto found = leases_.find(job);
    if (found != leases_.end() && found->second.inbox && found->second.number == lease)
        put(found->second, {id, job, lease, std::move(body)});
}

void FakeHub::send(JobId job, wp::ReportBody body) {
    const Lease& lease = leases_.at(job);
    report(lease.worker, job, lease.number, std::move(body));
}

Task<> FakeHub::order(wp::Assign order) {
    ++assignments;
    const Address holder = leases_.at(order.job).worker;
    auto& worker = workers_.at(holder);
    if (worker.connected && sick.contains(holder)) {
        report(holder, order.job, order.lease, wp::StepFailed{"download", false, "3 MiB are free", true});
        co_return;
    }
    if (!worker.connected || !worker.assigned.insert({order.job, order.lease}).second) co_return;
    for (const auto& body : script) report(holder, order.job, order.lease, body);
}

Task<> FakeHub::order(wp::Upload order) {
    ++uploads;
    upload_orders.push_back(order);
    const Address holder = leases_.at(order.job).worker;
    if (!workers_.at(holder).connected || !answers_uploads) co_return;
    for (const auto& [part, url] : order.urls)
        report(holder, order.job, order.lease, wp::PartUploaded{part, etag, order.upload_id});
}

Task<> FakeHub::order(wp::Join order) {
    calls_for_help.push_back(std::move(order));
    callable_helpers = 0;
    co_return;
}

Task<> FakeHub::order(wp::Evidence order) {
    evidence_orders.push_back(order);
    const Address holder = leases_.at(order.job).worker;
    if (!workers_.at(holder).connected || evidence.bytes == 0) co_return;
    if (order.urls.empty()) report(holder, order.job, order.lease, wp::EvidencePacked{order.block_hash, evidence});
    for (const auto& [part, url] : order.urls)
        report(holder, order.job, order.lease, wp::PartUploaded{part, etag, order.upload_id});
}

}  // namespace emeth::test
