#include "runtime/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "runtime/file_descriptor.hpp"

namespace emeth {
namespace {

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// Half of the interval that the watchdog allows between two signs of life.
std::optional<Milliseconds> watchdog_interval() {
    const std::string_view text = environment("WATCHDOG_USEC");
    std::int64_t microseconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), microseconds);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || microseconds < 2'000)
        return std::nullopt;
    return Milliseconds(microseconds / 2'000);
}

}  // namespace

bool notify_service_manager(std::string_view state) {
    const std::string_view path = environment("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof(address.sun_path)) return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') address.sun_path[0] = '\0';  // the abstract namespace
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return false;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const auto sent = ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                               reinterpret_cast<const sockaddr*>(&address), length);
    return sent == static_cast<ssize_t>(state.size());
}

Task<> keep_service_manager_informed(Clock& clock) {
    notify_service_manager("READY=1");
    const auto interval = watchdog_interval();
    if (!interval) co_return;
    for (;; co_await clock.sleep(*interval)) notify_service_manager("WATCHDOG=1");
}

}  // namespace emeth
