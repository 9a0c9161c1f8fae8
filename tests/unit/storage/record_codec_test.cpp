// The bytes on disk. golden_records.txt holds one sealed value of every kind, as the first release wrote it: a change
// that reads or writes any of them differently would make every existing store unreadable.
#include "storage/record_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <span>

#include "storage/envelope.hpp"
#include "storage/records.pb.h"
#include "support/job_events.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;
using test::numbered;
using test::tokens;
using test::tx;

/// Every field is set, without regard to plausibility.
Job full_job() {
    Job job = test::job_in(State::verified);
    job.sequence = 47;
    job.outcome.decline = tx(4, 45);
    job.outcome.decline_reason = "the operator asked";
    job.outcome.penalty = tokens(7);
    job.training.resumes = 2;
    job.retry = {3, 1'700'000'042'000, "download", "storage answered 503"};
    job.restarts = 5;
    return job;
}

/// The same, with what was shown of its training.
Job shown_job() {
    Job job = full_job();
    job.evidence = {numbered<Hash256>(6000),
                    {0, 3, 17},
                    WorkerFile{numbered<Hash256>(7000), 25'000'000},
                    {"upload2", "shown.evidence", 1, 2, {{1, "a"}, {2, "b"}}, true}};
    return job;
}

/// The same, with what the verdict paid and a penalty that nobody knows.
Job paid_job() {
    Job job = shown_job();
    job.outcome.penalty.reset();
    job.outcome.paid = tokens(30);
    return job;
}

/// The same, taken by a team.
Job teamed_job() {
    Job job = paid_job();
    job.terms.team = 3;
    return job;
}

const Verified paid_verdict{tx(902, 50), 582, 20415, tokens(30)};
const ResultRejected explained_rejection{tx(901, 50), tokens(7), "the artifact is no tar"};
const TimedOut early_timeout{tx(900, 50), std::nullopt, 1'700'000'000};

HistoryEntry history_entry(const EventBody& body) {
    HistoryEntry entry{body.index() + 1, {1'700'000'000'123, body}, State::discovered, State::accepted, std::nullopt};
    // One of the events carries a rejection.
    if (std::holds_alternative<WorkerLost>(body))
        entry.rejection = Rejection{RejectionKind::stale_lease, "lease 1 is over"};
    return entry;
}

/// What was approved before covers it.
const DepositSigned covered_deposit{std::nullopt, test::tx(2)};

OutboxEntry outbox_entry() {
    return {47,
            TxKind::process,
            numbered<JobId>(1),
            numbered<Hash256>(2),
            {0x02, 0xf8, 0x00, 0xff},
            tokens(30),
            1'700'000'000'123,
            17,
            true};
}

/// One of whose replacements was mined.
OutboxEntry replaced_entry() {
    OutboxEntry entry = outbox_entry();
    entry.mined_hash = numbered<Hash256>(3);
    return entry;
}

const Replacement replacement{numbered<Hash256>(3), {0x02, 0xf9, 0x00}, 1'700'000'000'456};

/// What golden_records.txt holds, as this program writes it.
std::map<std::string, std::string> records_by_name() {
    std::map<std::string, std::string> payloads{
        {"job", encode_job(full_job())},
        {"job.shown", encode_job(shown_job())},
        {"job.paid", encode_job(paid_job())},
        {"job.team", encode_job(teamed_job())},
        {"history.DepositSigned.covered", encode_history(history_entry(covered_deposit))},
        {"history.Verified.paid", encode_history(history_entry(paid_verdict))},
        {"history.ResultRejected.reason", encode_history(history_entry(explained_rejection))},
        {"history.TimedOut.early", encode_history(history_entry(early_timeout))},
        {"outbox", encode_outbox(outbox_entry())},
        {"outbox.replaced", encode_outbox(replaced_entry())},
        {"replacement", encode_replacement({47, 2, replacement})},
        {"cursor", encode_cursor("block 17")},
        {"refusal",
         encode_refusal({numbered<JobId>(1), 1'700'000'000'123, "finish estimate 5 h 40 min > 5 h 10 min left"})},
    };
    for (const EventBody& body : test::event_of_every_kind()) {
        payloads.emplace("history." + std::string(name(body)), encode_history(history_entry(body)));
    }
    std::map<std::string, std::string> sealed;
    for (const auto& [record, payload] : payloads) sealed.emplace(record, seal(record, payload));
    return sealed;
}

std::string hex(std::string_view bytes) {
    return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

std::string unhex(const std::string& text) {
    std::vector<std::uint8_t> bytes(text.size() / 2 - 1);
    EXPECT_TRUE(from_hex(text, bytes));
    return {bytes.begin(), bytes.end()};
}

std::map<std::string, std::string> golden_records() {
    std::ifstream file(EMETH_GOLDEN_RECORDS);
    std::map<std::string, std::string> golden;
    for (std::string record, bytes; file >> record >> bytes;) golden.emplace(record, bytes);
    return golden;
}

TEST(GoldenRecords, AreWrittenAsBefore) {
    const auto golden = golden_records();
    const auto written = records_by_name();
    EXPECT_EQ(golden.size(), written.size());
    for (const auto& [record, sealed] : written) {
        const auto known = golden.find(record);
        EXPECT_EQ(known == golden.end() ? "nothing" : known->second, hex(sealed)) << record;
    }
}

TEST(GoldenRecords, AreReadAsBefore) {
    const auto golden = golden_records();
    ASSERT_EQ(golden.size(), 13 + event_kinds);
    const auto payload = [&](const std::string& record) {
        const std::string sealed = unhex(golden.at(record));
        return std::string(*unseal(record, sealed));
    };
    EXPECT_EQ(*decode_job(payload("job")), full_job());
    EXPECT_EQ(*decode_job(payload("job.shown")), shown_job());
    EXPECT_EQ(*decode_job(payload("job.paid")), paid_job());
    EXPECT_EQ(*decode_job(payload("job.team")), teamed_job());
    EXPECT_EQ(decode_job(payload("job"))->terms.team, 1U) << "written before there were teams";
    const HistoryEntry covered = *decode_history(payload("history.DepositSigned.covered"));
    EXPECT_EQ(std::get<DepositSigned>(covered.event.body).approve, std::nullopt);
    EXPECT_EQ(std::get<DepositSigned>(covered.event.body).process, test::tx(2));
    const HistoryEntry approved = *decode_history(payload("history.DepositSigned"));
    EXPECT_EQ(std::get<DepositSigned>(approved.event.body).approve, test::tx(1));
    EXPECT_EQ(std::get<Verified>(decode_history(payload("history.Verified.paid"))->event.body).paid, tokens(30));
    const HistoryEntry explained = *decode_history(payload("history.ResultRejected.reason"));
    EXPECT_EQ(std::get<ResultRejected>(explained.event.body).reason, "the artifact is no tar");
    const HistoryEntry unexplained = *decode_history(payload("history.ResultRejected"));
    EXPECT_EQ(std::get<ResultRejected>(unexplained.event.body).reason, "") << "written before there was one";
    const HistoryEntry early = *decode_history(payload("history.TimedOut.early"));
    EXPECT_EQ(std::get<TimedOut>(early.event.body).penalty, std::nullopt);
    EXPECT_EQ(std::get<TimedOut>(early.event.body).at_unix_s, early_timeout.at_unix_s);
    EXPECT_EQ(*decode_outbox(payload("outbox")), outbox_entry());
    EXPECT_EQ(*decode_outbox(payload("outbox.replaced")), replaced_entry());
    const NumberedReplacement second = *decode_replacement(payload("replacement"));
    EXPECT_EQ(second.nonce, 47U);
    EXPECT_EQ(second.number, 2U);
    EXPECT_EQ(second.replacement, replacement);
    EXPECT_EQ(*decode_cursor(payload("cursor")), "block 17");
    EXPECT_EQ(decode_refusal(payload("refusal"))->reason, "finish estimate 5 h 40 min > 5 h 10 min left");
    for (const EventBody& body : test::event_of_every_kind()) {
        const HistoryEntry entry = *decode_history(payload("history." + std::string(name(body))));
        EXPECT_EQ(entry.event.body.index(), body.index());
        EXPECT_EQ(entry.event.at_unix_ms, 1'700'000'000'123);
        EXPECT_EQ(describe(entry.event.body), describe(body));
        EXPECT_EQ(entry.rejection, history_entry(body).rejection);
    }
}

TEST(RecordCodec, RoundTripsWithoutLoss) {
    for (const State state : all_states) EXPECT_EQ(*decode_job(encode_job(test::job_in(state))), test::job_in(state));
    EXPECT_EQ(*decode_job(encode_job(full_job())), full_job());
    EXPECT_EQ(*decode_job(encode_job(shown_job())), shown_job());
    EXPECT_EQ(*decode_job(encode_job(Job{})), Job{});
    for (const EventBody& body : test::event_of_every_kind()) {
        const std::string bytes = encode_history(history_entry(body));
        EXPECT_EQ(encode_history(*decode_history(bytes)), bytes) << name(body);
    }
    OutboxEntry withdrawal = outbox_entry();
    withdrawal.job.reset();
    EXPECT_EQ(*decode_outbox(encode_outbox(withdrawal)), withdrawal);
}

TEST(RecordCodec, KeepsCrashes) {
    Job job = full_job();
    job.retry.crashes = 3;
    EXPECT_EQ(*decode_job(encode_job(job)), job);
    const StepFailed crashed{FailureClass::bug, "upload", "the master ended itself by signal 11 (SIGSEGV)", 2,
                             1'900'000};
    const HistoryEntry entry = *decode_history(encode_history(history_entry(crashed)));
    EXPECT_EQ(describe(entry.event.body), describe(crashed));
    EXPECT_EQ(std::get<StepFailed>(entry.event.body).failure, FailureClass::bug);
}

TEST(RecordCodec, KeepsWhatIsUnknownApartFromZero) {
    Job job = full_job();
    for (const std::optional<Wei>& amount : {std::optional<Wei>(), std::optional(Wei{}), std::optional(tokens(30))}) {
        job.outcome.penalty = job.outcome.paid = amount;
        EXPECT_EQ(*decode_job(encode_job(job)), job);
        const HistoryEntry late =
            *decode_history(encode_history(history_entry(TimedOut{tx(900, 50), amount, 1'700'000'000})));
        EXPECT_EQ(std::get<TimedOut>(late.event.body).penalty, amount);
        EXPECT_EQ(std::get<TimedOut>(late.event.body).at_unix_s, 1'700'000'000);
        const HistoryEntry verified =
            *decode_history(encode_history(history_entry(Verified{tx(902, 50), 582, 20415, amount})));
        EXPECT_EQ(std::get<Verified>(verified.event.body).paid, amount);
    }
}

TEST(RecordCodec, KeepsBytesThatAreNoUtf8) {
    Job job = full_job();
    job.terms.dataset = "\xff\xfe bad \xc3";
    job.retry.last_error = std::string("a\0b\x80", 4);
    EXPECT_EQ(*decode_job(encode_job(job)), job);
}

TEST(RecordCodec, IgnoresFieldsOfTheFuture) {
    const std::string future_field =
        "\xba\x3e\x03"
        "new";  // field 999, three bytes
    EXPECT_EQ(*decode_job(encode_job(full_job()) + future_field), full_job());
    const std::string entry = encode_history(history_entry(CanceledByRequester{}));
    EXPECT_EQ(encode_history(*decode_history(entry + future_field)), entry);
}

TEST(RecordCodec, RefusesAnEventOfTheFuture) {
    records::HistoryEntry entry;
    entry.set_from(records::STATE_ACCEPTED);
    entry.set_to(records::STATE_ACCEPTED);
    entry.mutable_event()->set_at_unix_ms(1);
    const auto decoded = decode_history(entry.SerializeAsString());
    ASSERT_FALSE(decoded);
    EXPECT_NE(decoded.error().message.find("newer"), std::string::npos) << decoded.error().message;
}

TEST(RecordCodec, NamesTheFieldThatIsWrong) {
    records::Job record;
    record.ParseFromString(encode_job(full_job()));
    record.mutable_terms()->set_owner("short");
    EXPECT_EQ(decode_job(record.SerializeAsString()).error().message,
              "field terms.owner has 5 bytes, not 20: the record is damaged");
    record.ParseFromString(encode_job(full_job()));
    record.set_state(static_cast<records::State>(13));
    EXPECT_EQ(decode_job(record.SerializeAsString()).error().message,
              "field state has the unknown number 13: use the emeth that wrote it or a newer one");
    EXPECT_FALSE(decode_job("\xff\xff\xff"));
}

TEST(RecordCodec, NeverFailsOnDamagedBytesOtherThanByAnError) {
    test::Rng rng(1);
    const std::string bytes = encode_job(shown_job());
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = bytes;
        for (std::uint64_t flips = 1 + rng() % 4; flips > 0; --flips) {
            damaged[rng() % damaged.size()] = static_cast<char>(rng());
        }
        const auto job = decode_job(damaged);
        EXPECT_EQ(job.has_value(), job.has_value() && decode_job(encode_job(*job)).has_value())
            << "read, but not again";
    }
}

/// "DepositSigned" → "deposit_signed".
std::string snake_case(std::string_view words) {
    std::string text;
    for (const char letter : words) {
        const auto code = static_cast<unsigned char>(letter);
        if (std::isupper(code) != 0 && !text.empty()) text.push_back('_');
        text.push_back(static_cast<char>(std::tolower(code)));
    }
    return text;
}

std::string upper_case(std::string_view text) {
    std::string upper(text);
    std::ranges::transform(upper, upper.begin(),
                           [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    return upper;
}

/// The codec finds a field by its place (storage/record_fields.hpp).
TEST(RecordNumbers, FollowTheOrderOfTheFields) {
    const google::protobuf::FileDescriptor& file = *records::Job::descriptor()->file();
    for (int message = 0; message < file.message_type_count(); ++message) {
        const google::protobuf::Descriptor& type = *file.message_type(message);
        for (int i = 0; i < type.field_count(); ++i) {
            const google::protobuf::FieldDescriptor& field = *type.field(i);
            if (field.full_name() == records::Event::descriptor()->full_name() + ".at_unix_ms") continue;
            EXPECT_EQ(field.number(), i + 1) << field.full_name();
        }
    }
}

TEST(RecordNumbers, AreThoseOfTheStateMachine) {
    const auto& body = *records::Event::descriptor()->oneof_decl(0);
    ASSERT_EQ(static_cast<std::size_t>(body.field_count()), event_kinds);
    for (int i = 0; i < body.field_count(); ++i) {
        EXPECT_EQ(body.field(i)->number(), i + 1);
        EXPECT_EQ(body.field(i)->name(), snake_case(event_name(static_cast<std::size_t>(i))));
    }
    EXPECT_EQ(static_cast<std::size_t>(records::State_descriptor()->value_count()), all_states.size() + 1);
    for (const State state : all_states) {
        EXPECT_EQ(records::State_Name(static_cast<int>(state)), "STATE_" + upper_case(name(state)));
    }
    for (int kind = 1; kind <= 4; ++kind) {
        EXPECT_EQ(records::RejectionKind_Name(kind),
                  "REJECTION_KIND_" + upper_case(name(static_cast<RejectionKind>(kind))));
    }
    for (int kind = 1; kind <= 6; ++kind) {
        EXPECT_EQ(records::TxKind_Name(kind), "TX_KIND_" + upper_case(name(static_cast<TxKind>(kind))));
    }
}

}  // namespace
}  // namespace emeth::storage
