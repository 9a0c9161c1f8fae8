// How our Storage API names datasets. Their names stand on chain, where anybody may write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::api_client {

/// What an upload of a dataset in parts has in place of a result's extension. No dataset's name ends in it.
inline constexpr std::string_view dataset_upload_extension = ".dataset";

/// "<jobid>-<address>.txt": the uploader is part of the name, so that nobody can occupy the name of another's dataset.
std::string dataset_name(const JobId& job, const Address& uploader);
/// None for a name that dataset_name() does not produce, such as another server's.
std::optional<Address> uploader_of(std::string_view dataset);

}  // namespace emeth::api_client
