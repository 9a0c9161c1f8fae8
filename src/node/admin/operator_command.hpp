// An operator's command: answered by the running master, or carried out here under the data folder's lock if none is
// running. Io thread only.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "crypto/private_key.hpp"
#include "node/core/config.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::node {

/// Settings and wallet, read only if no master answers.
struct OperatorSettings {
    NodeConfig config;
    crypto::PrivateKey key;
};

/// `method` and `params` as taken by AdminApi::handle(). Returns once everything is done; without a master, that
/// includes the confirmation of the transactions.
Task<Result<boost::json::value>> operator_command(asio::any_io_executor executor, std::filesystem::path data,
                                                  std::function<Result<OperatorSettings>()> settings,
                                                  std::string method, boost::json::object params);

}  // namespace emeth::node
