// At most one process per data folder.
#pragma once

#include <filesystem>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"

namespace emeth {

/// Holds `<folder>/lock` (flock) for as long as it lives; the file contains the holder's pid.
class FolderLock {
public:
    /// The folder must be private (runtime/private_folder.hpp). Waits up to `patience` (blocking) for the holder to
    /// release it. Error: "data folder /x is in use by process 123 (emeth master); stop it or choose another --data".
    static Result<FolderLock> acquire(const std::filesystem::path& folder, Milliseconds patience = Milliseconds(0));
    FolderLock(FolderLock&&) noexcept;
    FolderLock& operator=(FolderLock&&) noexcept;
    ~FolderLock();

private:
    explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace emeth
