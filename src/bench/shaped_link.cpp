#include "bench/shaped_link.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <system_error>

#include "runtime/errno_error.hpp"

namespace emeth::bench {

namespace {

constexpr const char* near_device = "leader";
constexpr const char* far_device = "helper";
/// netem delays what is sent by this much.
constexpr const char* netem_delay = "250us";
/// Many kernels of virtual machines have no netem. There, each end looks only this often at what has come in: a packet
/// waits 0.25 ms on average, and a question and its answer take 0.5 ms at least, or twice that while both ends look at
/// the same time.
constexpr unsigned poll_interval_ns = 500'000;
/// After so many looks in vain (0.1 s) an end waits to be woken by the next packet, which is then not delayed: looking
/// on takes some 3% of a core, which a trainer that computes alone would pay for nothing.
constexpr unsigned polls_in_vain_max = 200;

/// For the probe of a limited link.
constexpr double probe_s = 0.5, rate_tolerance = 1.1, round_trip_ms_min = 0.4;

struct Program {
    const char* name;
    const char* package;
};

/// Where Debian keeps ip and tc, an ordinary user's PATH does not lead.
std::string shell_line(const std::string& command) {
    return "PATH=$PATH:/usr/sbin:/sbin; exec 2>&1 </dev/null; " + command;
}

/// Our own words and numbers only.
Result<void> run(const std::string& command) {
    FILE* const pipe = ::popen(shell_line(command).c_str(), "r");
    if (pipe == nullptr) return errno_error("cannot start a shell", errno);
    std::array<char, 512> output{};
    const std::size_t count = std::fread(output.data(), 1, output.size() - 1, pipe);
    if (::pclose(pipe) == 0) return {};
    std::string said(output.data(), count);
    said = said.substr(0, said.find('\n'));
    return permanent_error(fmt::format("'{}' failed: {}", command, said));
}

Result<void> require_programs() {
    for (const Program& program : {Program{"ip", "iproute2"}, Program{"tc", "iproute2"},
                                   Program{"nsenter", "util-linux"}, Program{"taskset", "util-linux"}})
        if (run(fmt::format("command -v {}", program.name)).has_error())
            return permanent_error(
                fmt::format("there is no program '{}': apt-get install {}", program.name, program.package));
    return {};
}

Result<void> write_text(const std::string& path, const std::string& text) {
    std::ofstream stream(path);
    if (stream << text << std::flush) return {};
    return errno_error("cannot write " + path, errno);
}

/// As an ordinary user this process becomes the root of a namespace of users, of which it is the only one.
Result<void> become_root_of_own(uid_t user, gid_t group) {
    if (auto written = write_text("/proc/self/setgroups", "deny"); written.has_error()) return written;
    if (auto written = write_text("/proc/self/uid_map", fmt::format("0 {} 1", user)); written.has_error())
        return written;
    return write_text("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

Result<void> enter_own_namespaces() {
    constexpr int own = CLONE_NEWNET | CLONE_NEWNS;
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    const auto refused = [](const std::string& why) {
        return permanent_error(fmt::format(
            "cannot make a network namespace: {}; run this as root, or where users may make namespaces", why));
    };
    if (::unshare(own) != 0) {
        if (::unshare(own | CLONE_NEWUSER) != 0) return refused(std::generic_category().message(errno));
        if (auto mapped = become_root_of_own(user, group); mapped.has_error()) return refused(mapped.error().message);
    }
    // What is mounted on /sys shows up nowhere else. In a changed root (chroot), / is no mount of its own, but /sys is.
    if (::mount(nullptr, "/sys", nullptr, MS_PRIVATE, nullptr) != 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return errno_error("cannot make the mounts private", errno);
    return {};
}

Result<FileDescriptor> own_network() {
    FileDescriptor network(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!network.is_open()) return errno_error("cannot open /proc/thread-self/ns/net", errno);
    return network;
}

Result<void> set_feature(const char* device, std::uint32_t feature, std::uint32_t value) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value wanted{.cmd = feature, .data = value};
    ifreq request{};
    std::strncpy(request.ifr_name, device, sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char*>(&wanted);
    if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0)
        return errno_error(fmt::format("cannot set a feature of the device {}", device), errno);
    return {};
}

/// A mount of sysfs shows the devices of the namespace in which it was mounted.
Result<void> write_device_settings(const char* device) {
    if (::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) return errno_error("cannot mount sysfs on /sys", errno);
    const std::string folder = fmt::format("/sys/class/net/{}/", device);
    auto written = write_text(folder + "napi_defer_hard_irqs", std::to_string(polls_in_vain_max));
    if (written) written = write_text(folder + "gro_flush_timeout", std::to_string(poll_interval_ns));
    ::umount2("/sys", 0);
    if (written) return {};
    return permanent_error(
        "cannot delay packets: this kernel has no netem (Debian's has), without which it takes root");
}

/// A veth device polls if it merges packets (GRO), and if those that come in are not merged already (TSO).
Result<void> poll_in_intervals(const char* device) {
    if (auto set = set_feature(device, ETHTOOL_SGRO, 1); set.has_error()) return set;
    if (auto set = set_feature(device, ETHTOOL_STSO, 0); set.has_error()) return set;
    return write_device_settings(device);
}

}  // namespace

Result<ShapedLink> ShapedLink::make() {
    if (auto found = require_programs(); found.has_error()) return found.error();
    if (auto entered = enter_own_namespaces(); entered.has_error()) return entered.error();
    auto near = own_network();
    if (near.has_error()) return near.error();
    if (::unshare(CLONE_NEWNET) != 0) return errno_error("cannot make a second network namespace", errno);
    auto far = own_network();
    if (far.has_error()) return far.error();
    if (::setns(near->get(), CLONE_NEWNET) != 0) return errno_error("cannot return to the first namespace", errno);
    ShapedLink link(*std::move(near), *std::move(far));
    if (auto joined = link.join_ends(); joined.has_error()) return joined.error();
    if (auto delayed = link.delay_packets(); delayed.has_error()) return delayed.error();
    return link;
}

std::string ShapedLink::far_path() const {
    return fmt::format("/proc/{}/fd/{}", ::getpid(), far_.get());
}

std::string ShapedLink::at_far_end() const {
    return fmt::format("nsenter --net={} ", far_path());
}

Result<void> ShapedLink::join_ends() const {
    const auto give_address = [](const char* device, const char* address) {
        return fmt::format("ip link set lo up && ip address add {1}/30 dev {0} && ip link set {0} up", device, address);
    };
    if (auto made =
            run(fmt::format("ip link add {} type veth peer name {} netns {}", near_device, far_device, far_path()));
        made.has_error())
        return made;
    if (auto given = run(give_address(near_device, near_address)); given.has_error()) return given;
    const InNamespace there(far_, near_);
    return run(give_address(far_device, far_address));
}

Result<void> ShapedLink::delay_packets() {
    netem_ = run(fmt::format("tc qdisc add dev {} root netem delay {}", near_device, netem_delay)).has_value();
    if (netem_) return {};
    if (auto delayed = poll_in_intervals(near_device); delayed.has_error()) return delayed;
    const InNamespace there(far_, near_);
    return poll_in_intervals(far_device);
}

Result<LinkSpeed> ShapedLink::limit(unsigned mbit_per_s) {
    const std::string limiter = netem_ ? fmt::format("netem delay {} rate {}mbit limit 10000", netem_delay, mbit_per_s)
                                       : fmt::format("tbf rate {}mbit burst 128kb latency 100ms", mbit_per_s);
    const auto limited = [&](const char* device) {
        return run(fmt::format("tc qdisc replace dev {} root {}", device, limiter));
    };
    if (auto near = limited(near_device); near.has_error()) return near.error();
    {
        const InNamespace there(far_, near_);
        if (auto far = limited(far_device); far.has_error()) return far.error();
    }
    const auto speed = probe_link(near_, far_, far_address, static_cast<std::uint64_t>(probe_s * 1e6 / 8 * mbit_per_s));
    if (speed.has_error()) return speed.error();
    if (speed->mbit_per_s > rate_tolerance * mbit_per_s || speed->round_trip_ms < round_trip_ms_min)
        return permanent_error(
            fmt::format("a link of {} Mbit/s carries {:.0f} Mbit/s, with a round trip of {:.2f} ms: "
                        "this kernel does not limit or delay it; Linux 5.17 or newer is needed",
                        mbit_per_s, speed->mbit_per_s, speed->round_trip_ms));
    return *speed;
}

}  // namespace emeth::bench
