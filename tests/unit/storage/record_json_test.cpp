#include "storage/record_json.hpp"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <cmath>

#include "storage/record_codec.hpp"
#include "storage/records.pb.h"
#include "support/job_events.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

TEST(RecordJson, WritesIdsAsHexAmountsAsDecimalsEnumsByName) {
    records::Job record;
    record.ParseFromString(encode_job(test::job_in(State::timed_out)));
    const auto json = to_json(record);
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

TEST(RecordJson, WritesEveryEvent) {
    for (const EventBody& body : test::event_of_every_kind()) {
        records::HistoryEntry record;
        record.ParseFromString(encode_history({1, {5, body}, State::discovered, State::discovered, std::nullopt}));
        EXPECT_EQ(to_json(record).at("event").as_object().size(), 2U) << name(body);
    }
}

TEST(RecordJson, RepeatedFieldsAreArraysAndNaNIsNull) {
    records::Artifact record;
    record.add_epoch_losses(3.5);
    record.add_epoch_losses(std::nan(""));
    EXPECT_EQ(boost::json::serialize(to_json(record).at("epoch_losses")), "[3.5E0,null]");
    records::EvidenceDrawn drawn;
    drawn.add_segments(0);
    drawn.add_segments(17);
    EXPECT_EQ(boost::json::serialize(to_json(drawn).at("segments")), "[0,17]");
}

}  // namespace
}  // namespace emeth::storage
