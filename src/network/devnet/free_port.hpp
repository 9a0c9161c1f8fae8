// A TCP port on 127.0.0.1 that is currently free, for servers whose port others must know before they start.
#pragma once

#include <cstdint>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

Result<std::uint16_t> free_port(const asio::any_io_executor& executor);

}  // namespace emeth::network
