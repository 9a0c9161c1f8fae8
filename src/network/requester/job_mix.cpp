#include "network/requester/job_mix.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "chain/amount.hpp"
#include "network/requester/requester.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::network {
namespace {

struct NamedTrap {
    Trap trap;
    std::string_view name;
};

constexpr std::array named_traps{
    NamedTrap{Trap::unknown_program, "unknown_program"}, NamedTrap{Trap::tiny_dataset, "tiny_dataset"},
    NamedTrap{Trap::short_deadline, "short_deadline"},   NamedTrap{Trap::low_fee, "low_fee"},
    NamedTrap{Trap::missing_dataset, "missing_dataset"}, NamedTrap{Trap::broken_param, "broken_param"},
};

constexpr std::uint64_t nobodys_program = 999'999;
constexpr std::uint64_t tiny_bytes = 1'000;
constexpr std::int64_t short_deadline_s = 60;

/// From 0 to `count` - 1.
std::uint64_t below(std::uint64_t count, Random& random) {
    return std::min(static_cast<std::uint64_t>(random.unit() * static_cast<double>(count)), count - 1);
}

std::uint64_t within(const Span<std::uint64_t>& span, Random& random) {
    return span.least + below(span.most - span.least + 1, random);
}

Wei within(const Span<Wei>& span, Random& random) {
    constexpr std::uint64_t steps = 1'000;
    const chain::U256 least = chain::to_u256(span.least);
    return chain::to_wei(least + (chain::to_u256(span.most) - least) * below(steps + 1, random) / steps);
}

std::string one_of(const std::vector<Choice>& choices, Random& random) {
    std::uint64_t sum = 0;
    for (const Choice& choice : choices) sum += choice.weight;
    if (sum == 0) return {};
    std::uint64_t drawn = below(sum, random);
    for (const Choice& choice : choices) {
        if (drawn < choice.weight) return choice.name;
        drawn -= choice.weight;
    }
    return choices.back().name;
}

Trap trap_of(const JobMix& mix, Random& random) {
    if (mix.traps.empty() || below(100, random) >= mix.trap_percent) return Trap::none;
    return mix.traps[below(mix.traps.size(), random)];
}

}  // namespace

std::string_view trap_name(Trap trap) {
    const auto* const named = std::ranges::find(named_traps, trap, &NamedTrap::trap);
    return named == named_traps.end() ? "none" : named->name;
}

std::optional<Trap> find_trap(std::string_view name) {
    const auto* const named = std::ranges::find(named_traps, name, &NamedTrap::name);
    return named == named_traps.end() ? std::nullopt : std::optional(named->trap);
}

std::vector<std::string_view> trap_names() {
    std::vector<std::string_view> names;
    names.reserve(named_traps.size());
    for (const NamedTrap& named : named_traps) names.push_back(named.name);
    return names;
}

JobDraft draw(const JobMix& mix, Random& random) {
    JobDraft draft;
    draft.trap = trap_of(mix, random);
    draft.language = one_of(mix.languages, random);
    draft.program_id = language_model_program;
    draft.dataset_bytes = within(mix.dataset_bytes, random);
    draft.gas_price = within(mix.emt_per_gas, random);
    draft.deadline_in_s = static_cast<std::int64_t>(within(mix.deadline_s, random));
    boost::json::object param{{"language", draft.language}, {"epoch", within(mix.epochs, random)}};
    if (const std::string model = one_of(mix.models, random); !model.empty()) param["model"] = model;
    draft.param = json_text(param);
    if (draft.trap == Trap::unknown_program) draft.program_id = nobodys_program;
    if (draft.trap == Trap::tiny_dataset) draft.dataset_bytes = tiny_bytes;
    if (draft.trap == Trap::short_deadline) draft.deadline_in_s = short_deadline_s;
    if (draft.trap == Trap::broken_param) draft.param = "{\"language\":";
    return draft;
}

Wei fee_of(const JobDraft& draft, const JobMix& mix, std::uint64_t gas, const Wei& verifier_fee) {
    if (draft.trap == Trap::low_fee) return verifier_fee;
    const chain::U256 by_gas = chain::to_u256(draft.gas_price) * gas;
    return chain::to_wei(std::max({by_gas, chain::to_u256(mix.fee_min), chain::to_u256(verifier_fee)}));
}

}  // namespace emeth::network
