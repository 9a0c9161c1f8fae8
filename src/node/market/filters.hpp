// Which JOBs an operator wants at all, by what they say of themselves and by the time of day. Pure.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/market/refused.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// Hours of the UTC day; bit 0 is 00:00 to 00:59.
using HoursOfDay = std::bitset<24>;

/// The operator's settings of the same names.
struct Filters {
    Wei min_fee, max_fee;  ///< EMT wei
    std::set<std::uint64_t> program_ids{0};
    std::set<std::string> languages;  ///< empty: every language
    std::set<std::string> models;     ///< presets; empty: every preset
    std::uint64_t dataset_bytes_min = trainer_protocol::dataset_bytes_min;
    std::uint64_t dataset_bytes_max = 10'000'000'000;
    std::set<Address> requesters_preferred, requesters_avoided;
    HoursOfDay hours = HoursOfDay().set();  ///< in which deposits are made
};

/// Hours and spans of them: "22-6" is 22:00 to 5:59, "12" is 12:00 to 12:59, and 24 may end a span. None if one is not
/// of this form, or there is none.
std::optional<HoursOfDay> parse_hours(const std::vector<std::string>& spans);

// Why a JOB is not wanted; none: it is, as far as this looks.

std::optional<Refused> refuse_program(const Filters& filters, std::uint64_t program_id);
std::optional<Refused> refuse_requester(const Filters& filters, const Address& requester);
std::optional<Refused> refuse_spec(const Filters& filters, const trainer_protocol::JobSpec& spec);
std::optional<Refused> refuse_size(const Filters& filters, std::uint64_t dataset_bytes);
std::optional<Refused> refuse_fee(const Filters& filters, const Wei& fee);
/// `now`: chain time.
std::optional<Refused> refuse_hour(const Filters& filters, std::int64_t now_unix_s);

}  // namespace emeth::node
