#include "api_client/offer_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <set>
#include <utility>

#include "runtime/json_fields.hpp"

namespace emeth::api_client {

Result<OfferList> read_offer_list(std::string_view body, std::size_t offers_max) {
    const auto json = parse_json_leniently(body, offer_list_bytes_max, offer_list_name);
    if (json.has_error()) return transient_error(json.error().message);
    const auto* entries = json->if_array();
    if (entries == nullptr)
        return transient_error(fmt::format("{} is no JSON array; check info_server_url", offer_list_name));

    OfferList list;
    std::set<JobId> seen;
    const std::size_t count = std::min(entries->size(), offers_max);
    for (std::size_t index = 0; index < count; ++index) {
        auto offer = read_offer((*entries)[index], offer_list_name);
        if (offer.has_value()) {
            if (seen.insert(offer->id).second) list.offers.push_back(*offer);
        } else if (list.unreadable++ == 0) {
            list.first_reason = offer.error().message;
        }
    }
    return list;
}

}  // namespace emeth::api_client
