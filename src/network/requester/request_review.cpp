#include "network/requester/request_review.hpp"

#include <fmt/format.h>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "statemachine/text.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::network {

namespace {

constexpr double japanese_share_of_english_max = 0.5;
constexpr double japanese_share_of_japanese_min = 0.1;
constexpr double longest_line_share_max = 0.5;
/// Below, one line is nothing to wonder at.
constexpr std::uint64_t long_line_bytes = 100'000;

std::string warning_about_encoding(const DatasetSurvey& survey) {
    switch (survey.encoding) {
        case Encoding::ascii:
        case Encoding::utf8:
            return {};
        case Encoding::damaged_utf8:
            return fmt::format("{} bytes are not UTF-8, the first at offset {}; each becomes a token of its own",
                               survey.malformed_bytes, survey.malformed_at.value_or(0));
        case Encoding::utf16:
        case Encoding::shift_jis:
            return fmt::format(
                "the dataset seems to be {}; only UTF-8 is read as text, other bytes become a token each: convert it "
                "with iconv -f {} -t UTF-8",
                encoding_name(survey.encoding), survey.encoding == Encoding::utf16 ? "UTF-16" : "CP932");
        case Encoding::eight_bit:
            return fmt::format(
                "the dataset is not UTF-8 (from offset {} on) but seems to be in an 8-bit encoding, such as Latin-1 or "
                "EUC-JP; only UTF-8 is read as text, other bytes become a token each: convert it with iconv",
                survey.malformed_at.value_or(0));
        case Encoding::binary:
            return "the dataset seems to be no text but binary; it is trained all the same, a token a byte";
    }
    return {};
}

}  // namespace

std::string survey_text(const DatasetSurvey& survey) {
    std::string text = fmt::format("{} bytes, {}, {} lines, the longest of {} bytes", survey.bytes,
                                   encoding_name(survey.encoding), survey.lines, survey.longest_line_bytes);
    if (is_utf8_text(survey.encoding) && survey.japanese_characters > 0)
        text += fmt::format(", {:.0f}% Japanese characters", 100 * survey.japanese_share());
    return text;
}

std::int64_t reference_time_s(std::uint64_t gas, std::uint32_t epochs) {
    return chain::finish_estimate_s(gas, trainer_protocol::power_capacity_published, epochs);
}

Result<void> check_dataset_bytes(std::uint64_t bytes) {
    if (bytes >= trainer_protocol::dataset_bytes_min) return {};
    return permanent_error(fmt::format("the dataset has {} bytes; nobody trains on fewer than {}", bytes,
                                       trainer_protocol::dataset_bytes_min));
}

Result<void> check_quote(const Quote& quote) {
    if (quote.fee > quote.verifier_fee) return {};
    return permanent_error(
        fmt::format("the fee of {} EMT does not exceed the verifier's fee of {} EMT, so nobody takes the JOB; raise "
                    "--gas-price or --fee-min",
                    chain::format_coins(quote.fee), chain::format_coins(quote.verifier_fee)));
}

std::vector<std::string> warnings_about_dataset(const DatasetSurvey& survey, const std::string& language) {
    std::vector<std::string> warnings;
    if (std::string warning = warning_about_encoding(survey); !warning.empty()) warnings.push_back(std::move(warning));
    const double japanese = survey.japanese_share();
    if (is_utf8_text(survey.encoding) && language == "en" && japanese > japanese_share_of_english_max)
        warnings.push_back(
            fmt::format("{:.0f}% of the characters are Japanese; --language ja says so", 100 * japanese));
    if (is_utf8_text(survey.encoding) && language == "ja" && japanese < japanese_share_of_japanese_min)
        warnings.push_back(
            fmt::format("only {:.0f}% of the characters are Japanese, but --language is ja; --language "
                        "en is for all other texts",
                        100 * japanese));
    if (survey.characters == 0 && is_utf8_text(survey.encoding))
        warnings.emplace_back("the dataset is nothing but white space");
    if (survey.longest_line_bytes >= long_line_bytes && survey.longest_line_share() > longest_line_share_max)
        warnings.push_back(fmt::format("one line has {} of the {} bytes; is it text with line ends?",
                                       survey.longest_line_bytes, survey.bytes));
    return warnings;
}

std::vector<std::string> warnings_about_deadline(const Quote& quote, std::uint32_t epochs, std::int64_t deadline_in_s) {
    const std::int64_t needed = reference_time_s(quote.gas, epochs);
    const std::int64_t margin = trainer_protocol::deadline_margin_default_s;
    if (needed + margin < deadline_in_s) return {};
    return {fmt::format(
        "the deadline in {} is short: an RTX 3080 (powerCapacity {}) needs {}, and nodes leave a margin of {} unless "
        "set otherwise; see --deadline-in",
        duration_text(deadline_in_s), trainer_protocol::power_capacity_published, duration_text(needed),
        duration_text(margin))};
}

}  // namespace emeth::network
