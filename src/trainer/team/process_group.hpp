// libtorch's ProcessGroupGloo over TCP, with errors as values instead of exceptions.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "trainer/formats/precision.hpp"

namespace emeth::trainer {

/// Where the members of a new group exchange their addresses.
class MeetingPlace {
public:
    virtual ~MeetingPlace() = default;
    virtual Result<void> set(const std::string& key, std::string value) = 0;
    /// Blocks until somebody has set it; a transient Error after `timeout`.
    virtual Result<std::string> get(const std::string& key, Milliseconds timeout) = 0;
};

/// A fixed set of processes that call the same operations in the same order. After an Error the group is unusable: a
/// member was lost or too slow. Errors are transient and name the operation.
class ProcessGroup {
public:
    struct Place {
        int rank = 0, size = 1;
    };

    /// Whether this build can form groups at all.
    static bool is_available();
    /// Blocks until all `place.size` members have met. Gives up when a member shows no sign of life for `timeout` (five
    /// times as long when it has given an address but cannot be reached there). Each later operation gives up as well,
    /// after twice `timeout` at the latest. `name` distinguishes the groups that meet at one place. Listens only on
    /// `host`, an IP address of this machine.
    static Result<std::unique_ptr<ProcessGroup>> form(MeetingPlace& meeting, std::string name, Place place,
                                                      const std::string& host, Milliseconds timeout);
    ~ProcessGroup();

    /// Copies the content of rank 0 to all others. In slices, because Gloo's time-out is per piece: a connection that
    /// trickles would block an operation forever.
    Result<void> broadcast(at::Tensor tensor);
    /// Replaces `tensor`, of a few MB at most, with the sum over all members, bit-identical on each of them.
    Result<void> all_reduce(at::Tensor tensor);
    /// A sum that is computed in the background. Ending before its finish() is safe; the tensor is then undefined.
    class Sum {
    public:
        virtual ~Sum() = default;
        /// Blocks until the first half is done, and begins the second.
        virtual Result<void> go_on() = 0;
        /// After go_on(): blocks until the tensor holds the sum.
        virtual Result<void> finish() = 0;
    };
    /// all_reduce() of float32 on the CPU, less the waiting. With bf16, what travels, terms and sums, is rounded to
    /// that: half as much. The members begin and go on with their sums in one order. The group must live longer.
    Result<std::unique_ptr<Sum>> begin_sum(at::Tensor tensor, Precision precision);
    [[nodiscard]] Place place() const { return place_; }
    /// What form() was given.
    [[nodiscard]] Milliseconds timeout() const { return timeout_; }

private:
    struct Impl;
    ProcessGroup(std::unique_ptr<Impl> impl, Place place, Milliseconds timeout);
    std::unique_ptr<Impl> impl_;
    Place place_;
    Milliseconds timeout_;
};

}  // namespace emeth::trainer
