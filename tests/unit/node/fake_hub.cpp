#include "fake_hub.hpp"

#include <stdexcept>
#include <utility>

#include "support/worker_fitness.hpp"

namespace emeth::test {

namespace wp = worker_protocol;

FakeHub::FakeHub(asio::any_io_executor executor, Clock& clock) : executor_(std::move(executor)), clock_(clock) {
    start_master();
    set_recovered({});
}

void FakeHub::start_master() {
    reservations_.emplace(executor_, clock_,
                          [this](const Address& worker, const wp::Stop& order) { stop(workers_.at(worker), order); });
}

void FakeHub::restart_master() {
    std::vector<Address> present;
    for (const auto& [address, worker] : workers_)
        if (reservations_->book().is_connected(address)) present.push_back(address);
    start_master();
    for (const Address& worker : present) greet(worker);
}

void FakeHub::add_worker(Address address, std::uint64_t power_capacity) {
    workers_[address].power_capacity = power_capacity;
    greet(address);
}

void FakeHub::greet(const Address& worker) {
    const Worker& known = workers_.at(worker);
    const std::string machine = "10.0.0.1";
    reservations_->connect(worker, {known.power_capacity, machine, known.assigned, fit_for_everything(), machine});
}

void FakeHub::disconnect(Address worker, const std::string& reason) {
    reservations_->disconnect(worker, reason);
}

void FakeHub::connect(Address worker) {
    greet(worker);
    repeat_unacknowledged(worker);
}

/// As a real worker: an order to stop that was sent before a newer lease came says nothing.
void FakeHub::stop(Worker& worker, const wp::Stop& order) {
    const auto held = worker.assigned.find(order.job);
    if (held == worker.assigned.end() || order.lease < held->second) return;
    std::erase_if(worker.unacknowledged, [&](const auto& entry) { return entry.second.job == order.job; });
    std::erase_if(worker.to_send, [&](const wp::Report& waiting) { return waiting.job == order.job; });
    if (order.forget) worker.assigned.erase(held);
}

std::shared_ptr<node::WorkerInbox> FakeHub::adopt(JobId job, std::uint64_t lease, Address worker, node::Hold hold) {
    const auto inbox = reservations_->adopt(job, lease, worker, hold);
    if (reservations_->book().is_connected(worker)) repeat_unacknowledged(worker);
    inboxes[job] = inbox;
    return inbox;
}

void FakeHub::release(JobId job, bool forget, std::string reason) {
    ++releases;
    if (forget) forgotten.insert(job);
    reservations_->release(job, forget, reason);
}

Task<> FakeHub::acknowledge(JobId job, std::uint64_t report_id) {
    const auto worker = reservations_->book().holder(job);
    if (!worker) co_return;
    workers_.at(*worker).unacknowledged.erase(report_id);
    send_reports(*worker);
}

void FakeHub::repeat_unacknowledged(const Address& worker) {
    Worker& known = workers_.at(worker);
    known.to_send.clear();
    for (const auto& [id, report] : known.unacknowledged) known.to_send.push_back(report);
    send_reports(worker);
}

void FakeHub::send_reports(const Address& worker) {
    auto& waiting = workers_.at(worker).to_send;
    while (!waiting.empty()) {
        const wp::Report next = waiting.front();
        waiting.pop_front();
        if (reservations_->offer(worker, next)) continue;
        waiting.push_front(next);
        return;
    }
}

void FakeHub::report(const Address& worker, JobId job, std::uint64_t lease, wp::ReportBody body) {
    const bool durable = !std::holds_alternative<wp::Progress>(body);
    const wp::Report report{durable ? ++last_report_ : 0, job, lease, std::move(body)};
    if (durable) workers_.at(worker).unacknowledged[report.id] = report;
    if (!reservations_->book().is_connected(worker)) return;
    workers_.at(worker).to_send.push_back(report);
    send_reports(worker);
}

void FakeHub::send(JobId job, wp::ReportBody body) {
    const auto* reservation = reservations_->book().find(job);
    if (reservation == nullptr) throw std::logic_error("no worker holds the JOB");
    report(Address(reservation->worker), job, reservation->lease, std::move(body));
}

Task<> FakeHub::order(wp::Assign order) {
    ++assignments;
    reservations_->book().note_files(order.job, order.lease);
    const auto holder = reservations_->book().holder(order.job, order.lease);
    if (!holder) co_return;
    if (sick.contains(*holder)) {
        report(*holder, order.job, order.lease, failure_of_sick);
        co_return;
    }
    if (std::exchange(workers_.at(*holder).assigned[order.job], order.lease) == order.lease) co_return;
    for (const auto& body : script) report(*holder, order.job, order.lease, body);
}

Task<> FakeHub::order(wp::Upload order) {
    ++uploads;
    upload_orders.push_back(order);
    const auto holder = reservations_->book().holder(order.job, order.lease);
    if (!holder || !answers_uploads) co_return;
    for (const auto& [part, url] : order.urls)
        report(*holder, order.job, order.lease, wp::PartUploaded{part, etag, order.upload_id});
}

Task<> FakeHub::order(wp::Join order) {
    calls_for_help.push_back(std::move(order));
    callable_helpers = 0;
    co_return;
}

Task<> FakeHub::order(wp::Evidence order) {
    evidence_orders.push_back(order);
    reservations_->book().note_files(order.job, order.lease);
    const auto holder = reservations_->book().holder(order.job, order.lease);
    if (!holder || evidence.bytes == 0) co_return;
    if (order.urls.empty()) report(*holder, order.job, order.lease, wp::EvidencePacked{order.block_hash, evidence});
    if (!answers_uploads) co_return;
    for (const auto& [part, url] : order.urls)
        report(*holder, order.job, order.lease, wp::PartUploaded{part, etag, order.upload_id});
}

}  // namespace emeth::test
