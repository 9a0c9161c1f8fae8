// The settings of `emeth requester`: of what it asks for, how fast, and for how much.
#pragma once

#include "network/requester/mixed_requests.hpp"
#include "runtime/setting.hpp"

namespace emeth::network {

const SettingsTable<MixedRequestsOptions>& mix_settings();

}  // namespace emeth::network
