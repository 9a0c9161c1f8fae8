// Whether the node takes new JOBs. A drained one finishes what it has, and stays drained when it is started again.
#pragma once

#include <string_view>

#include "runtime/result.hpp"
#include "storage/notes.hpp"

namespace emeth::node {

/// What log, status and joblist say of it.
inline constexpr std::string_view drained_sentence =
    "the node is drained and takes no new JOB; `emeth drain --resume` ends that";

/// Blocks, as does set_drained().
Result<bool> is_drained(storage::Notes& notes);
/// Durable when it returns.
Result<void> set_drained(storage::Notes& notes, bool drained);

}  // namespace emeth::node
