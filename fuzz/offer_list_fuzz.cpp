// The JOB info server's list: any text is refused, or gives offers of different JOBs, which a list of the same JOBs,
// written as our server writes it, gives too.
#include <boost/json/array.hpp>
#include <cstdint>
#include <set>
#include <string>

#include "api_client/offer_list.hpp"
#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"

namespace {

using namespace emeth::api_client;
using emeth::fuzz::require;

constexpr std::size_t offers_max = 100;

std::string written(const std::vector<JobOffer>& offers) {
    boost::json::array list;
    for (const JobOffer& offer : offers) {
        ListedJob job;
        job.id = offer.id;
        job.fee = offer.fee;
        job.dataset_bytes = offer.dataset_bytes;
        job.deadline_unix_s = offer.deadline_unix_s;
        list.emplace_back(to_json(job));
    }
    return emeth::json_text(list);
}

bool same(const JobOffer& a, const JobOffer& b) {
    return a.id == b.id && a.fee == b.fee && a.dataset_bytes == b.dataset_bytes &&
           a.deadline_unix_s == b.deadline_unix_s;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto list = read_offer_list(emeth::fuzz::text_of(data, size), offers_max);
    if (list.has_error()) {
        require(list.error().kind == emeth::ErrorKind::transient, "a strange list may be better the next time");
        return 0;
    }
    require(list->offers.size() + list->unreadable <= offers_max, "a list is bounded");
    require((list->unreadable == 0) == list->first_reason.empty(), "what is left out has a reason");
    std::set<emeth::JobId> ids;
    for (const JobOffer& offer : list->offers) require(ids.insert(offer.id).second, "each JOB is offered once");
    const auto again = read_offer_list(written(list->offers), offers_max);
    require(again.has_value() && again->unreadable == 0 && again->offers.size() == list->offers.size(),
            "a list written again is readable");
    for (std::size_t i = 0; i < list->offers.size(); ++i)
        require(same(again->offers[i], list->offers[i]), "an offer is the same after it was written again");
    return 0;
}
