// The three ports of a store behind one guard, which is called before each call and again after each write: for tests
// and the simulation, which kill a process or fill its disk at a chosen write.
#pragma once

#include <memory>
#include <optional>

#include "storage/store.hpp"

namespace emeth::storage {

/// Anything that it throws reaches the caller of the store.
class WriteGuard {
public:
    virtual ~WriteGuard() = default;
    virtual void before_read() = 0;
    /// If it returns an Error, the caller gets it and nothing is written.
    virtual std::optional<Error> before_write() = 0;
    /// Called after each write, which is durable unless it failed. If it returns an Error, the caller gets that.
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
