#include "network/info_server/list_query.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "runtime/parse_number.hpp"
#include "runtime/utf8.hpp"

namespace emeth::network {
namespace {

using storage::JobOrder;

constexpr std::size_t shown_bytes_max = 80;
constexpr std::array<std::pair<std::string_view, JobOrder>, 4> orders{{{"newest", JobOrder::newest},
                                                                       {"oldest", JobOrder::oldest},
                                                                       {"fee", JobOrder::fee},
                                                                       {"deadline", JobOrder::deadline}}};

/// Reads the parameters one by one and keeps the first refusal.
class Parameters {
public:
    explicit Parameters(const std::map<std::string, std::string>& query) : query_(query) {}

    const std::string* find(const std::string& name) const {
        const auto found = query_.find(name);
        return found == query_.end() ? nullptr : &found->second;
    }

    void refuse(std::string_view name, std::string_view allowed) {
        if (refusal_) return;
        const std::string* value = find(std::string(name));
        refusal_ = http::malformed(fmt::format("{} is '{}'; it must be {}", name,
                                               value == nullptr ? "" : one_line(*value, shown_bytes_max), allowed));
    }

    template <class Number>
    std::optional<Number> number(const std::string& name, Number minimum, Number maximum, std::string_view allowed) {
        const std::string* text = find(name);
        if (text == nullptr) return std::nullopt;
        const auto value = parse_number<Number>(*text);
        if (value && *value >= minimum && *value <= maximum) return value;
        refuse(name, allowed);
        return std::nullopt;
    }

    template <class Bytes>
    std::optional<Bytes> fixed(const std::string& name, std::string_view allowed) {
        const std::string* text = find(name);
        if (text == nullptr) return std::nullopt;
        const std::optional<Bytes> value = Bytes::parse(*text);
        if (!value) refuse(name, allowed);
        return value;
    }

    JobOrder order() {
        const std::string* text = find("sort");
        if (text == nullptr) return JobOrder::newest;
        for (const auto& [name, order] : orders)
            if (*text == name) return order;
        refuse("sort", "newest, oldest, fee or deadline");
        return JobOrder::newest;
    }

    [[nodiscard]] const std::optional<http::Refusal>& refusal() const { return refusal_; }

private:
    const std::map<std::string, std::string>& query_;
    std::optional<http::Refusal> refusal_;
};

}  // namespace

http::OrRefusal<ListQuery> read_list_query(const std::map<std::string, std::string>& query) {
    constexpr std::string_view an_id = "the id of a JOB, 0x and 32 hex digits",
                               an_address = "an address, 0x and 40 hex digits";
    constexpr int status_max = storage::listed_status_count - 1;
    Parameters parameters(query);
    ListQuery wanted;
    const auto status = parameters.number("status", 0, status_max, "a number from 0 (REQUESTED) to 9 (DECLINED)");
    if (status) wanted.jobs.status = static_cast<std::uint8_t>(*status);
    wanted.id = parameters.fixed<JobId>("id", an_id);
    wanted.jobs.owner = parameters.fixed<Address>("owner", an_address);
    wanted.jobs.node = parameters.fixed<Address>("node", an_address);
    wanted.jobs.jobs_max = parameters.number<std::size_t>("limit", 1, answer_jobs_max, "a number from 1 to 10000")
                               .value_or(answer_jobs_max);
    wanted.jobs.after = parameters.fixed<JobId>("after", an_id);
    wanted.jobs.order = parameters.order();
    const auto wait_s = parameters.number<std::int64_t>("wait", 0, wait_s_max, "a number of seconds from 0 to 60");
    if (wait_s) wanted.wait = Milliseconds(std::int64_t{1'000} * *wait_s);

    if (wanted.jobs.owner && wanted.jobs.node) parameters.refuse("node", "left out where `owner` is given");
    const bool by_terms = wanted.jobs.order == JobOrder::fee || wanted.jobs.order == JobOrder::deadline;
    if (by_terms && (wanted.jobs.status != storage::open_status || wanted.jobs.owner || wanted.jobs.node))
        parameters.refuse("sort", "newest or oldest, except with status=0 and without `owner` and `node`");
    if (parameters.refusal()) return *parameters.refusal();
    return wanted;
}

std::string canonical_text(const ListQuery& query) {
    const auto hex = [](const auto& value) { return value ? value->hex() : std::string("-"); };
    return fmt::format("{} {} {} {} {} {} {}", hex(query.id), query.jobs.status ? *query.jobs.status : -1,
                       hex(query.jobs.owner), hex(query.jobs.node), static_cast<int>(query.jobs.order),
                       query.jobs.jobs_max, hex(query.jobs.after));
}

}  // namespace emeth::network
