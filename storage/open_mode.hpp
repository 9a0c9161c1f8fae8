#pragma once

#include <cstdint>

namespace emeth::storage {

/// read_write: one process at a time; the folder is created if missing. read_only: may run alongside a process that
/// writes; nothing in the folder changes.
enum class OpenMode : std::uint8_t { read_write, read_only };

}  // namespace emeth::storage
