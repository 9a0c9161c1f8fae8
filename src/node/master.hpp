// The daemon: discovery, JOBs, workers, rewards and the admin socket over one data folder. Io thread only.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "crypto/private_key.hpp"
#include "node/core/config.hpp"
#include "node/core/reload.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::node {

struct MasterOptions {
    std::filesystem::path data;
    unsigned local_workers = 0;
    /// The settings' texts as the master was started, and how to read them again (on SIGHUP).
    SettingTexts setting_texts{};
    std::function<Result<ReadSettings>()> read_settings{};
};

/// Runs until cancelled or stopped over the admin socket. An Error before it runs names what is wrong with the
/// settings, folder, endpoint or wallet. With active JOBs, it waits for an endpoint that is down instead, because their
/// deposits are at stake.
Task<Result<void>> run_master(asio::any_io_executor executor, NodeConfig config, crypto::PrivateKey key,
                              MasterOptions options);

}  // namespace emeth::node
