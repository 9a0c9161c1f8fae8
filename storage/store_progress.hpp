// Counts JOBs that several threads have done, and tells how many. Internal to storage/.
#pragma once

#include <mutex>

#include "storage/inspection.hpp"

namespace emeth::storage {

class StoreProgress {
public:
    /// `effort` must outlive it.
    explicit StoreProgress(const Effort& effort) : effort_(effort) {}

    void add(std::uint64_t jobs) {
        const std::lock_guard lock(mutex_);
        done_ += jobs;
        if (effort_.progress) effort_.progress(done_);
    }
    [[nodiscard]] std::uint64_t done() const { return done_; }

private:
    const Effort& effort_;
    std::mutex mutex_;
    std::uint64_t done_ = 0;
};

}  // namespace emeth::storage
