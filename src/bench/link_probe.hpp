// What a TCP connection between two network namespaces gets.
#pragma once

#include <cstdint>

#include "runtime/file_descriptor.hpp"
#include "runtime/result.hpp"

namespace emeth::bench {

/// While it lives, this thread (and what it starts) is in another network namespace.
class InNamespace {
public:
    /// Descriptors of /proc/…/ns/net: where to go, and where to return to. Throws if it cannot go there.
    InNamespace(const FileDescriptor& there, const FileDescriptor& back);
    InNamespace(const InNamespace&) = delete;
    InNamespace& operator=(const InNamespace&) = delete;
    ~InNamespace();

private:
    int back_;
};

struct LinkSpeed {
    double mbit_per_s = 0;     ///< of the payload
    double round_trip_ms = 0;  ///< the median of small messages
};

/// From `near`, where this thread is, to `far_address` in `far`. Blocks while `bytes` are sent, plus some round trips.
Result<LinkSpeed> probe_link(const FileDescriptor& near, const FileDescriptor& far, const char* far_address,
                             std::uint64_t bytes);

}  // namespace emeth::bench
