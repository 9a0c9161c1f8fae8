// Two network namespaces of this process's own, joined by a link with the rate and the delay of a real network.
#pragma once

#include <string>
#include <utility>

#include "bench/link_probe.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/result.hpp"

namespace emeth::bench {

/// This process, and what it starts, is at the near end. The namespaces have no names: they last as long as a process
/// is in them or holds their descriptors, so nothing is left behind, however this process ends.
class ShapedLink {
public:
    static constexpr const char* near_address = "10.77.0.1";
    static constexpr const char* far_address = "10.77.0.2";

    /// Moves this process into namespaces of its own: network and mounts, and users where it may not make those
    /// without. Call it while there is one thread. A permanent Error names the program or the right that is missing.
    static Result<ShapedLink> make();

    /// Limits both directions to this rate. Returns what a connection over the link gets, which takes a second to find
    /// out; an Error if that is more than the limit, or without delay.
    Result<LinkSpeed> limit(unsigned mbit_per_s);

    /// The beginning of a shell's command that is to run at the far end.
    [[nodiscard]] std::string at_far_end() const;

private:
    ShapedLink(FileDescriptor near, FileDescriptor far) : near_(std::move(near)), far_(std::move(far)) {}
    /// The namespace of the far end, for `ip` and `nsenter`.
    [[nodiscard]] std::string far_path() const;
    [[nodiscard]] Result<void> join_ends() const;
    Result<void> delay_packets();

    FileDescriptor near_, far_;  ///< the namespaces
    bool netem_ = false;         ///< what delays
};

}  // namespace emeth::bench
