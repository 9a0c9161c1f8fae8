#include "node/market/filters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "chain/amount.hpp"
#include "chain/chain.hpp"
#include "runtime/parse_number.hpp"

namespace emeth::node {
namespace {

using chain::format_coins;

constexpr std::size_t hours_a_day = 24;

/// "22" or "22-6"; 24 may end a span.
bool add_hours(std::string_view text, HoursOfDay& hours) {
    const std::size_t dash = text.find('-');
    const auto from = parse_number<std::size_t>(text.substr(0, dash));
    if (!from || *from >= hours_a_day) return false;
    std::size_t end = *from + 1;
    if (dash != std::string_view::npos) {
        const auto to = parse_number<std::size_t>(text.substr(dash + 1));
        if (!to || *to > hours_a_day || *to == *from) return false;
        end = *to > *from ? *to : *to + hours_a_day;
    }
    for (std::size_t hour = *from; hour < end; ++hour) hours.set(hour % hours_a_day);
    return true;
}

std::string joined(const std::set<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ","));
}

}  // namespace

std::optional<HoursOfDay> parse_hours(const std::vector<std::string>& spans) {
    HoursOfDay hours;
    for (const std::string& span : spans)
        if (!add_hours(span, hours)) return std::nullopt;
    if (hours.none()) return std::nullopt;
    return hours;
}

std::optional<Refused> refuse_program(const Filters& filters, std::uint64_t program_id) {
    if (filters.program_ids.contains(program_id)) return std::nullopt;
    return refused_for_good(fmt::format("program {} is not one that this node runs (program_ids)", program_id));
}

std::optional<Refused> refuse_requester(const Filters& filters, const Address& requester) {
    if (!filters.requesters_avoided.contains(requester)) return std::nullopt;
    return refused_for_good(fmt::format("its requester {} is avoided (requesters_avoided)", requester.hex()));
}

std::optional<Refused> refuse_spec(const Filters& filters, const trainer_protocol::JobSpec& spec) {
    if (!filters.languages.empty() && !filters.languages.contains(spec.language))
        return refused_for_good(
            fmt::format("its language {} is not one of {} (languages)", spec.language, joined(filters.languages)));
    if (!filters.models.empty() && !filters.models.contains(spec.model))
        return refused_for_good(
            fmt::format("its model {} is not one of {} (models)", spec.model, joined(filters.models)));
    return std::nullopt;
}

std::optional<Refused> refuse_size(const Filters& filters, std::uint64_t bytes) {
    // A dataset may still be on its way to the Storage API.
    if (bytes < trainer_protocol::dataset_bytes_min)
        return refused_for_now(
            fmt::format("dataset of {} bytes is smaller than {}", bytes, trainer_protocol::dataset_bytes_min));
    if (bytes < filters.dataset_bytes_min)
        return refused_for_good(fmt::format("dataset of {} bytes is smaller than {} (dataset_bytes_min)", bytes,
                                            filters.dataset_bytes_min));
    if (bytes > filters.dataset_bytes_max)
        return refused_for_good(
            fmt::format("dataset of {} bytes is larger than {} (dataset_bytes_max)", bytes, filters.dataset_bytes_max));
    return std::nullopt;
}

std::optional<Refused> refuse_fee(const Filters& filters, const Wei& fee) {
    if (fee < filters.min_fee)
        return refused_for_good(
            fmt::format("fee {} EMT is below min_fee {} EMT", format_coins(fee), format_coins(filters.min_fee)));
    if (fee > filters.max_fee)
        return refused_for_good(
            fmt::format("fee {} EMT is above max_fee {} EMT", format_coins(fee), format_coins(filters.max_fee)));
    return std::nullopt;
}

std::optional<Refused> refuse_hour(const Filters& filters, std::int64_t now_unix_s) {
    constexpr std::int64_t hour_s = 3'600;
    const auto hour = static_cast<std::size_t>(std::max<std::int64_t>(0, now_unix_s) % chain::slot_seconds / hour_s);
    if (filters.hours.test(hour)) return std::nullopt;
    return refused_for_now(fmt::format("no deposit is made from {:02}:00 to {:02}:59 UTC (hours)", hour, hour));
}

}  // namespace emeth::node
