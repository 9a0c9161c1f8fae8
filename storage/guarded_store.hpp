// The three ports of a store behind one guard, which is asked before each call and again after each write: for tests
// and the simulation, which end a process or fill its disk at a chosen write.
#pragma once

#include <memory>
#include <optional>

#include "storage/store.hpp"

namespace emeth::storage {

/// What it throws reaches the caller of the store.
class WriteGuard {
public:
    virtual ~WriteGuard() = default;
    virtual void before_read() = 0;
    /// An Error is what the caller gets, and nothing is written.
    virtual std::optional<Error> before_write() = 0;
    /// The write was made, and is durable unless it failed. An Error is what the caller gets, whatever became of it.
    virtual std::optional<Error> after_write() = 0;
};

class GuardedStore {
public:
    /// Both must outlive it.
    GuardedStore(NodeStore& inner, WriteGuard& guard);
    GuardedStore(const GuardedStore&) = delete;
    GuardedStore& operator=(const GuardedStore&) = delete;
    ~GuardedStore();

    JobStore& jobs();
    Outbox& outbox();
    Notes& notes();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace emeth::storage
