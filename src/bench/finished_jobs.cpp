#include "bench/finished_jobs.hpp"

#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "statemachine/transition.hpp"

namespace emeth::bench {

namespace {

namespace sm = statemachine;

constexpr std::int64_t first_unix_s = 1'700'000'000;
constexpr std::int64_t seconds_between_jobs = 60;
constexpr std::size_t transaction_bytes = 180;  // a signed call of EmethCore
constexpr std::uint64_t dataset_bytes = 1 << 20, tokens = 300'000, steps_total = 600, artifact_bytes = 25'000'000;
constexpr std::uint64_t checkpoints = 6;
constexpr std::uint32_t parts = 3;
constexpr std::uint64_t seconds_a_day = 86'400;

template <class Bytes>
Bytes random_bytes(std::mt19937_64& random) {
    Bytes value;
    for (std::size_t at = 0; at < Bytes::size_bytes; at += 8) {
        const std::uint64_t word = random();
        std::memcpy(value.bytes.data() + at, &word, std::min<std::size_t>(8, Bytes::size_bytes - at));
    }
    return value;
}

Wei whole_coins(std::uint64_t coins) {
    Wei amount;
    unsigned __int128 wei = static_cast<unsigned __int128>(coins) * 1'000'000'000'000'000'000ULL;
    for (auto byte = amount.bytes.rbegin(); wei != 0; ++byte, wei >>= 8) *byte = static_cast<std::uint8_t>(wei & 0xff);
    return amount;
}

/// Feeds a JOB's events to the state machine; an event that it rejects is a bug in this file.
class Story {
public:
    Story(sm::Terms terms, std::int64_t at_unix_ms) : at_unix_ms_(at_unix_ms) {
        const sm::Discovered discovered{std::move(terms)};
        life_.job = sm::discover(discovered, at_unix_ms_).next;
        record({at_unix_ms_, discovered}, life_.job.state);
    }

    void tell(sm::EventBody body) {
        sm::Event event{at_unix_ms_ += 2'000, std::move(body)};
        sm::TransitionResult outcome = sm::transition(life_.job, event);
        if (const auto* refused = std::get_if<sm::Rejection>(&outcome)) throw std::logic_error(refused->reason);
        const auto before = std::exchange(life_.job, std::move(std::get<sm::Transition>(outcome).next)).state;
        record(std::move(event), before);
    }

    Life& life() { return life_; }

private:
    void record(sm::Event event, sm::State before) {
        life_.job.sequence = life_.history.size() + 1;
        life_.history.push_back({life_.job.sequence, std::move(event), before, life_.job.state, std::nullopt});
    }

    Life life_;
    std::int64_t at_unix_ms_;
};

sm::TxRef transaction(Life& life, std::mt19937_64& random, std::uint64_t nonce, storage::TxKind kind) {
    storage::OutboxEntry entry;
    entry.nonce = nonce;
    entry.kind = kind;
    entry.job = life.job.terms.id;
    entry.hash = random_bytes<Hash256>(random);
    while (entry.raw.size() < transaction_bytes) {
        const auto piece = random_bytes<Hash256>(random).bytes;
        entry.raw.insert(entry.raw.end(), piece.begin(), piece.end());
    }
    entry.created_at_unix_ms = life.history.back().event.at_unix_ms;
    entry.mined_block = nonce + 1;
    entry.succeeded = true;
    life.transactions.push_back(entry);
    return {entry.hash, nonce, 0};
}

sm::TxRef confirmed(sm::TxRef tx) {
    tx.block = tx.nonce + 1;
    return tx;
}

void train(Story& story, std::mt19937_64& random, const Address& worker, std::uint64_t checkpoints_saved) {
    story.tell(sm::LeaseGranted{1, worker});
    story.tell(sm::DatasetReady{1, random_bytes<Hash256>(random), dataset_bytes, tokens, steps_total});
    story.tell(sm::TrainingResumed{1, 0, "training began"});
    for (std::uint64_t number = 1; number <= checkpoints_saved; ++number) {
        const std::uint64_t step = steps_total * number / (checkpoints + 1);
        story.tell(sm::CheckpointSaved{
            1, {static_cast<std::uint32_t>(step * 2 / steps_total), step, random_bytes<Hash256>(random), 3.25}});
    }
}

}  // namespace

namespace {

/// A JOB that is still discovered.
Story chosen(std::uint64_t number, std::mt19937_64& random) {
    sm::Terms terms;
    terms.id = random_bytes<JobId>(random);
    for (std::size_t byte = 0; byte < 8; ++byte)
        terms.id.bytes[byte] = static_cast<std::uint8_t>(number >> (8 * (7 - byte)));
    terms.owner = random_bytes<Address>(random);
    terms.dataset = random_bytes<JobId>(random).hex().substr(2) + ".txt";
    terms.param = R"({"language":"en","epoch":2})";
    terms.fee = whole_coins(30);
    terms.dataset_bytes = dataset_bytes;
    terms.requested_at_unix_s = first_unix_s + static_cast<std::int64_t>(number) * seconds_between_jobs;
    terms.deadline_unix_s = terms.requested_at_unix_s + 21'600;
    return {terms, terms.requested_at_unix_s * 1'000};
}

void lock_deposit(Story& story, std::uint64_t number, std::mt19937_64& random) {
    const auto approve = transaction(story.life(), random, 3 * number, storage::TxKind::approve);
    const auto process = transaction(story.life(), random, 3 * number + 1, storage::TxKind::process);
    story.tell(sm::DepositSigned{approve, process});
    story.tell(sm::ProcessConfirmed{confirmed(process), whole_coins(30)});
}

}  // namespace

Life finished_life(std::uint64_t number) {
    std::mt19937_64 random(number);
    Story story = chosen(number, random);
    const auto slot = static_cast<std::uint64_t>(story.life().job.terms.deadline_unix_s) / seconds_a_day;
    lock_deposit(story, number, random);
    train(story, random, random_bytes<Address>(random), checkpoints);
    story.tell(
        sm::TrainingFinished{1, {random_bytes<Hash256>(random), artifact_bytes, 2, steps_total, {3.5, 3.25}, 3.375}});
    story.tell(sm::UploadOpened{1, random_bytes<JobId>(random).hex(),
                                random_bytes<JobId>(random).hex().substr(2) + ".tar", parts});
    for (std::uint32_t part = 1; part <= parts; ++part)
        story.tell(sm::PartUploaded{1, part, random_bytes<JobId>(random).hex()});
    story.tell(sm::UploadCompleted{story.life().job.upload.file_name});
    const auto submit = transaction(story.life(), random, 3 * number + 2, storage::TxKind::submit);
    story.tell(sm::SubmitSigned{submit});
    story.tell(sm::SubmitConfirmed{confirmed(submit)});
    story.tell(sm::Verified{{random_bytes<Hash256>(random), 0, 3 * number + 9}, 5, slot});
    return std::move(story.life());
}

Life training_life(std::uint64_t number) {
    std::mt19937_64 random(number);
    Story story = chosen(number, random);
    lock_deposit(story, number, random);
    train(story, random, random_bytes<Address>(random), 1);
    return std::move(story.life());
}

Life active_life(const ActiveTerms& given) {
    std::mt19937_64 random(given.process.nonce);
    sm::Terms terms;
    terms.id = given.id;
    terms.owner = given.owner;
    terms.dataset = given.id.hex().substr(2) + ".txt";
    terms.param = R"({"language":"en","epoch":2})";
    terms.fee = given.fee;
    terms.dataset_bytes = dataset_bytes;
    terms.requested_at_unix_s = given.requested_at_unix_s;
    terms.deadline_unix_s = given.deadline_unix_s;
    Story story(terms, given.requested_at_unix_s * 1'000);
    sm::TxRef approve{random_bytes<Hash256>(random), given.process.nonce - 1, 0}, process = given.process;
    process.block = 0;
    story.tell(sm::DepositSigned{approve, process});
    story.tell(sm::ProcessConfirmed{given.process, given.deposit});
    train(story, random, given.worker, 1);
    return std::move(story.life());
}

}  // namespace emeth::bench
