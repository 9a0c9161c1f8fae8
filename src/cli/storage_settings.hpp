// The settings of the Storage API: what it takes in, how long it keeps that, and where.
#pragma once

#include <optional>
#include <string>

#include "cli/network_settings.hpp"
#include "network/storage_api/s3/s3_client.hpp"
#include "network/storage_api/storage_limits.hpp"
#include "runtime/setting.hpp"

namespace emeth::cli {

struct StorageSettings : ServerSettings, network::StorageLimits {
    std::string s3_endpoint, s3_region = "us-east-1", s3_bucket, s3_prefix;
    network::s3::Credentials s3_credentials;
};

const SettingsTable<StorageSettings>& storage_table();

/// None: the objects lie in the server's folder. An Error names the setting that is missing or wrong.
Result<std::optional<network::s3::S3Settings>> object_store_of(const StorageSettings& settings);

}  // namespace emeth::cli
