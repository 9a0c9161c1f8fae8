// The record of what computed each segment of a run (formats/compute_record.hpp), kept in the JOB's folder across
// kills.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "runtime/result.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/formats/compute_record.hpp"

namespace emeth::trainer {

/// Used by the training thread only.
class ComputeLog {
public:
    /// Reads what earlier processes left in `folder`; without it, or where it is damaged, the log is empty.
    explicit ComputeLog(const std::filesystem::path& folder);

    /// The number type in which the run began: it continues in it, since a segment is compared within one type.
    [[nodiscard]] std::optional<Precision> precision() const;
    /// From now on `own` computes the run of `plan`, from `first_step` on. What is recorded of later segments is
    /// dropped. Earlier ones without a record, of a version that kept none, count as computed by `own`.
    void begin(const ComputeRecord& own, const Plan& plan, std::uint64_t first_step);
    /// From now on it computes in batches of another size.
    void micro_batch_changed(std::int64_t micro_batch) { own_.micro_batch = micro_batch; }
    /// `step` was computed by this process and `others`. Durable when it returns: so the record is never behind a
    /// checkpoint that is taken after it.
    Result<void> step_computed(std::uint64_t step, std::span<const ComputeRecord> others);

    [[nodiscard]] const ComputeHistory& history() const { return history_; }

private:
    void load();
    [[nodiscard]] Result<void> save() const;

    std::filesystem::path path_;
    ComputeRecord own_;
    ComputeHistory history_;
    std::vector<std::uint64_t> begins_;  ///< the step in which each segment begins
};

}  // namespace emeth::trainer
