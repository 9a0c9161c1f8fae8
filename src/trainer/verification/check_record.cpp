#include "trainer/verification/check_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "runtime/log.hpp"
#include "trainer/data/streamed_file.hpp"

namespace emeth::trainer {
namespace {

constexpr Milliseconds work_worth_syncing{1'000};

std::filesystem::path record_in(const std::filesystem::path& folder) {
    return folder / "check.bin";
}

}  // namespace

CheckRecord CheckRecord::load(const std::filesystem::path& folder) {
    static_assert(std::is_trivially_copyable_v<Outcome> && sizeof(Outcome) == 32 + 8 * numbers_max);
    CheckRecord record(record_in(folder));
    Result<StreamedReader> reader = StreamedReader::open(record.path_);
    if (reader.has_error()) return record;
    const std::uint64_t bytes = reader->content_bytes();
    if (bytes % sizeof(Outcome) != 0 || bytes / sizeof(Outcome) > outcomes_max) return record;
    std::vector<Outcome> outcomes(bytes / sizeof(Outcome));
    const Result<void> read = reader->read({reinterpret_cast<std::uint8_t*>(outcomes.data()), bytes});
    if (read.has_value()) record.outcomes_ = std::move(outcomes);
    return record;
}

const CheckRecord::Outcome* CheckRecord::find(const Hash256& of) const {
    const auto found = std::ranges::find(outcomes_, of, &Outcome::of);
    return found == outcomes_.end() ? nullptr : &*found;
}

std::optional<Deviation> CheckRecord::deviation(const Hash256& of) const {
    const Outcome* found = find(of);
    if (found == nullptr) return std::nullopt;
    const auto& [weights, weighted_weights, first_moments, second_moments, next_step, loss] = found->numbers;
    return Deviation{weights, weighted_weights, first_moments, second_moments, next_step, loss};
}

std::optional<double> CheckRecord::validation_loss(const Hash256& of) const {
    const Outcome* found = find(of);
    if (found == nullptr) return std::nullopt;
    return found->numbers.front();
}

void CheckRecord::add_deviation(const Hash256& of, const Deviation& deviation) {
    add({of,
         {deviation.weights, deviation.weighted_weights, deviation.first_moments, deviation.second_moments,
          deviation.next_step, deviation.loss}});
}

void CheckRecord::add_validation_loss(const Hash256& of, double loss) {
    add({of, {loss}});
}

void CheckRecord::add(const Outcome& outcome) {
    if (outcomes_.size() >= outcomes_max) outcomes_.erase(outcomes_.begin());
    outcomes_.push_back(outcome);
    const auto save = [this]() -> Result<void> {
        Result<StreamedWriter> writer = StreamedWriter::create(path_);
        if (writer.has_error()) return writer.error();
        Result<void> written = writer->write(bytes_of(outcomes_.data(), outcomes_.size()));
        if (written.has_error()) return written;
        const bool is_work = system_clock().monotonic() - synced_at_ >= work_worth_syncing;
        const Result<Hash256> finished = writer->finish(is_work ? Outlives::power_loss : Outlives::kills);
        if (finished.has_error()) return finished.error();
        if (is_work) synced_at_ = system_clock().monotonic();
        return {};
    };
    if (const Result<void> saved = save(); saved.has_error())
        spdlog::warn("this part of the check is done again if it is interrupted: {}", saved.error().message);
}

std::string way_of(const Compute& compute) {
    return fmt::format("{}/{}/{}/{}/{}", EMETH_VERSION, compute.device.str(), precision_name(compute.precision),
                       compute.threads, compute.micro_batch);
}

}  // namespace emeth::trainer
