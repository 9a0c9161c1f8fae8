// Folders that a program's data lies in: nobody else may put anything there, or lead it elsewhere.
#pragma once

#include <filesystem>

#include "runtime/result.hpp"

namespace emeth {

/// An Error that names the folder and the remedy if it is a link, belongs to another user, or others may write to it.
Result<void> check_private_folder(const std::filesystem::path& folder);

/// Makes the folder, with mode 0700, and those above it if they do not exist, and checks it.
Result<void> open_private_folder(const std::filesystem::path& folder);

}  // namespace emeth
