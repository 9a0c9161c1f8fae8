// libtorch's ProcessGroupGloo over TCP, with errors as values instead of exceptions.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"

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
    /// The same for float32 on the CPU, with half as much to send: what travels, terms and sums, is rounded to
    /// bfloat16.
    Result<void> all_reduce_rounded(at::Tensor tensor);
    [[nodiscard]] Place place() const { return place_; }
    /// What form() was given.
    [[nodiscard]] Milliseconds timeout() const { return timeout_; }

private:
    struct Impl;
    ProcessGroup(std::unique_ptr<Impl> impl, Place place, Milliseconds timeout);
    template <class Operation>
    Result<void> attempt(const char* name, Operation operation);

    std::unique_ptr<Impl> impl_;
    Place place_;
    Milliseconds timeout_;
};

}  // namespace emeth::trainer
