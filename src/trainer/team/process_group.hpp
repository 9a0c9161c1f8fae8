// libtorch's ProcessGroupGloo over TCP, with errors instead of exceptions.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"

namespace emeth::trainer {

/// Where the members of a group that is being formed leave each other their addresses.
class MeetingPlace {
public:
    virtual ~MeetingPlace() = default;
    virtual Result<void> set(const std::string& key, std::string value) = 0;
    /// Blocks until somebody has set it; a transient Error after `timeout`.
    virtual Result<std::string> get(const std::string& key, Milliseconds timeout) = 0;
};

/// A fixed set of processes that call the same operations in the same order. After an Error the group is of no use any
/// more: a member is lost, or was too slow. Errors are transient and name the operation.
class ProcessGroup {
public:
    struct Place {
        int rank = 0, size = 1;
    };

    /// Blocks until all `place.size` members have met. Without a sign from one of them for `timeout` that is given up
    /// (for five times as long where one has said where it is, and is not reached there), and so is each later
    /// operation, at the latest after twice `timeout`. `name` tells apart the groups that meet at one place. Listens on
    /// `host` (an IP address of this machine) alone.
    static Result<std::unique_ptr<ProcessGroup>> form(MeetingPlace& meeting, std::string name, Place place,
                                                      const std::string& host, Milliseconds timeout);
    ~ProcessGroup();

    /// Rank 0's content, for all.
    Result<void> broadcast(at::Tensor tensor);
    /// The sum over all members, the same bytes for each of them.
    Result<void> all_reduce(at::Tensor tensor);
    [[nodiscard]] Place place() const { return place_; }

private:
    struct Impl;
    ProcessGroup(std::unique_ptr<Impl> impl, Place place, Milliseconds timeout);
    /// In slices, for Gloo bounds its waiting for each piece alone: a line that trickles would hold an operation for
    /// ever.
    template <class Operation>
    Result<void> by_slices(const char* name, const at::Tensor& tensor, Operation operation);

    std::unique_ptr<Impl> impl_;
    Place place_;
    Milliseconds timeout_;
};

}  // namespace emeth::trainer
