// Settings of a worker that are read again while it runs. Pure.
#pragma once

#include "runtime/reload.hpp"
#include "worker/settings.hpp"

namespace emeth::worker {

SettingTexts worker_setting_texts(const EnvConfig& config);

/// Log level, disk for states, and how long the worker waits before it takes something for hung: for what begins from
/// now on.
const ReloadTable<WorkerSettings>& reloaded_at_once();

}  // namespace emeth::worker
