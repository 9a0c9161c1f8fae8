#include "storage/record_json.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>
#include <limits>

#include "runtime/json_fields.hpp"
#include "storage/json_text.hpp"
#include "storage/record_codec.hpp"
#include "storage/records.pb.h"
#include "support/job_events.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

std::string json_of(const google::protobuf::Descriptor& type, std::string_view encoded) {
    JsonText json;
    json.raw("{\"type\":\"x\"");
    append_fields(json, type, encoded);
    json.raw('}');
    return std::string(json.text());
}
template <class Record>
std::string json_of(const Record& record) {
    return json_of(*Record::descriptor(), record.SerializeAsString());
}

template <class Record>
std::string read_back(const std::string& json) {
    Record record;
    read_fields(record, boost::json::parse(json), {"type"});
    return record.SerializeAsString();
}

/// What is refused.
template <class Record>
std::string refusal(const std::string& json) {
    try {
        read_back<Record>(json);
    } catch (const ErrorException& refused) {
        return refused.what();
    }
    return "";
}

TEST(RecordJson, WritesIdsAsHexAmountsAsDecimalsEnumsByName) {
    const auto json =
        boost::json::parse(json_of(*records::Job::descriptor(), encode_job(test::job_in(State::timed_out))))
            .as_object();
    EXPECT_EQ(json.at("state").as_string(), "timed_out");
    const auto& terms = json.at("terms").as_object();
    EXPECT_EQ(terms.at("id").as_string(), "0x00000000000000000000000000000001");
    EXPECT_EQ(terms.at("fee").as_string(), "30000000000000000000");
    EXPECT_EQ(terms.at("dataset").as_string(), "corpus-1.txt");
    EXPECT_EQ(terms.at("deadline_unix_s").as_int64(), 1'700'021'600);
    EXPECT_EQ(json.at("outcome").as_object().at("penalty").as_string(), "7000000000000000000");
    EXPECT_FALSE(json.at("outcome").as_object().contains("submit"));
    EXPECT_TRUE(json.at("lease").as_object().at("active").as_bool());
}

TEST(RecordJson, EveryEventComesBackAsItWas) {
    for (const EventBody& body : test::event_of_every_kind()) {
        const std::string encoded = encode_history({1, {5, body}, State::discovered, State::discovered, std::nullopt});
        const std::string json = json_of(*records::HistoryEntry::descriptor(), encoded);
        EXPECT_EQ(boost::json::parse(json).at("event").as_object().size(), 2U) << name(body);
        EXPECT_EQ(read_back<records::HistoryEntry>(json), encoded) << json;
    }
}

TEST(RecordJson, EveryRecordOfRandomLivesComesBackAsItWas) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        test::Rng rng(seed);
        Job job = discover({test::terms(seed)}, 5).next;
        for (int i = 0; i < 40; ++i) {
            TransitionResult outcome = transition(job, {i, test::random_event(rng, job)});
            if (auto* made = std::get_if<Transition>(&outcome)) job = std::move(made->next);
            const std::string encoded = encode_job(job);
            const std::string json = json_of(*records::Job::descriptor(), encoded);
            ASSERT_EQ(read_back<records::Job>(json), encoded) << "seed " << seed << ": " << json;
        }
    }
}

TEST(RecordJson, RepeatedFieldsAreArraysAndNaNIsNull) {
    records::Artifact record;
    record.set_sha256(std::string(2, '\x7f'));
    record.add_epoch_losses(3.5);
    record.add_epoch_losses(std::nan(""));
    record.add_epoch_losses(-std::numeric_limits<double>::infinity());
    record.add_epoch_losses(1e300);
    const std::string json = json_of(record);
    EXPECT_EQ(json, R"({"type":"x","sha256":"0x7f7f","bytes":0,"epochs":0,"steps":0,)"
                    R"("epoch_losses":[3.5,null,"-Infinity",1e+300],"validation_loss":0})");
    EXPECT_EQ(read_back<records::Artifact>(json), record.SerializeAsString());
    records::EvidenceDrawn drawn;
    drawn.add_segments(0);
    drawn.add_segments(17);
    EXPECT_EQ(json_of(drawn), R"({"type":"x","block_hash":"0x","segments":[0,17]})");
    records::EvidenceDrawn none;
    EXPECT_EQ(json_of(none), R"({"type":"x","block_hash":"0x","segments":[]})");
}

TEST(RecordJson, TextKeepsItsBytes) {
    const std::string control = "a\"b\\c\n\t\x01\x7f\xC2\x85 \xE3\x81\x82";
    records::Restarted record;
    record.set_reason(control);
    EXPECT_EQ(json_of(record), "{\"type\":\"x\",\"reason\":\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\\u0085 \xE3\x81\x82\"}");
    EXPECT_EQ(read_back<records::Restarted>(json_of(record)), record.SerializeAsString());
    record.set_reason("not UTF-8: \xff");
    EXPECT_EQ(json_of(record),
              "{\"type\":\"x\",\"reason\":\"not UTF-8: \xEF\xBF\xBD\",\"reason_hex\":\"0x6e6f74205554462d383a20ff\"}");
    EXPECT_EQ(read_back<records::Restarted>(json_of(record)), record.SerializeAsString());
}

/// Eight plain characters are looked at together: what is special may stand anywhere among them.
TEST(RecordJson, StringsComeOutAsEverybodyElseWritesThem) {
    for (const std::string_view special :
         {"\"", "\\", "\x1f", "\x20", "\x7e", "\x7f", "\n", "\xC2\x80", "\xE3\x81\x82"}) {
        for (std::size_t length = 0; length <= 20; ++length) {
            for (std::size_t at = 0; at <= length; ++at) {
                const std::string text = std::string(length, '!').insert(at, special);
                JsonText json;
                EXPECT_TRUE(json.string(text));
                EXPECT_EQ(json.text(), json_text(boost::json::string(text)));
            }
        }
    }
}

TEST(RecordJson, FieldsThatAreNotEncodedHaveTheirDefaults) {
    EXPECT_EQ(json_of(records::UploadProgress()),
              R"({"type":"x","upload_id":"","file_name":"","lease":0,"parts_total":0,"parts":[],"completed":false})");
    records::UploadProgress record;
    record.set_lease(12);
    record.add_parts()->set_number(10);
    EXPECT_EQ(json_of(record), R"({"type":"x","upload_id":"","file_name":"","lease":12,"parts_total":0,)"
                               R"("parts":[{"number":10,"etag":""}],"completed":false})");
    EXPECT_EQ(json_of(records::StepFailed()),
              R"({"type":"x","failure":"unspecified","step":"","message":"","attempt":0,"retry_at_unix_ms":0})");
}

TEST(RecordJson, AnAmountIsAlwaysEncoded) {
    records::DepositProgress record;
    record.mutable_approve()->set_nonce(1);
    try {
        json_of(record);
        FAIL() << "was written";
    } catch (const ErrorException& refused) {
        EXPECT_STREQ(refused.what(), "field deposit has 0 bytes, not 32: the record is damaged");
    }
}

TEST(RecordJson, FieldsInAnyOrderAndOfANewerEmethAreTheSameRecord) {
    records::TxRef record;
    record.set_hash("h");
    record.set_nonce(7);
    record.set_block(9);
    const std::string sorted = record.SerializeAsString();
    records::TxRef hash;
    hash.set_hash("h");
    const std::string begin = hash.SerializeAsString(), rest = sorted.substr(begin.size());
    EXPECT_EQ(json_of(*records::TxRef::descriptor(), rest + begin), json_of(record));
    const std::string unknown = "\xba\x3e\x01z";  // field 999
    EXPECT_EQ(json_of(*records::TxRef::descriptor(), sorted + unknown), json_of(record));
}

TEST(RecordJson, DamagedBytesAreRefused) {
    const std::string encoded = encode_job(test::job_in(State::verified));
    for (std::size_t length = 0; length < encoded.size(); ++length) {
        JsonText json;
        try {
            append_fields(json, *records::Job::descriptor(), std::string_view(encoded).substr(0, length));
        } catch (const ErrorException& refused) {
            EXPECT_NE(std::string(refused.what()).find("damaged"), std::string::npos) << refused.what();
        }
    }
}

TEST(RecordJson, WhatDoesNotFitIsRefusedByItsName) {
    EXPECT_EQ(refusal<records::TxRef>(R"({"nonce":-1})"),
              "field nonce is -1; expected a whole number from 0 to 18446744073709551615");
    EXPECT_EQ(refusal<records::TxRef>(R"({"nonce":1.5})"),
              "field nonce is 1.5E0; expected a whole number from 0 to 18446744073709551615");
    EXPECT_EQ(refusal<records::TxRef>(R"({"hash":"0x1"})"), "field hash is \"0x1\"; expected 0x and hex digits");
    EXPECT_EQ(refusal<records::Terms>(R"({"fee":"1 EMT"})"),
              "field fee is \"1 EMT\"; expected a decimal string of at most 256 bits");
    EXPECT_EQ(refusal<records::Job>(R"({"terms":{"dataset":7}})"), "field terms.dataset is 7; expected a string");
    EXPECT_EQ(refusal<records::Job>(R"({"state":"retired"})"),
              "field state is \"retired\"; expected a name of State in records.proto");
    EXPECT_EQ(refusal<records::Job>(R"({"state":"unspecified"})"),
              "field state is \"unspecified\"; expected a name of State in records.proto");
    EXPECT_EQ(refusal<records::Job>(R"({"colour":1})"),
              "field 'colour' is not one of Job: the dump is of a newer emeth, or damaged");
    EXPECT_EQ(refusal<records::Job>(R"({"lease":[]})"), "field lease is []; expected an object");
    EXPECT_EQ(refusal<records::EvidenceDrawn>(R"({"segments":[4294967296]})"),
              "field segments is 4294967296; expected a whole number from 0 to 4294967295");
    EXPECT_EQ(refusal<records::LeaseProgress>(R"({"active":1})"), "field active is 1; expected true or false");
}

}  // namespace
}  // namespace emeth::storage
