#include "network/requester/mix_settings.hpp"

#include <set>
#include <string>
#include <utility>

#include "chain/amount.hpp"
#include "runtime/parse_number.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::network {
namespace {

constexpr std::uint64_t dataset_bytes_max = 256 << 20;  // a dataset is made in memory
constexpr std::uint64_t weight_max = 1'000;

std::string trimmed(std::string text) {
    text.erase(0, text.find_first_not_of(' '));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

/// The two ends of "a-b", or "a" twice.
std::pair<std::string, std::string> ends_of(const std::string& text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string::npos) return {trimmed(text), trimmed(text)};
    return {trimmed(text.substr(0, dash)), trimmed(text.substr(dash + 1))};
}

auto numbers_within(std::uint64_t least, std::uint64_t most, std::string expected) {
    return [least, most, expected = std::move(expected)](const SettingValue& value) -> Result<Span<std::uint64_t>> {
        const auto [from, to] = ends_of(value.text());
        const auto first = parse_number<std::uint64_t>(from), last = parse_number<std::uint64_t>(to);
        if (!first || !last || *first < least || *last > most || *first > *last) return value.refused(expected);
        return Span<std::uint64_t>{*first, *last};
    };
}

Result<Span<Wei>> read_amounts(const SettingValue& value) {
    const auto [from, to] = ends_of(value.text());
    const auto least = chain::parse_coins(from), most = chain::parse_coins(to);
    if (least.has_error() || most.has_error() || *least > *most)
        return value.refused("an amount of EMT like 2.5, or two like 2-4");
    return Span<Wei>{*least, *most};
}

Result<Wei> read_amount(const SettingValue& value) {
    auto amount = chain::parse_coins(value.text());
    if (amount.has_error()) return value.refused("an amount of EMT like 12.5");
    return amount;
}

Result<Wei> read_budget(const SettingValue& value) {
    if (const auto given = value.required(); given.has_error()) return given.error();
    return read_amount(value);
}

Result<std::filesystem::path> read_folder(const SettingValue& value) {
    const auto text = value.required();
    if (text.has_error()) return text.error();
    return std::filesystem::path(*text);
}

/// "en:3,ja": names with weights, of those that `is_known` knows.
template <class IsKnown>
auto choices(IsKnown is_known, std::string expected) {
    return [is_known, expected = std::move(expected)](const SettingValue& value) -> Result<std::vector<Choice>> {
        std::vector<Choice> read;
        for (const std::string& text : value.list()) {
            const std::size_t colon = text.find(':');
            const std::string name = text.substr(0, colon);
            const std::uint64_t weight =
                colon == std::string::npos ? 1 : parse_number<std::uint64_t>(text.substr(colon + 1)).value_or(0);
            if (!is_known(name) || weight == 0 || weight > weight_max) return value.refused(expected);
            read.push_back({name, weight});
        }
        return read;
    };
}

Result<std::vector<Choice>> read_languages(const SettingValue& value) {
    const std::string expected = "en and ja, with weights if wanted, like en:3,ja:1";
    auto read = choices([](const std::string& name) { return name == "en" || name == "ja"; }, expected)(value);
    if (read.has_value() && read->empty()) return value.refused(expected);
    return read;
}

Result<std::vector<Trap>> read_traps(const SettingValue& value) {
    std::vector<Trap> traps;
    for (const std::string& name : value.list()) {
        const auto trap = find_trap(name);
        if (!trap) return value.refused(alternatives(trap_names()) + ", comma-separated");
        traps.push_back(*trap);
    }
    return traps;
}

std::string all_traps() {
    std::string text;
    for (const std::string_view name : trap_names()) text += (text.empty() ? "" : ",") + std::string(name);
    return text;
}

SettingsTable<JobMix> job_settings() {
    const auto is_preset = [](const std::string& name) { return trainer_protocol::find_preset(name).has_value(); };
    return {
        {{"mix_dataset_bytes", "100000-1000000", "Bytes of a dataset, one number or two (from-to)."},
         into<JobMix>(&JobMix::dataset_bytes,
                      numbers_within(4'096, dataset_bytes_max, "bytes from 4096 to 268435456, like 100000-1000000"))},
        {{"mix_languages", "en", "Languages of the JOBs, with weights: en:3,ja:1 draws ja for one JOB in four."},
         into<JobMix>(&JobMix::languages, read_languages)},
        {{"mix_models", "",
          "Presets, with weights like the languages: nano:5,d256. Without any, param names none, and the network's "
          "default counts."},
         into<JobMix>(&JobMix::models, choices(is_preset, "presets, with weights if wanted, like nano:5,d256"))},
        {{"mix_epochs", "2", "Epochs, one number or two (from-to)."},
         into<JobMix>(&JobMix::epochs, numbers_within(1, 1'000, "epochs from 1 to 1000, like 2 or 1-3"))},
        {{"mix_emt_per_gas", "2", "EMT that a JOB offers per gas, one amount or two (from-to)."},
         into<JobMix>(&JobMix::emt_per_gas, read_amounts)},
        {{"mix_fee_min", "20", "The lowest fee that is offered, in EMT."}, into<JobMix>(&JobMix::fee_min, read_amount)},
        {{"mix_deadline_s", "21600", "Time from the request to the deadline, one number or two (from-to) (s)."},
         into<JobMix>(&JobMix::deadline_s,
                      numbers_within(60, 30 * 86'400, "seconds from 60 to 2592000, like 3600-21600"))},
        whole_number("mix_trap_percent", &JobMix::trap_percent, 0, 100,
                     "How many of a hundred JOBs are such that a good node refuses them."),
        {{"mix_traps", all_traps(), "What is wrong with those; each fault comes as often as the others."},
         into<JobMix>(&JobMix::traps, read_traps)}};
}

SettingsTable<MixedRequestsOptions> pace_settings() {
    using Options = MixedRequestsOptions;
    return {
        {{"mix_texts", "",
          "The folder of texts that datasets are cut from; of a language's own folder in it (en, ja), where there is "
          "one."},
         into<Options>(&Options::texts, read_folder)},
        {{"mix_budget", "",
          "EMT that may be offered as fees, all JOBs together; then the requester ends. A fee that comes back is not "
          "offered again."},
         into<Options>(&Options::budget, read_budget)},
        whole_number("mix_jobs_per_hour", &Options::jobs_per_hour, 0, 100'000,
                     "JOBs an hour; 0: the next one as soon as there is room for it."),
        whole_number("mix_open_jobs_max", &Options::open_jobs_max, 1, 10'000,
                     "How many JOBs may be open at once, besides those that are to be refused.")};
}

}  // namespace

const SettingsTable<MixedRequestsOptions>& mix_settings() {
    static const SettingsTable<MixedRequestsOptions> table =
        joined<MixedRequestsOptions>(pace_settings(), rows_of(&MixedRequestsOptions::mix, job_settings()));
    return table;
}

}  // namespace emeth::network
