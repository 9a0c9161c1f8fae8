// systemd's service notifications (sd_notify(3)): readiness, and signs of life for its watchdog. Without NOTIFY_SOCKET
// in the environment nothing happens.
#pragma once

#include <string_view>

#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// Sends `state` ("READY=1"). False: there is no service manager, or it cannot be reached.
bool notify_service_manager(std::string_view state);

/// READY=1 now, then WATCHDOG=1 twice within each WATCHDOG_USEC, forever. It stops when the io thread hangs,
/// and systemd then restarts the service. Returns at once when there is no watchdog.
Task<> keep_service_manager_informed(Clock& clock);

}  // namespace emeth
