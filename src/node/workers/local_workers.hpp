// `master --local-workers N`: workers on the master's own machine, as its child processes; one that exits is started
// again. Io thread only.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

struct LocalWorkersPorts {
    asio::any_io_executor executor;
    Clock& clock;
    Random& random;
};

struct LocalWorkersOptions {
    unsigned count = 0;          ///< 1 to LocalWorkers::count_max
    std::filesystem::path data;  ///< absolute; worker n has <data>/workers/<n> for key, settings and log
    std::string master_url;      ///< the URL that the workers dial
    Address master;              ///< the identity that they must find there
    std::map<std::string, std::string> settings;  ///< of each worker, by key
};

class LocalWorkers {
public:
    static constexpr unsigned count_max = 64;

    LocalWorkers(LocalWorkersPorts ports, LocalWorkersOptions options)
        : ports_(std::move(ports)), options_(std::move(options)) {}

    /// Writes the workers' settings and, at the first start, their keys. Returns their addresses.
    Result<std::vector<Address>> prepare();
    /// Keeps all of them running until cancelled, then ends them.
    Task<> run();

private:
    Task<> keep_running(unsigned number);

    LocalWorkersPorts ports_;
    LocalWorkersOptions options_;
    std::vector<std::optional<Address>> addresses_;  ///< of each, once prepared; none: its key cannot be read
};

}  // namespace emeth::node
