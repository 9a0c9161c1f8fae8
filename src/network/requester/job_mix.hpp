// What `emeth requester` asks for: a mix of JOBs, drawn one by one. Pure but for the chance that it is given.
//
//   JobMix mix;
//   mix.languages = {{"en", 3}, {"ja", 1}};
//   const JobDraft draft = draw(mix, random);
//   const Wei fee = fee_of(draft, mix, gas, verifier_fee);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/random.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// What is wrong, on purpose, with a JOB that a good node refuses.
enum class Trap : std::uint8_t {
    none,
    unknown_program,  ///< a program that nobody runs
    tiny_dataset,     ///< fewer bytes than anybody takes
    short_deadline,   ///< too short to train anything
    low_fee,          ///< no more than the verifier's part, the least that the contract takes
    missing_dataset,  ///< a dataset that is never uploaded
    broken_param,     ///< a param that is no JSON
};

std::string_view trap_name(Trap trap);
/// None for a name that is not a trap's.
std::optional<Trap> find_trap(std::string_view name);
/// All but `none`.
std::vector<std::string_view> trap_names();

template <class Value>
struct Span {
    Value least{}, most{};

    friend bool operator==(const Span&, const Span&) = default;
};

/// A name is drawn as often as its weight says, among the sum of all weights.
struct Choice {
    std::string name;
    std::uint64_t weight = 1;

    friend bool operator==(const Choice&, const Choice&) = default;
};

struct JobMix {
    std::vector<Choice> languages{{"en"}};
    std::vector<Choice> models;  ///< presets; empty: param names none, and the network's default counts
    Span<std::uint64_t> dataset_bytes{100'000, 1'000'000};
    Span<std::uint64_t> epochs{2, 2};
    Span<Wei> emt_per_gas;  ///< EMT wei
    Wei fee_min;            ///< EMT wei
    Span<std::uint64_t> deadline_s{21'600, 21'600};
    std::uint64_t trap_percent = 0;
    std::vector<Trap> traps;  ///< of which each trap is one; empty: there are none
};

struct JobDraft {
    Trap trap = Trap::none;
    std::string language;
    std::uint64_t dataset_bytes = 0;
    std::uint64_t program_id = 0;
    std::string param;
    Wei gas_price;  ///< EMT wei per gas
    std::int64_t deadline_in_s = 0;
};

JobDraft draw(const JobMix& mix, Random& random);

/// EMT wei; never less than the verifier's part, without which the contract takes no JOB.
Wei fee_of(const JobDraft& draft, const JobMix& mix, std::uint64_t gas, const Wei& verifier_fee);

}  // namespace emeth::network
