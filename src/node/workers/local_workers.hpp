// `master --local-workers N`: workers on the master's own machine as its child processes, started again when they end.
// Io thread only.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

class LocalWorkers {
public:
    static constexpr unsigned count_max = 64;

    /// Each worker has its own folder <data>/workers/<n> with its key, settings and log. `master_url`: where they dial;
    /// `master` is who must answer there.
    LocalWorkers(asio::any_io_executor executor, unsigned count, std::filesystem::path data, std::string master_url,
                 Address master, std::map<std::string, std::string> settings, Clock& clock, Random& random);

    /// Writes the workers' settings.
    Result<void> prepare();
    /// Keeps all of them running until cancelled, and then ends them.
    Task<> run();

private:
    Task<> keep_running(unsigned number);

    asio::any_io_executor executor_;
    unsigned count_;
    std::filesystem::path data_;
    std::string master_url_;
    Address master_;
    std::map<std::string, std::string> settings_;
    Clock& clock_;
    Random& random_;
};

}  // namespace emeth::node
