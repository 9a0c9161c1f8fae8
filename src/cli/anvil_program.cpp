#include "cli/anvil_program.hpp"

#include <cstdlib>
#include <sstream>

#include "runtime/child_process.hpp"

namespace emeth::cli {

Result<std::filesystem::path> find_anvil(const std::string& chosen) {
    if (!chosen.empty()) {
        if (std::filesystem::exists(chosen)) return std::filesystem::absolute(chosen);
        return permanent_error("--anvil " + chosen + ": no such file");
    }
    // build/bin/emeth → the checkout
    const auto checkout = own_program_path().parent_path().parent_path().parent_path();
    const auto installed = checkout / "contracts" / "node_modules" / ".bin" / "anvil";
    if (std::filesystem::exists(installed)) return installed;
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (const auto found = std::filesystem::path(folder) / "anvil"; std::filesystem::exists(found)) return found;
    return permanent_error("anvil is missing: run ./emeth build, or name it with --anvil FILE");
}

}  // namespace emeth::cli
