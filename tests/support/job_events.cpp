#include "support/job_events.hpp"

#include <iterator>
#include <stdexcept>

#include "statemachine/delivery.hpp"

namespace emeth::test {

using namespace statemachine;

namespace {

constexpr std::uint64_t steps_total = 600;

std::uint64_t below(Rng& rng, std::uint64_t bound) {
    return rng() % bound;
}

Checkpoint checkpoint(std::uint64_t step) {
    return {static_cast<std::uint32_t>(step / 300), step, numbered<Hash256>(4000 + step), 3.25};
}

Artifact artifact(std::uint64_t number) {
    return {numbered<Hash256>(number), 25'000'000, 2, steps_total, {3.5, 3.25}, 3.375};
}

/// A lease number that is the current one most of the time.
std::uint64_t some_lease(Rng& rng, const Job& job) {
    return below(rng, 10) == 0 ? job.lease.number + 1 - below(rng, 3) : job.lease.number;
}

TxRef some_receipt(Rng& rng, const std::optional<TxRef>& recorded) {
    TxRef receipt = recorded && below(rng, 10) != 0 ? *recorded : tx(below(rng, 50));
    receipt.block = below(rng, 20) == 0 ? 0 : 100 + below(rng, 1000);
    return receipt;
}

StepFailed some_failure(Rng& rng) {
    const std::uint64_t dice = below(rng, 8);
    return {dice == 0   ? FailureClass::permanent
            : dice == 1 ? FailureClass::bug
                        : FailureClass::transient,
            "download", "storage answered 503", static_cast<std::uint32_t>(1 + below(rng, 12)),
            static_cast<std::int64_t>(below(rng, 1'000'000))};
}

EventBody some_worker_report(Rng& rng, const Job& job) {
    const std::uint64_t lease = some_lease(rng, job);
    const std::uint64_t known = job.training.checkpoint ? job.training.checkpoint->step : 0;
    switch (below(rng, 7)) {
        case 0:
            return DatasetReady{lease, numbered<Hash256>(below(rng, 20) == 0 ? 2 : 1), 1000, 300, steps_total};
        case 1:
            return CheckpointSaved{lease, checkpoint(known + below(rng, 30))};
        case 2:
            return TrainingResumed{lease, below(rng, 5) == 0 ? below(rng, steps_total) : known, "trainer started"};
        case 3:
            return TrainingFinished{lease, artifact(5000 + below(rng, 2))};
        case 4:
            return PartUploaded{lease, static_cast<std::uint32_t>(below(rng, 5)),
                                "etag" + std::to_string(below(rng, 2))};
        case 5:
            return WorkerLost{lease, "connection closed"};
        case 6:
            return LeaseRevoked{lease, "worker was gone for 10 min"};
    }
    throw std::logic_error("unreachable");
}

EventBody some_way_out(Rng& rng, const Job& job) {
    switch (below(rng, 6)) {
        case 0:
            return DeclineDecided{"the operator asked"};
        case 1:
            return DeclineSigned{tx(300 + below(rng, 3))};
        case 2:
            return Declined{some_receipt(rng, job.outcome.decline), tokens(7)};
        case 3:
            return DeclineReverted{some_receipt(rng, job.outcome.decline), "not PROCESSING"};
        case 4:
            return TimedOut{tx(900, 1 + below(rng, 5)), tokens(7)};
        case 5:
            return StepFailed{some_failure(rng)};
    }
    throw std::logic_error("unreachable");
}

/// The event that ends the work of `command`.
EventBody event_that_answers(Rng& rng, const Job& job, Command command) {
    const std::uint64_t lease = some_lease(rng, job);
    const std::uint64_t number = below(rng, 1000);
    switch (command) {
        case Command::send_process:
            if (number % 4 == 0) return DepositSigned{std::nullopt, tx(2 * number + 1)};
            return DepositSigned{tx(2 * number), tx(2 * number + 1)};
        case Command::await_process: {
            const TxRef receipt = some_receipt(rng, job.deposit.process);
            if (below(rng, 4) == 0) return ProcessReverted{receipt, "not REQUESTED"};
            return ProcessConfirmed{receipt, tokens(30)};
        }
        case Command::lease_worker:
            return LeaseGranted{job.lease.number + 1, numbered<Address>(below(rng, 3))};
        case Command::download:
            return DatasetReady{lease, numbered<Hash256>(1), 1000, 300, steps_total};
        case Command::train:
            return some_worker_report(rng, job);
        case Command::open_upload:
            return UploadOpened{lease, "upload" + std::to_string(number), "result.tar",
                                static_cast<std::uint32_t>(number % 4)};
        case Command::upload_parts:
            return PartUploaded{lease, static_cast<std::uint32_t>(1 + upload_in_hand(job).etags.size()), "etag"};
        case Command::complete_upload:
            return UploadCompleted{below(rng, 10) == 0 ? "other.tar" : upload_in_hand(job).file_name};
        case Command::send_submit:
            return SubmitSigned{tx(200 + number)};
        case Command::await_submit: {
            const TxRef receipt = some_receipt(rng, job.outcome.submit);
            if (below(rng, 4) == 0) return SubmitReverted{receipt, "not PROCESSING"};
            return SubmitConfirmed{receipt};
        }
        case Command::await_draw:
            return EvidenceDrawn{numbered<Hash256>(6000 + below(rng, 3)), {0, 3, 17}};
        case Command::pack_evidence:
            return EvidencePacked{
                lease, job.evidence.block_hash.value_or(Hash256{}), {numbered<Hash256>(7000), 25'000'000}};
        case Command::await_verdict:
            if (below(rng, 5) == 0) return EvidenceDrawn{numbered<Hash256>(6000 + below(rng, 3)), {0, 5, 9}};
            if (below(rng, 3) == 0)
                return ResultRejected{tx(901, 7), tokens(7), number % 2 == 0 ? "the artifact is no tar" : ""};
            return Verified{tx(902, 7), 582, 20415};
        case Command::send_decline:
            return DeclineSigned{tx(300 + number)};
        case Command::await_decline:
            return Declined{some_receipt(rng, job.outcome.decline), tokens(7)};
        case Command::cleanup:
            return ReorgedOut{ChainFact::verdict};
    }
    throw std::logic_error("unreachable");
}

EventBody some_interruption(Rng& rng) {
    switch (below(rng, 7)) {
        case 0:
            return Restarted{"the master started"};
        case 1:
            return ReorgedOut{static_cast<ChainFact>(1 + below(rng, 3))};
        case 2:
            return some_failure(rng);
        case 3:
            return UploadAborted{"the Storage API forgot it"};
        case 4:
            return LostToOtherNode{numbered<Address>(77)};
        case 5:
            return CanceledByRequester{};
        case 6:
            return BecameInfeasible{"the deadline is too near"};
    }
    throw std::logic_error("unreachable");
}

}  // namespace

TxRef tx(std::uint64_t number, std::uint64_t block) {
    return {numbered<Hash256>(number), number, block};
}

Wei tokens(std::uint64_t whole) {
    Wei amount;
    unsigned __int128 wei = static_cast<unsigned __int128>(whole) * 1'000'000'000'000'000'000ULL;
    for (auto byte = amount.bytes.rbegin(); wei != 0; ++byte, wei >>= 8) *byte = static_cast<std::uint8_t>(wei & 0xff);
    return amount;
}

Terms terms(std::uint64_t number) {
    return {numbered<JobId>(number),
            numbered<Address>(9),
            5,
            "corpus-" + std::to_string(number) + ".txt",
            R"({"language": "en", "epoch": 2})",
            tokens(30),
            1'048'576,
            1'700'000'000,
            1'700'021'600};
}

std::vector<EventBody> event_of_every_kind() {
    return {Discovered{terms(1)},
            DepositSigned{tx(1), tx(2)},
            ProcessConfirmed{tx(2, 17), tokens(30)},
            LostToOtherNode{numbered<Address>(77)},
            CanceledByRequester{},
            BecameInfeasible{"the deadline is too near"},
            ProcessReverted{tx(2, 17), "not REQUESTED"},
            LeaseGranted{1, numbered<Address>(7)},
            LeaseRevoked{1, "worker was gone for 10 min"},
            DatasetReady{1, numbered<Hash256>(1), 1'048'576, 300'000, steps_total},
            CheckpointSaved{1, checkpoint(300)},
            TrainingResumed{1, 300, "trainer was killed by signal 9"},
            TrainingFinished{1, artifact(5000)},
            UploadOpened{1, "upload1", "result.tar", 2},
            PartUploaded{1, 1, "etag1"},
            UploadAborted{"the Storage API forgot it"},
            UploadCompleted{"result.tar"},
            SubmitSigned{tx(3)},
            SubmitConfirmed{tx(3, 40)},
            Verified{tx(902, 50), 582, 20415},
            ResultRejected{tx(901, 50), tokens(7)},
            TimedOut{tx(900, 50), tokens(7)},
            DeclineDecided{"the operator asked"},
            DeclineSigned{tx(4)},
            Declined{tx(4, 45), tokens(7)},
            Restarted{"after 12 s"},
            ReorgedOut{ChainFact::process},
            StepFailed{FailureClass::transient, "download", "storage answered 503", 3, 1'700'000'042'000},
            WorkerLost{1, "connection closed"},
            SubmitReverted{tx(3, 40), "not PROCESSING"},
            DeclineReverted{tx(4, 45), "not PROCESSING"},
            EvidenceDrawn{numbered<Hash256>(6000), {0, 3, 17}},
            EvidencePacked{1, numbered<Hash256>(6000), {numbered<Hash256>(7000), 25'000'000}}};
}

std::vector<EventBody> straight_path() {
    return {DepositSigned{tx(1), tx(2)},
            ProcessConfirmed{tx(2, 17), tokens(30)},
            LeaseGranted{1, numbered<Address>(7)},
            DatasetReady{1, numbered<Hash256>(1), 1'048'576, 300'000, steps_total},
            TrainingResumed{1, 0, "trainer started"},
            CheckpointSaved{1, checkpoint(300)},
            TrainingFinished{1, artifact(5000)},
            UploadOpened{1, "upload1", "result.tar", 2},
            PartUploaded{1, 1, "etag1"},
            PartUploaded{1, 2, "etag2"},
            UploadCompleted{"result.tar"},
            SubmitSigned{tx(3)},
            SubmitConfirmed{tx(3, 40)},
            Verified{tx(902, 50), 582, 20415}};
}

Job job_after(const std::vector<EventBody>& events) {
    std::int64_t at = 1'000;
    Job job = discover({terms(1)}, at).next;
    for (const EventBody& body : events) {
        const TransitionResult outcome = transition(job, {++at, body});
        if (const auto* refused = std::get_if<Rejection>(&outcome)) throw std::logic_error(refused->reason);
        job = std::get<Transition>(outcome).next;
    }
    return job;
}

Job job_in(State state) {
    const auto path = [](std::size_t steps) {
        std::vector<EventBody> all = straight_path();
        return std::vector<EventBody>{all.begin(), std::next(all.begin(), static_cast<std::ptrdiff_t>(steps))};
    };
    const auto path_and = [&](std::size_t steps, std::vector<EventBody> more) {
        std::vector<EventBody> events = path(steps);
        events.insert(events.end(), more.begin(), more.end());
        return job_after(events);
    };
    switch (state) {
        case State::discovered:
            return job_after({});
        case State::accepted:
            return job_after(path(2));
        case State::downloading:
            return job_after(path(3));
        case State::training:
            return job_after(path(4));
        case State::submitted:
            return job_after(path(13));
        case State::verified:
            return job_after(path(14));
        case State::failed:
            return path_and(13, {ResultRejected{tx(901, 50), tokens(7)}});
        case State::timed_out:
            return path_and(4, {TimedOut{tx(900, 50), tokens(7)}});
        case State::declined:
            return path_and(
                2, {DeclineDecided{"the operator asked"}, DeclineSigned{tx(4)}, Declined{tx(4, 45), tokens(7)}});
        case State::canceled:
            return path_and(1, {CanceledByRequester{}});
        case State::lost:
            return path_and(1, {LostToOtherNode{numbered<Address>(77)}});
        case State::skipped:
            return job_after({BecameInfeasible{"the deadline is too near"}});
    }
    throw std::logic_error("no such state");
}

EventBody random_event(Rng& rng, const Job& job) {
    const std::uint64_t dice = below(rng, 100);
    if (dice < 70) return event_that_answers(rng, job, next_command(job));
    if (dice < 80) return some_worker_report(rng, job);
    if (dice < 84) return some_way_out(rng, job);
    if (dice < 92) return some_interruption(rng);
    const std::vector<EventBody> all = event_of_every_kind();
    return all[below(rng, all.size())];
}

}  // namespace emeth::test
